use std::sync::Arc;

use super::keys::Keys;
use super::limiter::{Admission, Limiter, Subject, Taken, Wanted};
use super::outbox::Outbox;
use super::requester::Asker;
use super::settings::Settings;
use crate::domain::{Country, InvalidPhone, OneTimeCode, PhoneNumber};
use crate::events::{Event, Sink};
use crate::session::{self, Sessions};
use crate::store::{Attempt, Attempts, Logins, StoreError, Users};
use crate::system::System;

/// What [`Login`] depends on. Outlives a change of the configuration.
#[derive(Clone)]
pub struct Parts {
    pub attempts: Arc<dyn Attempts>,
    pub logins: Arc<dyn Logins>,
    pub users: Arc<dyn Users>,
    pub sessions: Arc<Sessions>,
    pub outbox: Arc<Outbox>,
    pub limiter: Arc<Limiter>,
    pub keys: Arc<Keys>,
    pub events: Arc<dyn Sink>,
    pub system: System,
}

/// The login service under one configuration.
#[derive(Clone)]
pub struct Login {
    pub(super) deps: Parts,
    pub(super) settings: Settings,
    pub(super) session_settings: session::Settings,
}

impl Login {
    pub fn new(deps: Parts, settings: Settings, session_settings: session::Settings) -> Self {
        Self { deps, settings, session_settings }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Parses what a person typed as their number; `home` is the country selected beside it.
    ///
    /// # Errors
    ///
    /// When the text is neither a configured test number nor a valid number.
    pub fn number(&self, typed: &str, home: Option<Country>) -> Result<PhoneNumber, InvalidPhone> {
        match self.settings.test_numbers.typed(typed) {
            Some(test) => Ok(test.clone()),
            None => PhoneNumber::parse(typed, home),
        }
    }

    /// The code of an attempt; `None` if it can no longer be derived, so that no answer is right.
    pub(super) fn code(&self, attempt: &Attempt, phone: &PhoneNumber) -> Option<OneTimeCode> {
        if phone.is_test() {
            return self.settings.test_numbers.code(phone).cloned();
        }
        self.deps.keys.code(attempt, phone)
    }

    /// What the limits of a request are keyed by.
    pub(super) fn limit_subject<'a>(&self, asker: &Asker, phone: &'a PhoneNumber) -> Subject<'a> {
        let source = self.deps.limiter.source_key(asker.address);
        Subject { phone, source, known: asker.known }
    }

    /// Counts a request against its limits, and records a refusal.
    pub(super) async fn count(
        &self,
        wanted: Wanted<'_>,
        subject: Subject<'_>,
    ) -> Result<Admission, StoreError> {
        let Parts { limiter, system, events, .. } = &self.deps;
        let admission = limiter
            .reserve(&self.settings.limits, wanted, subject, system)
            .await
            .inspect_err(|error| events.store_failed("count against the limits", error))?;
        if let Admission::Refused(limited) = &admission {
            let seconds = limited.retry_after.as_secs();
            events.record(&Event::Limited { limit: limited.row.key, seconds });
        }
        Ok(admission)
    }

    /// Releases a reservation whose action did not take place. On an error it stays counted: the
    /// limits err on the strict side.
    pub(super) async fn release(&self, taken: &Taken) {
        if let Err(error) = self.deps.limiter.release(taken).await {
            self.deps.events.store_failed("release a limit reservation", &error);
        }
    }
}
