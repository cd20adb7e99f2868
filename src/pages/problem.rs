use http::{HeaderValue, StatusCode};

use super::views::LimitMessage;
use crate::domain::{AttemptReference, PhoneNumber};

/// `Retry-After` when a store failed, in seconds.
pub(crate) const RETRY_AFTER_FAILURE: u64 = 5;

/// `WWW-Authenticate` for a token that is not accepted (RFC 6750 §3.1).
pub(crate) const INVALID_TOKEN_CHALLENGE: &str = "Bearer error=\"invalid_token\"";

/// Why a request is refused or fails. Determines status, page and body of the answer.
#[derive(Clone, Debug)]
pub enum Problem {
    BadRequest,
    /// An application sent a request that is refused: why, for its developers.
    Application(&'static str),
    UnknownHost,
    NotFound,
    MethodNotAllowed,
    /// The head of the request is too long.
    HeadTooLarge,
    /// The body of the request is too long.
    TooLarge,
    TooSlow,
    /// Signed in, but the rule does not admit this user.
    Denied {
        phone: PhoneNumber,
        /// Of the attempt whose code was right.
        reference: Option<AttemptReference>,
    },
    /// The access token is invalid or not for this audience.
    InvalidToken,
    /// The personal access token is not accepted. With the challenge for a program.
    InvalidPersonalToken(Option<HeaderValue>),
    /// The access token is valid, but the rule does not admit its holder.
    TokenDenied,
    /// The rule does not admit this network.
    Network,
    /// The site asks for a client certificate, and none was shown.
    NoCertificate,
    /// The connection was made for another name, and asked for no certificate of this site's.
    Misdirected,
    /// A request from a page of another origin.
    Foreign,
    /// A limit was reached. `key` names it; it may be tried again after `seconds`.
    Limited {
        limit: LimitMessage,
        key: &'static str,
        seconds: u64,
        /// Of the attempt that it refused.
        reference: Option<AttemptReference>,
    },
    /// A store failed.
    Unavailable,
    Internal,
    /// The app cannot be reached. `retry`: the request may be sent again as it was.
    UpstreamDown {
        retry: bool,
    },
    UpstreamSlow {
        retry: bool,
    },
}

impl Problem {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest | Self::Application(_) => StatusCode::BAD_REQUEST,
            Self::InvalidToken | Self::InvalidPersonalToken(_) => StatusCode::UNAUTHORIZED,
            Self::UnknownHost | Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Denied { .. }
            | Self::TokenDenied
            | Self::Network
            | Self::NoCertificate
            | Self::Foreign => StatusCode::FORBIDDEN,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::UpstreamDown { .. } => StatusCode::BAD_GATEWAY,
            Self::UpstreamSlow { .. } => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// The value of `Retry-After`, in seconds.
    pub(super) const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Limited { seconds, .. } => Some(*seconds),
            Self::Unavailable => Some(RETRY_AFTER_FAILURE),
            _ => None,
        }
    }

    /// The challenge (RFC 6750 §3): what is wrong with the token that was sent.
    pub(super) fn challenge(&self) -> Option<HeaderValue> {
        match self {
            Self::InvalidPersonalToken(Some(challenge)) => Some(challenge.clone()),
            Self::InvalidToken | Self::InvalidPersonalToken(None) => {
                Some(HeaderValue::from_static(INVALID_TOKEN_CHALLENGE))
            }
            _ => None,
        }
    }

    /// The reference of the attempt that it ended, as it is shown.
    pub(super) fn attempt(&self) -> Option<String> {
        match self {
            Self::Denied { reference, .. } | Self::Limited { reference, .. } => {
                reference.map(AttemptReference::in_groups)
            }
            _ => None,
        }
    }

    /// Whether only programs meet it, which read no page.
    pub(super) const fn is_for_programs(&self) -> bool {
        matches!(self, Self::InvalidToken | Self::InvalidPersonalToken(_) | Self::TokenDenied)
    }
}
