use super::attempt::{self, DeadReason, TryResult};
use super::code_check::Compared;
use super::limiter::{Admission, LimitRequest, LimitSubject, Reservation};
use super::limits::{LimitAction, RateLimited};
use super::requester::Requester;
use super::service::Login;
use super::spend::{ConfirmedCode, LoginGrant};
use super::verdict::{CheckedCode, Verdict};
use crate::domain::{AnswerDigest, AttemptId, AttemptKey, OneTimeCode, PhoneNumber, TextChannel};
use crate::events::Event;
use crate::store::{Attempt, StoreError};

const ONE_WRONG_CODE: LimitRequest<'_> =
    LimitRequest { amounts: &[(LimitAction::WrongCode, 1)], spaced: false };
const ROOM_FOR_ONE: LimitRequest<'_> =
    LimitRequest { amounts: &[(LimitAction::WrongCode, 0)], spaced: false };

impl Login {
    /// Checks what was typed as the code that was sent to `phone`. A right code is spent and
    /// yields what `gives` describes. When a store fails, nobody is signed in; the try is returned if
    /// the store of attempts permits; otherwise it stays taken, and the same answer does not take
    /// another.
    pub async fn verify(
        &self,
        requester: &Requester,
        phone: &PhoneNumber,
        typed: &str,
        gives: LoginGrant<'_>,
    ) -> CheckedCode {
        let mut attempt = None;
        let verdict = match self.judge(requester, phone, typed, &mut attempt).await {
            Ok(Ok(case)) => self.spend_or_return(&case, gives).await,
            Ok(Err(verdict)) => Ok(verdict),
            Err(error) => Err(error),
        };
        CheckedCode { attempt, verdict }
    }

    /// Like [`Login::verify`], but a right code is not spent and its try is returned: it can be
    /// used again.
    pub async fn verify_without_consuming(
        &self,
        requester: &Requester,
        phone: &PhoneNumber,
        typed: &str,
    ) -> CheckedCode<()> {
        let mut attempt = None;
        let verdict = match self.judge(requester, phone, typed, &mut attempt).await {
            Ok(Ok(case)) => self.peek(&case).await,
            Ok(Err(verdict)) => Ok(verdict),
            Err(error) => Err(error),
        };
        CheckedCode { attempt, verdict }
    }

    async fn spend_or_return(
        &self,
        case: &ConfirmedCode<'_>,
        gives: LoginGrant<'_>,
    ) -> Result<Verdict, StoreError> {
        let verdict = self.spend(case, gives).await;
        if verdict.is_err() {
            self.return_try(case).await?;
        }
        verdict
    }

    async fn peek(&self, case: &ConfirmedCode<'_>) -> Result<Verdict<()>, StoreError> {
        if case.attempt.used.is_some() {
            return Ok(self.dead(Some(case.attempt.id), DeadReason::Used));
        }
        let verdict = self.may_sign_in(case).await;
        self.return_try(case).await?;
        verdict
    }

    /// Whether the user of a right code may sign in.
    async fn may_sign_in(&self, case: &ConfirmedCode<'_>) -> Result<Verdict<()>, StoreError> {
        let attempt = case.attempt.id;
        let deps = &self.deps;
        let user = deps.users.find_by_identifier(&case.phone.into()).await;
        Ok(match user.inspect_err(|error| deps.events.store_failed("look for a user", error))? {
            Some(user) if user.blocked.is_some() => self.blocked(attempt, user.id),
            None if !self.settings.sign_up => self.unknown_user(attempt),
            Some(_) | None => Verdict::Right(()),
        })
    }

