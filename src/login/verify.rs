use super::attempt::{self, Taken};
use super::limits::{Admission, Limited, Subject, Wanted, What};
use super::{Asker, Login};
use crate::domain::{AttemptId, Host, OneTimeCode, PhoneNumber, SessionId, UserId};
use crate::events::Event;
use crate::session::{Browser, PreparedSession, SessionToken};
use crate::store::{Attempt, AttemptKey, Committed, NewLogin, StoreError};

/// Proof that somebody typed the right code, and what it gave them. Only [`Login::verify`]
/// makes one.
#[derive(Debug)]
pub struct Verified {
    token: SessionToken,
}

impl Verified {
    /// The token of the session that began, for that browser's cookie.
    pub fn token(&self) -> &SessionToken {
        &self.token
    }
}

/// What an answer came to.
#[derive(Debug)]
pub enum Verdict {
    Right(Verified),
    /// Not the right number of digits; took no try.
    WrongLength,
    /// A wrong code. At zero tries left the attempt is over.
    Wrong {
        tries_left: u8,
    },
    /// The code cannot be used any more, or there never was one: a new one must be asked for.
    Over {
        tries_spent: bool,
    },
    /// The right code, but this person may not sign in.
    Blocked,
    /// Too many wrong codes were typed for this number: not even the right one is taken.
    Limited(Limited),
}

impl Login {
    /// Judges what was typed as the code that was texted to `phone`. A right one begins a
    /// session in `browser`, in the place of the one that it has.
    ///
    /// An error means that nobody got in. The try is given back if the store of attempts lets
    /// that happen; else it stays taken, and the same answer still takes no other.
    pub async fn verify(
        &self,
        asker: &Asker,
        phone: &PhoneNumber,
        typed: &str,
        browser: &Browser<'_>,
    ) -> Result<Verdict, StoreError> {
        let parts = &self.parts;
        let key = parts.keys.attempt(asker, phone);
        let Some(found) =
            parts.attempts.get(key).await.map_err(self.store_failed("read an attempt"))?
        else {
            return Ok(self.over(None, "unknown"));
        };
        let Some(typed) = OneTimeCode::parse(typed, found.length) else {
            return Ok(Verdict::WrongLength);
        };
        let answer = parts.keys.answer(key, &typed);
        let (attempt, again) = match self.take_try(key, answer).await? {
            Taken::Compare { attempt, again } => (attempt, again),
            Taken::Over { attempt, why } => return Ok(self.over(attempt, why)),
        };
        let Some(code) = self.code(&attempt, phone) else {
            return Ok(self.over(Some(attempt.id), "made with a secret that is gone"));
        };
        let subject = self.subject(asker, phone);
        let right = code.matches(&typed);
        let verdict = match self.guess(right, again, subject).await {
            Ok(Some(limited)) => Ok(Verdict::Limited(limited)),
            Ok(None) if right => self.spend(key, &attempt, phone, browser).await,
            Ok(None) => return self.wrong(&attempt, subject).await,
            Err(error) => Err(error),
        };
        if matches!(verdict, Err(_) | Ok(Verdict::Limited(_))) {
            let mut step = |found: Option<&_>| attempt::return_try(found, attempt.id, answer);
            parts.attempts.update(key, &mut step).await?;
        }
        verdict
    }

    /// Counts an answer that took a try as a wrong one, and gives that back when it is right: of
    /// many at once none is told anything that was not counted.
    async fn guess(
        &self,
        right: bool,
        again: bool,
        subject: Subject<'_>,
    ) -> Result<Option<Limited>, StoreError> {
        if again {
            return Ok(None);
        }
        match self.count(A_WRONG_CODE, subject).await? {
            Admission::Refused(limited) => return Ok(Some(limited)),
            Admission::Taken(taken) if right => self.give_back(&taken).await,
            Admission::Taken(_) => {}
        }
        Ok(None)
    }

    /// Tells the smaller of what the code and the number have left.
    async fn wrong(&self, attempt: &Attempt, subject: Subject<'_>) -> Result<Verdict, StoreError> {
        Ok(match self.count(ROOM_FOR_ONE, subject).await? {
            Admission::Refused(limited) => Verdict::Limited(limited),
            Admission::Taken(taken) => {
                let number = u8::try_from(taken.left).unwrap_or(u8::MAX);
                let tries_left = attempt.tries_left.min(number);
                self.parts.events.record(&Event::WrongCode { attempt: attempt.id, tries_left });
                Verdict::Wrong { tries_left }
            }
        })
    }

