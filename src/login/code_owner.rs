use async_trait::async_trait;

use super::attempt;
use crate::delivery::sms::HeldCode;
use crate::delivery::{CodeWatch, Delivery, Failure, Outcome};
use crate::domain::AttemptKey;
use crate::events::EventSink;
use crate::store::{Attempt, AttemptStore, AttemptUpdate};

/// A text that is being sent: writes to its attempt whose code it has.
pub(super) struct TextedCode<'a> {
    pub(super) attempts: &'a dyn AttemptStore,
    pub(super) events: &'a dyn EventSink,
    pub(super) key: AttemptKey,
    /// The attempt before the text.
    pub(super) before: &'a Attempt,
}

impl TextedCode<'_> {
    /// Whose code the person has from an earlier text.
    pub(super) fn held(&self) -> HeldCode<'_> {
        match &self.before.verification {
            Some(verification) => HeldCode::Provider(&verification.provider),
            None if self.before.earlier_sent => HeldCode::Ours,
            None => HeldCode::None,
        }
    }

    /// Whose code the person has after the text.
    pub(super) async fn settle(&self, delivery: &Delivery, sent: &Outcome) {
        if !delivery.has_code_owners() {
            return;
        }
        let mut step = |found: Option<&_>| match &sent.result {
            Ok(receipt) => {
                let made = (receipt.provider, receipt.id.as_str());
                let made = delivery.owns_codes(receipt.provider).then_some(made);
                attempt::settle_code(found, self.before, made)
            }
            // It may have arrived: what was noted stands.
            Err(error) if error.failure == Failure::Unclear => AttemptUpdate::Keep,
            Err(_) => attempt::restore_code(found, self.before),
        };
        if let Err(error) = self.attempts.update(self.key, &mut step).await {
            self.events.store_failed("note whose code was texted", &error);
        }
    }
}

#[async_trait]
impl CodeWatch for TextedCode<'_> {
    async fn is_noted(&self, owner: Option<&'static str>) -> bool {
        let mut step = |found: Option<&_>| attempt::note_owner(found, self.before.id, owner);
        let updated = self.attempts.update(self.key, &mut step).await;
        updated
            .inspect_err(|error| self.events.store_failed("note whose code a text has", error))
            .is_ok()
    }
}
