//! Signing in on a site whose host is not the issuer's: the site asks with one sealed text, the
//! issuer answers with a ticket. Knows nothing of how people prove who they are.
mod issuer;
mod request;
mod site;

use super::Web;
use crate::domain::{Origin, StateCookieDigest};
use crate::events::Event;
use crate::store::StoreError;
use crate::system::Timestamp;

pub(crate) use site::{arrived, callback};

/// What ties a hand-over to the browser that asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// The digest of a cookie that the site gave the browser.
    pub(crate) digest: StateCookieDigest,
    /// Until then the browser has that cookie.
    pub(crate) until: Timestamp,
}

impl Web {
    /// Whether an origin cannot see the issuer's session. Cookies belong to hosts: another port
    /// sees it.
    pub(crate) fn is_elsewhere(&self, origin: &Origin) -> bool {
        origin.host() != self.map.issuer().origin().host()
    }

    pub(crate) fn store_failed(&self, doing: &'static str, error: &StoreError) {
        let reason = error.to_string();
        self.events.record(&Event::StoreFailed { doing, reason: &reason });
    }
}
