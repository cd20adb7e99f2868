//! What a connection is doing: set by the proxy, read by the stream around it.
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use http::Version;
use pingora::{Error, ErrorType, Result};
use pingora_core::protocols::Digest;

use super::budget::BodyBudget;
use super::pace::Pace;
use super::tls::ClientCertificate;
use crate::domain::Peer;

/// The state of a connection, set by the proxy and read by the stream.
#[derive(Debug)]
pub(super) struct Connection {
    state: AtomicU8,
    /// `None`: not known, since it is gone already.
    peer: Option<Peer>,
    /// `None`: the client was not asked for one.
    certificate: Option<ClientCertificate>,
    /// HTTP/1: how long the app may send nothing, milliseconds; 0: no limit.
    app_timeout: AtomicU32,
    budget: Arc<BodyBudget>,
    /// `server.least_rate`, bytes a second.
    least_rate: u64,
    /// How long the client's socket has taken nothing, in all, milliseconds.
    blocked: AtomicU64,
}

pub(super) const IDLE: u8 = 0;
pub(super) const HEAD: u8 = 1;
/// A request that has come whole: all that is left is its answer.
pub(super) const REQUEST: u8 = 2;
/// HTTP/2: heads and bodies of several requests interleave. After the first head, Pingora's idle
/// timeout and its limit for a head's length apply.
pub(super) const STREAMS: u8 = 3;
/// A request whose body is not complete.
pub(super) const BODY: u8 = 4;
/// A request for a protocol switch: the client's end is the end of both directions.
const SWITCH: u8 = 5;

impl Connection {
    pub(super) fn new(
        peer: Option<Peer>,
        certificate: Option<ClientCertificate>,
        budget: Arc<BodyBudget>,
        least_rate: u64,
    ) -> Self {
        let (state, app_timeout) = (AtomicU8::new(HEAD), AtomicU32::new(0));
        let blocked = AtomicU64::new(0);
        Self { state, peer, certificate, app_timeout, budget, least_rate, blocked }
    }

    /// What the client of a request was asked for.
    pub(super) fn certificate_of(digest: Option<&Digest>) -> Option<ClientCertificate> {
        Self::of(digest)?.certificate
    }

    /// Whom the connection of a request is with.
    ///
    /// # Errors
    /// When that is not known.
    pub(super) fn peer_of(digest: Option<&Digest>) -> Result<Peer> {
        let peer = Self::of(digest).and_then(|connection| connection.peer);
        peer.ok_or_else(|| Error::explain(ErrorType::InternalError, "no peer"))
    }

    /// The client's socket has taken nothing for this long.
    pub(super) fn was_blocked(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.blocked.fetch_add(millis, Ordering::Relaxed);
    }

    /// How long it has taken nothing, in all.
    pub(super) fn blocked(&self) -> Duration {
        Duration::from_millis(self.blocked.load(Ordering::Relaxed))
    }

    /// What requests and answers of the connection hold.
    pub(super) fn budget(&self) -> Arc<BodyBudget> {
        Arc::clone(&self.budget)
    }

    /// HTTP/1: limit of the next read of a body, bytes.
    pub(super) fn next_read(&self) -> usize {
        self.budget.next_read_alone()
    }

    /// The time that a client has for one direction of a request.
    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.least_rate)
    }

    /// A request's head is complete: its deadline ends. `sends_body`: the client sends a body, and does
    /// not wait for a sign to.
    pub(super) fn head_complete(&self, version: Version, sends_body: bool) {
        let now = match version {
            Version::HTTP_2 => STREAMS,
            _ if sends_body => BODY,
            _ => REQUEST,
        };
        self.app_timeout.store(0, Ordering::Release);
        self.state.store(now, Ordering::Release);
    }

    /// Starts the wait for an app, which may send nothing for `app_timeout`. `false`: several requests
    /// share the connection, and the caller must bound the wait.
    pub(super) fn await_app(&self, app_timeout: Duration) -> bool {
        // A longer time is no limit in practice.
        let millis = u32::try_from(app_timeout.as_millis()).unwrap_or(u32::MAX);
        self.app_timeout.store(millis, Ordering::Release);
        matches!(self.state(), REQUEST | BODY)
    }

    /// A part of a request's body came, and it is not the last.
    pub(super) fn body_begins(&self) {
        self.change(REQUEST, BODY);
    }

    /// The body of a request is complete: what the client does is not waited for any more.
    pub(super) fn body_complete(&self) {
        self.change(BODY, REQUEST);
    }

    /// The request asks an app for a protocol switch. What Pingora takes for its body is what comes after
    /// the switch, and may wait for ever.
    pub(super) fn switches(&self) {
        let _ = self.change(REQUEST, SWITCH) || self.change(BODY, SWITCH);
    }

    /// Whether a client that has sent its end may still wait for an answer.
    pub(super) fn may_be_half_closed(&self) -> bool {
        self.state() == REQUEST
    }

    /// A request is finished: the next byte begins another head.
    pub(super) fn request_finished(&self) {
        self.body_complete();
        // No other state ends with a request.
        let _ = self.change(REQUEST, IDLE) || self.change(SWITCH, IDLE);
    }

    fn change(&self, from: u8, to: u8) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    pub(super) fn state(&self) -> u8 {
        self.state.load(Ordering::Acquire)
    }

    /// HTTP/1: how long the app may send nothing; `None`: no limit.
    pub(super) fn app_timeout(&self) -> Option<Duration> {
        let millis = self.app_timeout.load(Ordering::Acquire);
        (millis > 0).then(|| Duration::from_millis(millis.into()))
    }

    /// A byte was read. Returns whether it begins a head.
    pub(super) fn begins_head(&self) -> bool {
        self.change(IDLE, HEAD)
    }

    /// The connection that a request came on.
    pub(super) fn of(digest: Option<&Digest>) -> Option<&Arc<Self>> {
        let proxied = digest?.proxy_digest.as_deref()?;
        proxied.user_data.as_ref()?.downcast_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::Version;

    use super::{Connection, IDLE, SWITCH};

    /// Pingora takes what follows an upgrade for a body, and a client has a minute to send one.
    #[test]
    fn a_request_for_a_switch_is_not_waited_for_as_one_that_sends_a_body() {
        for sends_body in [false, true] {
            let connection = Connection::new(None, None, Arc::default(), 240);
            connection.head_complete(Version::HTTP_11, sends_body);
            connection.switches();
            connection.body_begins();
            assert_eq!(connection.state(), SWITCH, "{sends_body}");
            connection.request_finished();
            assert_eq!(connection.state(), IDLE, "{sends_body}");
        }
    }
}