    async fn take_try(&self, key: AttemptKey, answer: [u8; 16]) -> Result<Taken, StoreError> {
        let now = self.parts.system.now();
        let mut taken = Taken::Over { attempt: None, why: "unknown" };
        let mut step = |found: Option<&_>| {
            let (told, step) = attempt::take_try(found, answer, now);
            taken = told;
            step
        };
        let updated = self.parts.attempts.update(key, &mut step).await;
        updated.map_err(self.store_failed("take a try"))?;
        Ok(taken)
    }

    /// Spends the code in the database and begins the session, both or neither.
    async fn spend(
        &self,
        key: AttemptKey,
        attempt: &Attempt,
        phone: &PhoneNumber,
        browser: &Browser<'_>,
    ) -> Result<Verdict, StoreError> {
        let parts = &self.parts;
        let now = parts.system.now();
        let seed = parts.keys.session_seed(attempt);
        let session = parts.sessions.prepare(browser.host, &seed, self.session);
        let login = NewLogin {
            attempt: attempt.id,
            phone: phone.clone(),
            new_user: self.settings.sign_up.then(|| UserId::from_bytes(parts.system.random())),
            session: session.id,
            token: session.digest,
            host: session.host.clone(),
            beginning: browser.beginning(),
            instead_of: browser.session,
            at: now,
            expires: session.expires,
        };
        let committed = parts.logins.commit(&login).await;
        let committed = committed.map_err(self.store_failed("spend a code"))?;
        let mut step = |found: Option<&_>| attempt::close(found, attempt.id, now);
        // The code is spent in the database, whatever becomes of this.
        let closed = parts.attempts.update(key, &mut step).await;
        let _ = closed.map_err(self.store_failed("close an attempt"));
        Ok(match committed {
            Committed::Begun { user, new_user } => {
                self.signed_in(attempt.id, user, session.id, new_user);
                if let Some(former) = browser.session {
                    parts.sessions.note_end(former);
                }
                self.forget_waits(attempt, phone).await;
                right(session)
            }
            // A double click: the token follows from the attempt, so it is the same again.
            Committed::AlreadySpent { at }
                if now.since(at) <= attempt::REPEATED
                    && self.still_opens(&session, browser.host).await? =>
            {
                right(session)
            }
            Committed::AlreadySpent { .. } => self.over(Some(attempt.id), "used"),
            Committed::Blocked { user } => {
                parts.events.record(&Event::BlockedUser { attempt: attempt.id, user });
                Verdict::Blocked
            }
            // There was one when the code was sent.
            Committed::Unknown => {
                parts.events.record(&Event::UnknownUser { attempt: attempt.id });
                Verdict::Blocked
            }
        })
    }

    /// Whether the session that a code gave is still good: somebody may have signed out since.
    async fn still_opens(&self, given: &PreparedSession, host: &Host) -> Result<bool, StoreError> {
        Ok(self.parts.sessions.check(&given.token, host, self.session).await?.is_some())
    }

    fn signed_in(&self, attempt: AttemptId, user: UserId, session: SessionId, new_user: bool) {
        self.parts.events.record(&Event::SignedIn { attempt, user, session, new_user });
    }

    /// If that fails, the next text has to wait as if nobody had signed in.
    async fn forget_waits(&self, attempt: &Attempt, phone: &PhoneNumber) {
        let subject = Subject { phone, source: attempt.source, known: false };
        let limits = &self.settings.limits;
        let forgot = self.parts.limiter.signed_in(limits, subject, attempt.counted).await;
        let _ = forgot.map_err(self.store_failed("forget the waits of a number"));
    }

    fn over(&self, attempt: Option<AttemptId>, why: &'static str) -> Verdict {
        self.parts.events.record(&Event::DeadCode { attempt, why });
        Verdict::Over { tries_spent: why == attempt::NO_TRIES }
    }
}

const A_WRONG_CODE: Wanted<'_> = Wanted { what: &[(What::WrongCode, 1)], waits: false };
const ROOM_FOR_ONE: Wanted<'_> = Wanted { what: &[(What::WrongCode, 0)], waits: false };

fn right(session: PreparedSession) -> Verdict {
    Verdict::Right(Verified { token: session.token })
}
