use std::net::IpAddr;
use std::sync::Arc;

use super::live::Live;
use super::outgoing::Outgoing;
use crate::gate::Caller;
use crate::system::Timestamp;

/// What may become of a request.
pub const DECISIONS: &[&str] = &[
    "none",
    "bad-request",
    "unknown-host",
    "no-site",
    "own",
    "preflight",
    "store-failed",
    "foreign-origin",
    "forward",
    "sign-in",
    "refused",
    "upstream-failed",
];

/// One request and its answer: what was found out on the way.
pub(super) struct Exchange {
    pub(super) live: Arc<Live>,
    pub(super) began: Timestamp,
    pub(super) client: Option<IpAddr>,
    /// The site that the request goes on to, by its place in the map.
    pub(super) site: Option<usize>,
    pub(super) caller: Caller,
    /// Whether only a signed-in person may see the answer.
    pub(super) privately: bool,
    /// For the access log and the metrics: what became of the request, one of [`DECISIONS`].
    pub(super) decision: &'static str,
    /// When the app was asked.
    pub(super) asked: Timestamp,
    pub(super) outgoing: Outgoing,
}

impl Exchange {
    pub(super) fn new(live: Arc<Live>, began: Timestamp) -> Self {
        Self {
            live,
            began,
            client: None,
            site: None,
            caller: Caller::Nobody,
            privately: false,
            decision: "none",
            asked: began,
            outgoing: Outgoing::default(),
        }
    }
}