    /// Takes a try, counts the guess and compares the answer. The inner error is the verdict on a wrong answer.
    /// `of`: becomes the attempt that was found.
    async fn judge<'a, R>(
        &self,
        requester: &Requester,
        phone: &'a PhoneNumber,
        typed: &str,
        of: &mut Option<AttemptId>,
    ) -> Result<Result<ConfirmedCode<'a>, Verdict<R>>, StoreError> {
        let key = self.deps.keys.attempt_key(requester, phone);
        let Some(found) = self.attempt(key).await? else {
            return Ok(Err(self.dead(None, DeadReason::Unknown)));
        };
        *of = Some(found.id);
        let Some(typed) = OneTimeCode::parse(typed, found.length) else {
            return Ok(Err(Verdict::WrongLength));
        };
        let answer = self.deps.keys.answer_digest(key, &typed);
        let (attempt, repeated) = match self.take_try(key, answer).await? {
            TryResult::Compare { attempt, repeated } => (attempt, repeated),
            TryResult::Dead { attempt, reason } => return Ok(Err(self.dead(attempt, reason))),
        };
        let (language, channel) = (None, TextChannel::default());
        let subject = LimitSubject { phone, requester, language, channel };
        let Requester { channel, standing, .. } = *requester;
        let case = ConfirmedCode { key, attempt, phone, channel, standing, answer };
        let counted = match self.count_guess(repeated, (subject, case.attempt.id)).await {
            Ok(Ok(counted)) => counted,
            Ok(Err(limited)) => {
                self.return_try(&case).await?;
                return Ok(Err(Verdict::Limited(limited)));
            }
            Err(error) => {
                self.return_try(&case).await?;
                return Err(error);
            }
        };
        let compared = self.compare(&case, &typed).await;
        match (&compared, &counted) {
            (_, None) => {}
            // An answer that is given again is one wrong code.
            (Compared::Wrong, Some(_)) => {
                self.count_judged_code(false).await;
                if case.attempt.tries_left == 0 {
                    self.forget_code(&case.attempt).await;
                }
            }
            (_, Some(counted)) => self.release(counted).await,
        }
        match compared {
            Compared::Right => Ok(Ok(case)),
            Compared::Wrong => self.wrong(&case.attempt, subject).await.map(Err),
            Compared::Dead(reason) => Ok(Err(self.dead(Some(case.attempt.id), reason))),
            Compared::Unavailable => {
                self.return_try(&case).await?;
                Ok(Err(Verdict::Unavailable))
            }
        }
    }

    /// Reads an attempt.
    pub(super) async fn attempt(&self, key: AttemptKey) -> Result<Option<Attempt>, StoreError> {
        let found = self.deps.attempts.get(key).await;
        found.inspect_err(|error| self.deps.events.store_failed("read an attempt", error))
    }

    async fn take_try(
        &self,
        key: AttemptKey,
        answer: AnswerDigest,
    ) -> Result<TryResult, StoreError> {
        let now = self.deps.system.steady();
        let mut taken = TryResult::Dead { attempt: None, reason: DeadReason::Unknown };
        let mut step = |found: Option<&_>| {
            let (result, step) = attempt::take_try(found, answer, now);
            taken = result;
            step
        };
        let updated = self.deps.attempts.update(key, &mut step).await;
        updated.inspect_err(|error| self.deps.events.store_failed("take a try", error))?;
        Ok(taken)
    }

    async fn return_try(&self, case: &ConfirmedCode<'_>) -> Result<(), StoreError> {
        let (id, answer) = (case.attempt.id, case.answer);
        let mut step = |found: Option<&_>| attempt::return_try(found, id, answer);
        self.deps.attempts.update(case.key, &mut step).await
    }

    /// Counts an answer as a wrong code before its verdict is known to anyone, to be released if it
    /// is right: concurrent answers cannot exceed the limit. One that took its try earlier is counted
    /// already.
    async fn count_guess(
        &self,
        repeated: bool,
        (subject, attempt): (LimitSubject<'_>, AttemptId),
    ) -> Result<Result<Option<Reservation>, RateLimited>, StoreError> {
        if repeated {
            return Ok(Ok(None));
        }
        Ok(match self.count(ONE_WRONG_CODE, subject, Some(attempt)).await? {
            Admission::Refused(limited) => Err(limited),
            Admission::Granted(taken) => Ok(Some(taken)),
        })
    }

    /// The verdict on a wrong code: what remains of its tries or of the number's limit, whichever
    /// is less.
    async fn wrong<R>(
        &self,
        attempt: &Attempt,
        subject: LimitSubject<'_>,
    ) -> Result<Verdict<R>, StoreError> {
        Ok(match self.count(ROOM_FOR_ONE, subject, Some(attempt.id)).await? {
            Admission::Refused(limited) => Verdict::Limited(limited),
            Admission::Granted(taken) => {
                let of_number = u8::try_from(taken.remaining).unwrap_or(u8::MAX);
                let tries_left = attempt.tries_left.min(of_number);
                self.deps.events.record(&Event::WrongCode { attempt: attempt.id, tries_left });
                Verdict::Wrong { tries_left }
            }
        })
    }
}
