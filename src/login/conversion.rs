use super::conversion_counters::{Conversion, ConversionAlarm};
use super::limiter::LimitSubject;
use super::limits::{CONVERSION_PAUSES, LimitDef, LimitScope};
use super::requester::Standing;
use super::service::{Login, LoginDeps};
use crate::domain::PhoneNumber;
use crate::events::Event;
use crate::store::StoreError;

/// Texts to known browsers are to numbers that were proved, and test numbers get none.
fn is_judged(phone: &PhoneNumber, standing: Standing) -> bool {
    standing != Standing::KnownBrowser && !phone.is_test()
}

impl Login {
    /// Asks for proofs, or pauses, where hardly any of the codes before this start was used: by its
    /// country or its block of numbers. Before the start is granted or refused, since what uses up a
    /// limit is seen when that refuses, and counts nothing.
    pub(super) async fn judge_conversion(
        &self,
        LimitSubject { phone, requester, .. }: LimitSubject<'_>,
    ) -> Result<(), StoreError> {
        if !is_judged(phone, requester.standing) {
            return Ok(());
        }
        let judged = self.judge_codes_of(phone).await;
        judged.inspect_err(|error| {
            self.deps.events.store_failed("judge how many codes are used", error);
        })
    }

    async fn judge_codes_of(&self, phone: &PhoneNumber) -> Result<(), StoreError> {
        let LoginDeps { limiter, system, .. } = &self.deps;
        let now = system.steady();
        let counted = limiter.conversions(phone, now).await?;
        for (pause, windows) in CONVERSION_PAUSES.iter().zip(counted) {
            let Some((conversion, alarm)) = self.alarm_of(pause, &windows) else { continue };
            if limiter.is_new_alarm(alarm, (pause, phone), now).await? {
                self.tell_of_few_used(pause, phone, (conversion, alarm));
            }
        }
        Ok(())
    }

    /// What follows from the texts of these windows, and from which of them.
    fn alarm_of(
        &self,
        pause: &LimitDef,
        windows: &[Conversion],
    ) -> Option<(Conversion, ConversionAlarm)> {
        let limits = self.settings.limits.conversion;
        let least = limits.least_texts(pause.scope);
        let few = |texts: u32, used: u32, percent: u32| {
            texts >= least && u64::from(used) * 100 < u64::from(texts) * u64::from(percent)
        };
        // Where proofs are asked for, only texts that had one lead to a pause, whoever is judged:
        // servers show none.
        let challenged = self.settings.challenge.is_some();
        let led = |of: &Conversion| if challenged { of.proved } else { of.sent };
        let pauses = windows.iter().find(|of| few(led(of), of.used, limits.pause_below));
        if let Some(conversion) = pauses {
            return Some((*conversion, ConversionAlarm::Pause { challenged }));
        }
        let warns = windows.iter().find(|of| few(of.sent, of.used, limits.warn_below));
        warns.map(|conversion| (*conversion, ConversionAlarm::Warning { challenged }))
    }

    fn tell_of_few_used(
        &self,
        pause: &LimitDef,
        phone: &PhoneNumber,
        (Conversion { window, sent, used, .. }, alarm): (Conversion, ConversionAlarm),
    ) {
        let country = phone.country();
        let of = match pause.scope {
            LimitScope::NumberBlock => phone.area(),
            _ => country.as_ref().map_or("", |country| country.as_str()),
        };
        let (challenged, paused) = match alarm {
            ConversionAlarm::Warning { challenged } => (challenged, false),
            ConversionAlarm::Pause { challenged } => (challenged, true),
        };
        let hours = window.as_secs() / 3600;
        let told = Event::FewCodesUsed { of, sent, used, hours, challenged, paused };
        self.deps.events.record(&told);
    }

    /// Counts a text to somebody who is not known. On an error it is not counted: a pause may come late.
    pub(super) async fn count_text(&self, subject: LimitSubject<'_>, is_proved: bool) {
        let LimitSubject { phone, requester, .. } = subject;
        if !is_judged(phone, requester.standing) {
            return;
        }
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        if let Err(error) = limiter.count_sent((phone, is_proved), system.steady()).await {
            events.store_failed("count a text", &error);
        }
    }

    /// Counts a code that was used. On an error it is not counted: a pause may come early.
    pub(super) async fn count_used_code(&self, phone: &PhoneNumber, standing: Standing) {
        if !is_judged(phone, standing) {
            return;
        }
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        if let Err(error) = limiter.count_used(phone, system.steady()).await {
            events.store_failed("count the use of a code", &error);
        }
    }
}
