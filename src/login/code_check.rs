use std::time::Duration;

use super::attempt::{self, DeadReason};
use super::service::Login;
use super::spend::ConfirmedCode;
use crate::delivery::sms::{CodeAnswer, CodeCheck};
use crate::domain::OneTimeCode;
use crate::events::Event;
use crate::store::{Attempt, Verification};

/// How long, and how often, another node's verdict on the same answer is waited for.
const POLLS: u32 = 5;
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Whether an answer is the code.
pub(super) enum Compared {
    Right,
    Wrong,
    Dead(DeadReason),
    /// The provider gave no verdict.
    Unavailable,
}

impl Login {
    /// Compares an answer whose try is taken, in constant time, or asks the provider whose code it
    /// would be.
    pub(super) async fn compare(&self, case: &ConfirmedCode<'_>, typed: &OneTimeCode) -> Compared {
        if case.attempt.verification.is_some() {
            return self.ask_owner(case, typed).await;
        }
        match self.code(&case.attempt, case.phone) {
            Some(code) if code.matches(typed) => Compared::Right,
            Some(_) => Compared::Wrong,
            None => Compared::Dead(DeadReason::KeyGone),
        }
    }

    /// Asks once for each answer, however often it comes: what the provider said is kept.
    async fn ask_owner(&self, case: &ConfirmedCode<'_>, typed: &OneTimeCode) -> Compared {
        let checks = &self.deps.code_checks;
        let _turn = checks.turn(case.key).await;
        let Some(verification) = self.verification(case).await else {
            return Compared::Unavailable;
        };
        if let Some(known) = verdict_of(&verification, case) {
            return known;
        }
        let delivery = checks.texts.load_full();
        let check = CodeCheck { to: case.phone, typed, id: verification.id.as_deref() };
        match delivery.delivery.check_code(&verification.provider, &check).await {
            Some(Ok(CodeAnswer::Right)) => {
                self.note(case, |known| known.right = Some(case.answer)).await;
                Compared::Right
            }
            Some(Ok(CodeAnswer::Wrong)) => {
                self.note(case, |known| known.wrong.push(case.answer)).await;
                Compared::Wrong
            }
            Some(Ok(CodeAnswer::Gone)) => self.gone(case).await,
            Some(Err(error)) => {
                let (attempt, provider) = (case.attempt.id, error.provider);
                let reason = &error.to_string();
                self.deps.events.record(&Event::CodeNotChecked { attempt, provider, reason });
                Compared::Unavailable
            }
            None => Compared::Dead(DeadReason::OwnerGone),
        }
    }

    /// The code as it stands, since others may have answered meanwhile. `None`: the store failed, or
    /// another attempt took its place.
    async fn verification(&self, case: &ConfirmedCode<'_>) -> Option<Verification> {
        let found = self.attempt(case.key).await.ok()??;
        let same = found.id == case.attempt.id;
        found.verification.filter(|_| same).map(|verification| *verification)
    }

    /// The provider has no such code any more: used by the same answer at another node, or else dead
    /// for everybody.
    async fn gone(&self, case: &ConfirmedCode<'_>) -> Compared {
        for _ in 0..POLLS {
            let now = self.verification(case).await;
            if let Some(known) = now.and_then(|verification| verdict_of(&verification, case)) {
                return known;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        let (id, now) = (case.attempt.id, self.deps.system.steady());
        let mut step = |found: Option<&_>| attempt::expire(found, id, now);
        if let Err(error) = self.deps.attempts.update(case.key, &mut step).await {
            self.deps.events.store_failed("end an attempt", &error);
        }
        Compared::Dead(DeadReason::Expired)
    }

    /// Keeps what the provider said. On an error the login goes on: the code is spent in the database.
    async fn note(&self, case: &ConfirmedCode<'_>, said: impl Fn(&mut Verification) + Send + Sync) {
        let id = case.attempt.id;
        let mut step = |found: Option<&_>| attempt::note_verdict(found, id, &said);
        if let Err(error) = self.deps.attempts.update(case.key, &mut step).await {
            self.deps.events.store_failed("keep a provider's verdict", &error);
        }
    }

    /// The attempt is over: its provider shall not text the same code for the next one.
    pub(super) async fn forget_code(&self, attempt: &Attempt) {
        let Some(verification) = &attempt.verification else { return };
        let Some(id) = &verification.id else { return };
        let texts = self.deps.code_checks.texts.load_full();
        if let Err(error) = texts.delivery.cancel_code(&verification.provider, id).await {
            let (attempt, provider) = (attempt.id, error.provider);
            let reason = &format!("not ended there: {error}");
            self.deps.events.record(&Event::CodeNotChecked { attempt, provider, reason });
        }
    }
}

/// What the provider has said of the answer.
fn verdict_of(verification: &Verification, case: &ConfirmedCode<'_>) -> Option<Compared> {
    if verification.right == Some(case.answer) {
        return Some(Compared::Right);
    }
    verification.wrong.contains(&case.answer).then_some(Compared::Wrong)
}
