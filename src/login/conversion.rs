use super::conversion_counters::Conversion;
use super::limiter::{Admission, LimitSubject};
use super::limits::{CONVERSION_PAUSES, LimitScope};
use super::requester::Standing;
use super::service::{Login, LoginDeps};
use crate::domain::PhoneNumber;
use crate::events::Event;
use crate::store::StoreError;

impl Login {
    /// Counts a text to a stranger, and pauses its country or block of numbers where hardly any of
    /// the codes before it was used.
    pub(super) async fn watch_conversion(
        &self,
        admission: &Admission,
        (subject, is_proved): (LimitSubject<'_>, bool),
    ) {
        let known = subject.requester.standing == Standing::KnownBrowser;
        if !matches!(admission, Admission::Granted(_)) || known || subject.phone.is_test() {
            return;
        }
        if let Err(error) = self.judge_conversion(subject, is_proved).await {
            self.deps.events.store_failed("count texts and their use", &error);
        }
    }

    async fn judge_conversion(
        &self,
        LimitSubject { phone, requester, .. }: LimitSubject<'_>,
        is_proved: bool,
    ) -> Result<(), StoreError> {
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        let limits = self.settings.limits.conversion;
        let counted = limiter.count_sent((phone, is_proved), system.steady()).await?;
        let challenged = self.challenges(requester, phone).is_some();
        for (pause, conversion) in CONVERSION_PAUSES.iter().zip(counted) {
            // Where a proof is asked for, a pause comes after as many texts that had one.
            let is_proved = !challenged || conversion.proved >= limits.least_texts;
            let paused = is_proved && conversion.is_below(limits.pause_below);
            if conversion.sent < limits.least_texts || !conversion.is_below(limits.warn_below) {
                continue;
            }
            if limiter.is_new_alarm(pause, phone, paused, system.steady()).await? {
                let country = phone.country();
                let of = match pause.scope {
                    LimitScope::NumberBlock => phone.area(),
                    _ => country.as_ref().map_or("", |country| country.as_str()),
                };
                let Conversion { sent, used, .. } = conversion;
                events.record(&Event::FewCodesUsed { of, sent, used, challenged, paused });
            }
        }
        Ok(())
    }

    /// Counts a code that a stranger used. On an error it is not counted: a pause may come early.
    pub(super) async fn count_used_code(&self, phone: &PhoneNumber, standing: Standing) {
        if standing == Standing::KnownBrowser || phone.is_test() {
            return;
        }
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        if let Err(error) = limiter.count_used(phone, system.steady()).await {
            events.store_failed("count the use of a code", &error);
        }
    }
}
