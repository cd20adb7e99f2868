use super::limiter::{Admission, LimitSubject, Reservation};
use super::limits::{LimitDef, LimitScope};
use super::service::{Login, LoginDeps};
use crate::events::Event;
use crate::store::StoreError;

/// A budget that was used up to this percentage is told.
const HALF: u8 = 50;
const ALL: u8 = 100;

impl Login {
    /// Tells of budgets of which a start used up half or all, each once in its window.
    pub(super) async fn watch_budgets(&self, admission: &Admission, subject: LimitSubject<'_>) {
        let watched = match admission {
            Admission::Granted(taken) => self.tell_of_halves(taken, subject).await,
            Admission::Refused(limited) if limited.row.is_budget() => {
                self.tell_of_budget(limited.row, ALL, subject).await
            }
            Admission::Refused(_) => Ok(()),
        };
        if let Err(error) = watched {
            self.deps.events.store_failed("look whether a budget was told", &error);
        }
    }

    async fn tell_of_halves(
        &self,
        taken: &Reservation,
        subject: LimitSubject<'_>,
    ) -> Result<(), StoreError> {
        for (row, spent) in taken.budgets() {
            let half = self.settings.limits.budget(row) / 2;
            if spent.before < half && half <= spent.after {
                self.tell_of_budget(row, HALF, subject).await?;
            }
        }
        Ok(())
    }

    async fn tell_of_budget(
        &self,
        row: &'static LimitDef,
        percent: u8,
        subject: LimitSubject<'_>,
    ) -> Result<(), StoreError> {
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        if limiter.is_first_in_window(row, percent, subject, system.steady()).await? {
            let country = subject.phone.country();
            let of = match row.scope {
                LimitScope::NumberBlock => subject.phone.area(),
                LimitScope::Country => country.as_ref().map_or("", |country| country.as_str()),
                _ => "",
            };
            events.record(&Event::BudgetUsed { limit: row.key, of, percent });
        }
        Ok(())
    }
}
