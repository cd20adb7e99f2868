use std::error::Error;
use std::fmt;

use crate::domain::InvalidScope;
use crate::oauth::keys::SigningError;
use crate::store::StoreError;

/// Why a client is given nothing. What the caller is answered depends on the protocol that it
/// speaks, and is decided there.
#[derive(Debug)]
pub enum GrantError {
    UnknownCode,
    ExpiredCode,
    /// Everything that its first redemption gave is revoked (RFC 6749 §4.1.2).
    ReusedCode,
    /// The code was issued to another client.
    WrongClient,
    RedirectUriMismatch {
        given: String,
        /// That of the request to `/authorize`.
        asked: String,
    },
    /// The verifier is missing, wrong or unexpected (RFC 7636 §4.6).
    PkceFailed,
    /// No refresh token of ours, or not one of this client's.
    UnknownRefreshToken,
    RefreshTokenEnded,
    /// The grant is revoked (RFC 9700 §4.14.2).
    ReusedRefreshToken,
    InvalidScope(InvalidScope),
    /// Not one that the client is configured with; cut to what may be repeated.
    UnknownAudience(String),
    /// A `resource` that is none of the client's, not that of the login, or not the `audience` of the
    /// same request (RFC 8707 §2); cut to what may be repeated.
    UnknownResource(String),
    /// A refresh token is for the audience of its login and for no other (RFC 8707 §2.2).
    OtherAudience(String),
    /// The client is not configured with the audience of its grant any more.
    LostAudience,
    UserBlocked,
    SessionEnded,
    /// The access token is not valid here and now (RFC 6750 §3.1, `invalid_token`).
    InactiveToken,
    Signing(SigningError),
    Store(StoreError),
}

impl GrantError {
    /// Whether the client presented something that it was never given, as somebody does who guesses.
    pub const fn is_guess(&self) -> bool {
        matches!(
            self,
            Self::UnknownCode
                | Self::WrongClient
                | Self::RedirectUriMismatch { .. }
                | Self::PkceFailed
                | Self::UnknownRefreshToken
        )
    }

    /// The reason for the operator's log. Never repeats what a caller sent.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownCode => "there is no such code",
            Self::ExpiredCode => "the code has expired",
            Self::ReusedCode => "the code came twice",
            Self::WrongClient => "the code is another client's",
            Self::RedirectUriMismatch { .. } => "redirect_uri is not that of /authorize",
            Self::PkceFailed => "code_verifier does not match the code_challenge of /authorize",
            Self::UnknownRefreshToken => "Unknown or invalid refresh token",
            Self::RefreshTokenEnded => {
                "the refresh token has expired, was revoked, or its session ended"
            }
            Self::ReusedRefreshToken => "the refresh token came twice",
            Self::InvalidScope(_) => "the scope cannot be read",
            Self::UnknownAudience(_) => "the audience is none of the client's",
            Self::UnknownResource(_) => {
                "the resource is none of the client's, or not the one granted"
            }
            Self::OtherAudience(_) => "the audience is not that of the refresh token",
            Self::LostAudience => {
                "the client is not configured with the audience of the refresh token any more"
            }
            Self::UserBlocked => "user is blocked",
            Self::SessionEnded => "the session has ended",
            Self::InactiveToken => "the access token is missing, not for /userinfo, or not active",
            Self::Signing(_) => "signing failed",
            Self::Store(_) => "the store failed",
        }
    }
}

impl fmt::Display for GrantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl Error for GrantError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::InvalidScope(why) => Some(why),
            Self::Signing(why) => Some(why),
            Self::Store(why) => Some(why),
            _ => None,
        }
    }
}

impl From<InvalidScope> for GrantError {
    fn from(why: InvalidScope) -> Self {
        Self::InvalidScope(why)
    }
}

impl From<SigningError> for GrantError {
    fn from(why: SigningError) -> Self {
        Self::Signing(why)
    }
}

impl From<StoreError> for GrantError {
    fn from(why: StoreError) -> Self {
        Self::Store(why)
    }
}
