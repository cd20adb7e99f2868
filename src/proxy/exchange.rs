use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use pingora::Result;
use pingora_proxy::Session;

use super::bridge;
use super::live::Live;
use super::outgoing::Outgoing;
use crate::gate::{Caller, Site};
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
    "bad-token",
    "foreign-origin",
    "forward",
    "sign-in",
    "refused",
    "too-large",
    "session-over",
    "upstream-failed",
];

/// One request and its answer: what was found out on the way.
pub(super) struct Exchange {
    pub(super) live: Arc<Live>,
    pub(super) began: Timestamp,
    pub(super) client: Option<IpAddr>,
    /// Whether the head says what Pingora read in it.
    pub(super) as_read: bool,
    /// The site that the request goes on to, by its place in the map.
    pub(super) site: Option<usize>,
    pub(super) caller: Caller,
    /// Bytes of the request's body so far.
    pub(super) received: u64,
    /// Whether only the caller may see the answer.
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
            as_read: false,
            site: None,
            caller: Caller::Nobody,
            received: 0,
            privately: false,
            decision: "none",
            asked: began,
            outgoing: Outgoing::default(),
        }
    }

    /// The site that the request goes on to.
    pub(super) fn site(&self) -> Option<&Site> {
        self.live.map.sites().get(self.site?)
    }
}

/// Sends an answer of ours, with what every answer carries.
pub(super) async fn send(
    session: &mut Session,
    mut answer: Response<Bytes>,
    ctx: &Exchange,
) -> Result<()> {
    ctx.outgoing.write_ours(answer.headers_mut());
    bridge::send(session, answer).await
}
