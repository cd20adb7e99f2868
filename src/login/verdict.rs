use super::attempt::DeadReason;
use super::limits::RateLimited;
use super::service::Login;
use crate::domain::{AttemptId, PhoneNumber, SessionId, UserId};
use crate::events::Event;
use crate::session::SessionToken;
use crate::store::StoreError;

/// The result of checking an answer; `R` is what a right one yields.
#[derive(Debug)]
pub enum Verdict<R = Verified> {
    Right(R),
    /// Not the right number of digits; no try was taken.
    WrongLength,
    /// At zero tries left the code is invalid.
    Wrong {
        tries_left: u8,
    },
    /// The code is no longer valid, or there never was one: a new one must be requested.
    Over(DeadReason),
    /// The right code, but the user may not sign in.
    Blocked,
    /// The provider that made the code did not say whether this is it; the try was returned.
    Unavailable,
    /// Too many wrong codes for this number: even the right one is refused.
    Limited(RateLimited),
}

/// The verdict on an answer, and the attempt that it is of: `None` if there was none.
#[derive(Debug)]
pub struct CheckedCode<R = Verified> {
    pub attempt: Option<AttemptId>,
    pub verdict: Result<Verdict<R>, StoreError>,
}

/// Proof that the right code was entered, and the session that it yielded. Only
/// [`Login::verify`] makes one.
#[derive(Debug)]
pub struct Verified {
    pub(super) user: UserId,
    pub(super) phone: PhoneNumber,
    pub(super) session: SessionId,
    pub(super) new_user: bool,
    pub(super) token: Option<SessionToken>,
}

impl Verified {
    pub fn user(&self) -> UserId {
        self.user
    }

    pub fn phone(&self) -> &PhoneNumber {
        &self.phone
    }

    /// The session that began.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Whether this was the first sign-in with the number.
    pub fn new_user(&self) -> bool {
        self.new_user
    }

    /// The session token for the browser's cookie; `None` unless a browser signed in.
    pub fn token(&self) -> Option<&SessionToken> {
        self.token.as_ref()
    }
}

/// Negative verdicts, each recorded as an event.
impl Login {
    pub(super) fn dead<R>(&self, attempt: Option<AttemptId>, reason: DeadReason) -> Verdict<R> {
        self.deps.events.record(&Event::DeadCode { attempt, why: reason.as_str() });
        Verdict::Over(reason)
    }

    pub(super) fn blocked<R>(&self, attempt: AttemptId, user: UserId) -> Verdict<R> {
        self.deps.events.record(&Event::BlockedUser { attempt, user });
        Verdict::Blocked
    }

    pub(super) fn unknown_user<R>(&self, attempt: AttemptId) -> Verdict<R> {
        self.deps.events.record(&Event::UnknownUser { attempt });
        Verdict::Blocked
    }
}
