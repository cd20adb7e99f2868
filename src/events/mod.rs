//! What happened, as one enum, and the sink that everything which tells of it is joined behind.
//! Decides nothing and keeps nothing.
mod log;
mod ration;

use std::fmt::Display;
use std::sync::Arc;

use crate::domain::{AttemptId, GrantId, Host, PhoneNumber, SessionId, UserId};

pub use log::{Log, LogFormat};

/// Something that an operator, a metric or an audit may want to know.
///
/// Holds no code, no token and no whole telephone number: `PhoneNumber` prints its last digits.
#[derive(Debug)]
pub enum Event<'a> {
    /// A number was posted: a new attempt, or the same one once more.
    CodeRequested {
        attempt: AttemptId,
        phone: &'a PhoneNumber,
        again: bool,
    },
    /// A provider took the text.
    TextSent {
        attempt: AttemptId,
        provider: &'a str,
        message: &'a str,
    },
    /// A provider did not take the text; empty: it did not come to asking one.
    TextFailed {
        attempt: AttemptId,
        provider: &'a str,
        reason: &'a str,
    },
    /// The attempt was over before its text was sent.
    TextDropped {
        attempt: AttemptId,
    },
    /// The number is no user's, and only users are texted.
    TextWithheld {
        attempt: AttemptId,
    },
    /// The queue of texts is full.
    QueueFull {
        attempt: AttemptId,
    },
    WrongCode {
        attempt: AttemptId,
        tries_left: u8,
    },
    /// A code was typed for an attempt that is over; `why` says how it ended.
    DeadCode {
        attempt: Option<AttemptId>,
        why: &'static str,
    },
    SignedIn {
        attempt: AttemptId,
        user: UserId,
        session: SessionId,
        new_user: bool,
    },
    /// The right code came, but the user is blocked.
    BlockedUser {
        attempt: AttemptId,
        user: UserId,
    },
    /// The right code came, but nobody with that number is a user any more.
    UnknownUser {
        attempt: AttemptId,
    },
    /// A session that began at the issuer goes on at a site on another host.
    HandedOver {
        user: UserId,
        session: SessionId,
        host: &'a Host,
    },
    /// A ticket let nobody in at `host`; `why` says what was wrong with it.
    TicketRefused {
        host: &'a Host,
        why: &'static str,
    },
    SignedOut {
        user: UserId,
        session: SessionId,
    },
    /// A client, or who says to be one, does not get what it asks for.
    ClientRefused {
        /// One of the configuration; `None`: there is no such, or it is not known which.
        client: Option<&'a str>,
        /// A path of ours, or the name of a site.
        at: &'a str,
        /// The code that it is told (RFC 6749 §5.2 and others).
        error: &'static str,
        why: &'a str,
        /// The origin, URL or audience that the configuration does not list, cut to what is no
        /// secret.
        named: Option<&'a str>,
    },
    /// A client was given tokens; `grant`: by which way, as in its `grants`.
    TokensGiven {
        client: &'a str,
        grant: &'static str,
    },
    /// What may come once came twice: two hold it. All that its login gave is revoked, `grant`.
    Reused {
        what: &'static str,
        client: &'a str,
        grant: GrantId,
    },
    /// A client gave a grant back.
    GrantRevoked {
        client: &'a str,
        grant: GrantId,
    },
    /// There was too much of something: a row of the table of limits refused.
    Limited {
        limit: &'static str,
        /// Until there is room again.
        seconds: u64,
    },
    /// A store did not answer; what needed it was refused.
    StoreFailed {
        doing: &'static str,
        reason: &'a str,
    },
}

/// Receives events.
pub trait Sink: Send + Sync {
    fn record(&self, event: &Event<'_>);

    /// Records that a store operation failed. Call it once per failure: where the operation was
    /// started, not where the error is passed on.
    fn store_failed(&self, doing: &'static str, error: &dyn Display) {
        self.record(&Event::StoreFailed { doing, reason: &error.to_string() });
    }
}

/// Several sinks as one.
pub struct Sinks(pub Vec<Arc<dyn Sink>>);

impl Sink for Sinks {
    fn record(&self, event: &Event<'_>) {
        self.0.iter().for_each(|sink| sink.record(event));
    }
}
