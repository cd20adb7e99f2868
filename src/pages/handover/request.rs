use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::domain::{Origin, ReturnTo, StateCookieDigest};
use crate::pages::flow::HandoverState;
use crate::pages::views::Lost;
use crate::system::Timestamp;

/// What a site asks of the issuer. Travels sealed: the issuer accepts nothing else.
#[derive(Debug)]
pub(super) struct HandoverRequest {
    pub(super) origin: Origin,
    pub(super) path: ReturnTo,
    pub(super) state: HandoverState,
    /// What is not repeated after the login.
    pub(super) lost: Option<Lost>,
    /// Only a login after this will do.
    pub(super) since: Option<Timestamp>,
    /// The language that was chosen at the site, as its cookie has it.
    pub(super) language: Option<String>,
}

/// A [`HandoverRequest`] as it is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct SealedRequest {
    origin: String,
    path: String,
    state: String,
    until: i64,
    /// As in the address of the sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lost: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
}

impl HandoverRequest {
    pub(super) fn to_sealed(&self) -> SealedRequest {
        SealedRequest {
            origin: self.origin.to_string(),
            path: self.path.as_str().to_owned(),
            state: URL_SAFE_NO_PAD.encode(self.state.digest.as_bytes()),
            until: self.state.until.as_millis(),
            lost: self.lost.map(|lost| lost.as_param().to_owned()),
            since: self.since.map(Timestamp::as_millis),
            language: self.language.clone(),
        }
    }

    pub(super) fn from_sealed(sealed: &SealedRequest) -> Option<Self> {
        let digest = URL_SAFE_NO_PAD.decode(&sealed.state).ok()?.try_into().ok()?;
        let digest = StateCookieDigest::from_bytes(digest);
        Some(Self {
            origin: Origin::parse(&sealed.origin).ok()?,
            path: ReturnTo::parse(&sealed.path)?,
            state: HandoverState { digest, until: Timestamp::from_millis(sealed.until) },
            lost: sealed.lost.as_deref().and_then(Lost::from_param),
            since: sealed.since.map(Timestamp::from_millis),
            language: sealed.language.clone(),
        })
    }
}
