use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{EXPECT, UPGRADE};
use pingora::{Error, Result};
use pingora_proxy::Session;

use super::answer_headers::AnswerHeaders;
use super::body_flow::BodyFlow;
use super::connection::Connection;
use super::decision::DecisionLabel;
use super::drain::DrainSignal;
use super::exchanges::ExchangeSlot;
use super::failure::TOO_LARGE;
use super::head;
use super::pace::GRACE;
use super::snapshot::ConfigSnapshot;
use super::tls::ClientCertificate;
use super::upstream::Chosen;
use crate::gate::{Caller, Site};
use crate::system::Timestamp;

/// The state of one request and its answer.
pub(super) struct Exchange {
    /// The configuration as it was when the request began.
    pub(super) snapshot: Arc<ConfigSnapshot>,
    pub(super) started: Timestamp,
    pub(super) client: Option<IpAddr>,
    /// What the connection's client was asked for.
    pub(super) certificate: Option<ClientCertificate>,
    /// Whether the raw head is what Pingora parsed, see [`super::head::matches_parsed`].
    pub(super) head_matches: bool,
    /// Whether another proxy asks about the request, and will forward it.
    pub(super) is_asked_about: bool,
    /// The site that the request is for: its index in [`crate::gate::SiteMap::sites`].
    pub(super) site: Option<usize>,
    pub(super) caller: Caller,
    /// Bytes of the request's body so far.
    pub(super) received: u64,
    /// Whether the answer depends on the caller, so that shared caches must not store it.
    pub(super) private: bool,
    pub(super) decision: DecisionLabel,
    /// What it would have been if the site did more than report.
    pub(super) would: Option<DecisionLabel>,
    /// When the request was last handed to an upstream.
    pub(super) forwarded: Timestamp,
    /// The app's address that the request was last sent to.
    pub(super) chosen: Option<Chosen>,
    /// The same as text, where it failed this request or one before.
    pub(super) upstream: Option<String>,
    pub(super) answer_headers: AnswerHeaders,
    /// Counts the exchange. `None`: it is refused, or not looked at yet.
    pub(super) slot: Option<ExchangeSlot>,
    /// Of a request that goes to an app.
    pub(super) flow: Option<BodyFlow>,
}

impl Exchange {
    pub(super) fn new(snapshot: Arc<ConfigSnapshot>, now: Timestamp) -> Self {
        Self {
            snapshot,
            started: now,
            client: None,
            certificate: None,
            head_matches: false,
            is_asked_about: false,
            site: None,
            caller: Caller::Nobody,
            received: 0,
            private: false,
            decision: DecisionLabel::None,
            would: None,
            forwarded: now,
            chosen: None,
            upstream: None,
            answer_headers: AnswerHeaders::default(),
            slot: None,
            flow: None,
        }
    }

    /// The site that the request is for.
    pub(super) fn site(&self) -> Option<&Site> {
        self.snapshot.map.sites().get(self.site?)
    }

    /// What ends long-lived requests of the site before their time.
    pub(super) fn site_end(&self) -> Arc<DrainSignal> {
        let ends = &self.snapshot.site_ends;
        self.site.and_then(|site| ends.get(site)).map(Arc::clone).unwrap_or_default()
    }

    /// Whether the app has an address other than the one that was chosen.
    pub(super) fn has_alternatives(&self) -> bool {
        let pools = &self.snapshot.pools;
        self.site.is_some_and(|site| pools.has_alternatives(site, self.chosen.as_ref()))
    }

    /// Counts a part of the request's body, which may come without a declared length.
    ///
    /// # Errors
    /// When there is more than the site accepts.
    pub(super) fn count_body(&mut self, part: Option<&Bytes>) -> Result<()> {
        self.received += part.map_or(0, |part| part.len() as u64);
        let limit = self.site().map(|site| site.upstream_options.max_body);
        if limit.is_some_and(|limit| self.received > limit) {
            return Error::e_explain(TOO_LARGE, "the body of the request is too long");
        }
        Ok(())
    }
}

/// At a request's start: lets HTTP/1 clients send bytes before the answer. Without pipelining,
/// Pingora ends the request when they do. Bytes before a protocol switch were sent without knowing
/// whether it will happen, and stay refused.
pub(super) fn accept_early_bytes(session: &mut Session) {
    let switches = session.req_header().headers.contains_key(UPGRADE);
    session.as_downstream_mut().set_pipelining_enabled(!switches);
}

/// An HTTP/1.0 client knows no informational answers and can expect none (RFC 9110 §10.1.1, §15.2).
pub(super) fn send_no_informational_answers(session: &mut Session) {
    session.req_header_mut().remove_header(&EXPECT);
    session.as_downstream_mut().set_ignore_info_resp(true);
}

/// At a request's end: a second request that came too early is not looked at; the connection is
/// closed (RFC 9112 §9.3.2).
pub(super) fn refuse_early_request(session: &mut Session) {
    session.as_downstream_mut().set_pipelining_enabled(false);
}

/// Sets up a connection and session for a request whose head has come.
pub(super) fn begin(session: &mut Session) {
    head::ignore_other_protocols(session.req_header_mut());
    let has_body = !session.as_mut().is_body_empty();
    let request = session.req_header();
    let sends_body = has_body && !request.headers.contains_key(EXPECT);
    let version = request.version;
    if let Some(connection) = Connection::of(session.digest()) {
        connection.head_complete(version, sends_body);
    }
    accept_early_bytes(session);
    // The connection knows what is waited for; Pingora's minute would end a websocket that is silent.
    session.set_read_timeout(None);
    if version == http::Version::HTTP_10 {
        send_no_informational_answers(session);
    }
    if version == http::Version::HTTP_2 {
        // HTTP/1 writes are bounded by the connection, which cannot tell streams apart.
        session.set_write_timeout(Some(GRACE));
    }
}
