use std::net::IpAddr;
use std::sync::Arc;

use super::live::Live;
use crate::gate::{Caller, Site};
use crate::system::Timestamp;
use crate::web::Reference;

/// One request and its answer: what was found out on the way.
pub(super) struct Exchange {
    pub(super) live: Arc<Live>,
    pub(super) began: Timestamp,
    pub(super) client: Option<IpAddr>,
    /// The site that the request goes on to, by its place in the map.
    pub(super) site: Option<usize>,
    pub(super) caller: Caller,
    /// Bytes of the request's body so far.
    pub(super) received: u64,
    /// Whether only a signed-in person may see the answer.
    pub(super) privately: bool,
    /// For the access log: what became of the request.
    pub(super) decision: &'static str,
    /// What an error page told the person to quote.
    pub(super) reference: Option<String>,
}

impl Exchange {
    pub(super) fn new(live: Arc<Live>, began: Timestamp) -> Self {
        Self {
            live,
            began,
            client: None,
            site: None,
            caller: Caller::Nobody,
            received: 0,
            privately: false,
            decision: "none",
            reference: None,
        }
    }

    /// The site that the request goes on to.
    pub(super) fn site(&self) -> Option<&Site> {
        self.live.map.sites().get(self.site?)
    }

    /// Keeps the reference that an answer quotes, so that the access line has it beside the cause.
    pub(super) fn note_reference<B>(&mut self, answer: &http::Response<B>) {
        self.reference = answer.extensions().get::<Reference>().map(|told| told.0.clone());
    }
}
