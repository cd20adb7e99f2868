use super::limiter::{Admission, LimitRequest, LimitSubject, Limiter, Reservation};
use super::limits::{ALL, HALF, LimitDef, LimitScope, LoginLimits};
use crate::events::{Event, EventSink};
use crate::store::StoreError;
use crate::system::System;

/// Counts texts: whatever is spent is counted here, and told where it used up half of a budget or all, or half of
/// the texts to a country or in all.
pub(super) struct CountedTexts<'a> {
    pub(super) limiter: &'a Limiter,
    pub(super) limits: &'a LoginLimits,
    pub(super) events: &'a dyn EventSink,
    pub(super) system: &'a System,
}

impl CountedTexts<'_> {
    /// Counts a text that somebody asks for: see [`Limiter::reserve`].
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn take(
        &self,
        wanted: LimitRequest<'_>,
        subject: LimitSubject<'_>,
    ) -> Result<Admission, StoreError> {
        let admission = self.limiter.reserve(self.limits, wanted, subject, self.system).await?;
        self.watch(&admission, subject).await;
        Ok(admission)
    }

    /// Counts a text that is sent again: see [`Limiter::reserve_again`].
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub(super) async fn take_again(
        &self,
        subject: LimitSubject<'_>,
    ) -> Result<Admission, StoreError> {
        let admission = self.limiter.reserve_again(self.limits, subject, self.system).await?;
        self.watch(&admission, subject).await;
        Ok(admission)
    }

    /// Tells of limits of which half or all is used up, each once in its window.
    async fn watch(&self, admission: &Admission, subject: LimitSubject<'_>) {
        let watched = match admission {
            Admission::Granted(taken) => self.tell_of_halves(taken, subject).await,
            Admission::Refused(limited) if limited.row.told_at().contains(&ALL) => {
                self.tell_of_use(limited.row, ALL, subject).await
            }
            Admission::Refused(_) => Ok(()),
        };
        if let Err(error) = watched {
            self.events.store_failed("look whether a budget was told", &error);
        }
    }

    async fn tell_of_halves(
        &self,
        taken: &Reservation,
        subject: LimitSubject<'_>,
    ) -> Result<(), StoreError> {
        for (row, spent) in taken.spent() {
            let half = self.limits.budget(row) / 2;
            if spent.before < half && half <= spent.after {
                self.tell_of_use(row, HALF, subject).await?;
            }
        }
        Ok(())
    }

    async fn tell_of_use(
        &self,
        row: &'static LimitDef,
        percent: u8,
        subject: LimitSubject<'_>,
    ) -> Result<(), StoreError> {
        let now = self.system.steady();
        if self.limiter.is_first_in_window(row, percent, subject, now).await? {
            let country = subject.phone.country();
            let of = match row.scope {
                LimitScope::NumberBlock => subject.phone.area(),
                LimitScope::Country => country.as_ref().map_or("", |country| country.as_str()),
                _ => "",
            };
            self.events.record(&Event::BudgetUsed { limit: row.key, of, percent });
        }
        Ok(())
    }
}
