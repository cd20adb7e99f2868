use super::attempt::{self, Over, Taken};
use super::limits::{Admission, Limited, Subject, Wanted, What};
use super::{Asker, Door, Gives, Login, Verified};
use crate::domain::{AnswerDigest, AttemptId, AttemptKey, OneTimeCode, PhoneNumber, UserId};
use crate::events::Event;
use crate::store::{Attempt, StoreError};

/// What an answer came to; `R`: what a right one gives.
#[derive(Debug)]
pub enum Verdict<R = Verified> {
    Right(R),
    /// Not the right number of digits; took no try.
    WrongLength,
    /// A wrong code. At zero tries left the attempt is over.
    Wrong {
        tries_left: u8,
    },
    /// The code cannot be used any more, or there never was one: a new one must be asked for.
    Over(Over),
    /// The right code, but this person may not sign in.
    Blocked,
    /// Too many wrong codes were typed for this number: not even the right one is taken.
    Limited(Limited),
}

/// A right answer, whose try is taken.
pub(super) struct Case<'a> {
    pub(super) key: AttemptKey,
    pub(super) attempt: Attempt,
    pub(super) phone: &'a PhoneNumber,
    pub(super) door: Door,
    answer: AnswerDigest,
}

impl Login {
    /// Judges what was typed as the code that was texted to `phone`. A right one is spent, and
    /// gives what is wanted.
    ///
    /// An error means that nobody got in. The try is given back if the store of attempts lets
    /// that happen; else it stays taken, and the same answer still takes no other.
    pub async fn verify(
        &self,
        asker: &Asker,
        phone: &PhoneNumber,
        typed: &str,
        gives: Gives<'_>,
    ) -> Result<Verdict, StoreError> {
        let case = match self.judge(asker, phone, typed).await? {
            Ok(case) => case,
            Err(verdict) => return Ok(verdict),
        };
        let verdict = self.spend(&case, gives).await;
        if verdict.is_err() {
            self.return_try(&case).await?;
        }
        verdict
    }

    /// Judges what was typed as [`Login::verify`] does, but a right answer spends nothing and has
    /// its try back: it will be given again.
    pub async fn peek(
        &self,
        asker: &Asker,
        phone: &PhoneNumber,
        typed: &str,
    ) -> Result<Verdict<()>, StoreError> {
        let case = match self.judge(asker, phone, typed).await? {
            Ok(case) => case,
            Err(verdict) => return Ok(verdict),
        };
        if case.attempt.used.is_some() {
            return Ok(self.over(Some(case.attempt.id), Over::Used));
        }
        let verdict = self.may_sign_in(&case).await;
        self.return_try(&case).await?;
        verdict
    }

    /// What a right answer would come to.
    async fn may_sign_in(&self, case: &Case<'_>) -> Result<Verdict<()>, StoreError> {
        let attempt = case.attempt.id;
        let user = self.parts.users.with_number(&case.phone.into()).await;
        Ok(match user.map_err(self.store_failed("look for a user"))? {
            Some(user) if user.blocked.is_some() => self.blocked(attempt, user.id),
            None if !self.settings.sign_up => self.nobody(attempt),
            Some(_) | None => Verdict::Right(()),
        })
    }

    /// Takes a try and compares. Whatever is not right is told as it will be answered.
    async fn judge<'a, R>(
        &self,
        asker: &Asker,
        phone: &'a PhoneNumber,
        typed: &str,
    ) -> Result<Result<Case<'a>, Verdict<R>>, StoreError> {
        let parts = &self.parts;
        let key = parts.keys.attempt(asker, phone);
        let Some(found) =
            parts.attempts.get(key).await.map_err(self.store_failed("read an attempt"))?
        else {
            return Ok(Err(self.over(None, Over::Unknown)));
        };
        let Some(typed) = OneTimeCode::parse(typed, found.length) else {
            return Ok(Err(Verdict::WrongLength));
        };
        let answer = parts.keys.answer(key, &typed);
        let (attempt, again) = match self.take_try(key, answer).await? {
            Taken::Compare { attempt, again } => (attempt, again),
            Taken::Over { attempt, why } => return Ok(Err(self.over(attempt, why))),
        };
        let Some(code) = self.code(&attempt, phone) else {
            return Ok(Err(self.over(Some(attempt.id), Over::NoKey)));
        };
        let subject = self.subject(asker, phone);
        let right = code.matches(&typed);
        let case = Case { key, attempt, phone, door: asker.door, answer };
        match self.guess(right, again, subject).await {
            Ok(None) if right => Ok(Ok(case)),
            Ok(None) => self.wrong(&case.attempt, subject).await.map(Err),
            Ok(Some(limited)) => {
                self.return_try(&case).await?;
                Ok(Err(Verdict::Limited(limited)))
            }
            Err(error) => {
                self.return_try(&case).await?;
                Err(error)
            }
        }
    }

    async fn return_try(&self, case: &Case<'_>) -> Result<(), StoreError> {
        let (id, answer) = (case.attempt.id, case.answer);
        let mut step = |found: Option<&_>| attempt::return_try(found, id, answer);
        self.parts.attempts.update(case.key, &mut step).await
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
    async fn wrong<R>(
        &self,
        attempt: &Attempt,
        subject: Subject<'_>,
    ) -> Result<Verdict<R>, StoreError> {
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

    async fn take_try(&self, key: AttemptKey, answer: AnswerDigest) -> Result<Taken, StoreError> {
        let now = self.parts.system.now();
        let mut taken = Taken::Over { attempt: None, why: Over::Unknown };
        let mut step = |found: Option<&_>| {
            let (told, step) = attempt::take_try(found, answer, now);
            taken = told;
            step
        };
        let updated = self.parts.attempts.update(key, &mut step).await;
        updated.map_err(self.store_failed("take a try"))?;
        Ok(taken)
    }

    /// If that fails, the next text has to wait as if nobody had signed in.
    pub(super) async fn forget_waits(&self, attempt: &Attempt, phone: &PhoneNumber) {
        let subject = Subject { phone, source: attempt.source, known: false };
        let limits = &self.settings.limits;
        let forgot = self.parts.limiter.signed_in(limits, subject, attempt.counted).await;
        let _ = forgot.map_err(self.store_failed("forget the waits of a number"));
    }

    pub(super) fn over<R>(&self, attempt: Option<AttemptId>, why: Over) -> Verdict<R> {
        self.parts.events.record(&Event::DeadCode { attempt, why: why.why() });
        Verdict::Over(why)
    }

    pub(super) fn blocked<R>(&self, attempt: AttemptId, user: UserId) -> Verdict<R> {
        self.parts.events.record(&Event::BlockedUser { attempt, user });
        Verdict::Blocked
    }

    pub(super) fn nobody<R>(&self, attempt: AttemptId) -> Verdict<R> {
        self.parts.events.record(&Event::UnknownUser { attempt });
        Verdict::Blocked
    }
}

const A_WRONG_CODE: Wanted<'_> = Wanted { what: &[(What::WrongCode, 1)], waits: false };
const ROOM_FOR_ONE: Wanted<'_> = Wanted { what: &[(What::WrongCode, 0)], waits: false };
