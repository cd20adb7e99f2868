use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::State;
use crate::domain::{Origin, ReturnTo, StateCookieDigest};
use crate::system::Timestamp;

/// What a site asks of the issuer. Travels sealed: the issuer takes nothing else from it.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) origin: Origin,
    pub(crate) path: ReturnTo,
    pub(crate) state: State,
    /// A form was posted that cannot be sent again.
    pub(crate) lost: bool,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Wire {
    origin: String,
    path: String,
    state: String,
    until: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    lost: bool,
}

impl Request {
    pub(crate) fn to_wire(&self) -> Wire {
        Wire {
            origin: self.origin.to_string(),
            path: self.path.as_str().to_owned(),
            state: URL_SAFE_NO_PAD.encode(self.state.digest.as_bytes()),
            until: self.state.until.as_millis(),
            lost: self.lost,
        }
    }

    pub(crate) fn from_wire(wire: &Wire) -> Option<Self> {
        let digest = URL_SAFE_NO_PAD.decode(&wire.state).ok()?.try_into().ok()?;
        let digest = StateCookieDigest::from_bytes(digest);
        Some(Self {
            origin: Origin::parse(&wire.origin).ok()?,
            path: ReturnTo::parse(&wire.path)?,
            state: State { digest, until: Timestamp::from_millis(wire.until) },
            lost: wire.lost,
        })
    }
}
