//! Why tokens are not accepted, of either kind. For the log; their senders get no detail.
use crate::oauth::InvalidToken;
use crate::store::StoreError;

/// Why a token of ours is not accepted. The text holds no part of the token: not even its client is
/// proved.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefusal {
    #[error("there are two Authorization headers, or the token is longer than any of ours")]
    Malformed,
    #[error("the token {0}")]
    Invalid(#[from] InvalidToken),
    #[error("the token is for another site, or its client may not ask for one any more")]
    WrongAudience,
    #[error("the session or grant of the token has ended, or its user is blocked")]
    Ended,
    #[error("the personal access token {0}")]
    Personal(#[from] InvalidPersonalToken),
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Why a personal access token is not accepted. The text holds no part of it.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidPersonalToken {
    #[error(
        "is not whole, or does not stand where it belongs: it is the password of Basic, or a Bearer"
    )]
    Malformed,
    #[error("was not made here")]
    Forged,
    #[error("is for another site")]
    OtherSite,
    #[error("is for a site that takes none any more (personal_access_tokens)")]
    SwitchedOff,
    #[error("has expired or was ended, or its user is blocked")]
    Ended,
}
