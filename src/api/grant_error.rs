//! How a [`GrantError`] is answered: the one table for every endpoint that issues, checks or
//! revokes tokens. Decides nothing: `oauth` does.
use std::borrow::Cow;

use http::StatusCode;

use super::error::{ApiError, Challenge};
use crate::oauth::GrantError;

/// Auth0's mobile SDKs compare it byte for byte.
const INVALID_REFRESH_TOKEN: &str = "Unknown or invalid refresh token.";
const INVALID_CODE: &str = "Invalid authorization code";
/// Auth0's browser SDK looks for these words and then signs its user out.
const BLOCKED: &str = "user is blocked";

/// Status, `error` and `error_description`.
pub(super) fn answer(why: &GrantError) -> (StatusCode, &'static str, Cow<'static, str>) {
    let (bad, forbidden) = (StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN);
    match why {
        GrantError::UnknownCode
        | GrantError::ExpiredCode
        | GrantError::ReusedCode
        | GrantError::WrongClient
        | GrantError::RedirectUriMismatch { .. }
        | GrantError::SessionEnded => (forbidden, "invalid_grant", INVALID_CODE.into()),
        GrantError::PkceFailed => {
            (forbidden, "invalid_grant", "Failed to verify code verifier".into())
        }
        GrantError::UnknownRefreshToken
        | GrantError::RefreshTokenEnded
        | GrantError::ReusedRefreshToken
        | GrantError::LostAudience => (forbidden, "invalid_grant", INVALID_REFRESH_TOKEN.into()),
        GrantError::UserBlocked => (forbidden, "invalid_grant", BLOCKED.into()),
        GrantError::InvalidScope(why) => (bad, "invalid_scope", format!("scope {why}").into()),
        GrantError::UnknownAudience(audience) => {
            (forbidden, "access_denied", format!("Service not found: {audience}").into())
        }
        GrantError::UnknownResource(resource) => {
            (bad, "invalid_target", format!("Unknown resource: {resource}").into())
        }
        GrantError::OtherAudience(audience) => {
            let text = format!("The refresh token is not for the audience {audience}");
            (bad, "invalid_target", text.into())
        }
        GrantError::InactiveToken => {
            (StatusCode::UNAUTHORIZED, "invalid_token", "Unauthorized".into())
        }
        GrantError::Signing(_) | GrantError::Store(_) => ApiError::UNAVAILABLE,
    }
}

/// What the configuration does not list, for the log.
pub(super) fn named(why: &GrantError) -> Option<&str> {
    match why {
        GrantError::RedirectUriMismatch { given, .. } => Some(given),
        GrantError::UnknownAudience(named) | GrantError::UnknownResource(named) => Some(named),
        _ => None,
    }
}

impl From<GrantError> for ApiError {
    fn from(why: GrantError) -> Self {
        let (status, error, description) = answer(&why);
        let refused = Self::new(status, error, description).because(why.reason());
        let refused = match (&why, named(&why)) {
            (GrantError::RedirectUriMismatch { given, asked }, _) => {
                refused.naming_other(given, asked)
            }
            (_, Some(text)) => refused.naming(text),
            (_, None) => refused,
        };
        match why {
            GrantError::InactiveToken => refused.with_challenge(Challenge::Bearer),
            _ => refused,
        }
    }
}
