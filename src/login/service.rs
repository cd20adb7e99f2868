use std::net::IpAddr;
use std::sync::Arc;

use super::code_turns::CodeChecks;
use super::keys::CodeKeys;
use super::limiter::{Admission, LimitRequest, LimitSubject, Limiter, Reservation};
use super::limits::RateLimited;
use super::outbox::Outbox;
use super::settings::LoginSettings;
use crate::domain::{AttemptId, Country, InvalidPhone, OneTimeCode, PhoneNumber};
use crate::events::{AskedStart, Event, EventSink};
use crate::session::{self, Sessions};
use crate::store::{Attempt, AttemptStore, LoginStore, StoreError, UserStore};
use crate::system::System;

/// What [`Login`] depends on. Outlives a change of the configuration.
#[derive(Clone)]
pub struct LoginDeps {
    pub attempts: Arc<dyn AttemptStore>,
    pub logins: Arc<dyn LoginStore>,
    pub users: Arc<dyn UserStore>,
    pub sessions: Arc<Sessions>,
    pub outbox: Arc<Outbox>,
    pub limiter: Arc<Limiter>,
    pub keys: Arc<CodeKeys>,
    pub code_checks: Arc<CodeChecks>,
    pub events: Arc<dyn EventSink>,
    pub system: System,
}

/// The login service under one configuration.
#[derive(Clone)]
pub struct Login {
    pub(super) deps: LoginDeps,
    pub(super) settings: LoginSettings,
    pub(super) session_settings: session::SessionSettings,
}

impl Login {
    pub fn new(
        deps: LoginDeps,
        settings: LoginSettings,
        session_settings: session::SessionSettings,
    ) -> Self {
        Self { deps, settings, session_settings }
    }

    pub fn settings(&self) -> &LoginSettings {
        &self.settings
    }

    /// Parses what a person typed as their number; `home` is the country selected beside it.
    ///
    /// # Errors
    ///
    /// When the text is neither a configured test number nor a valid number.
    pub fn parse_number(
        &self,
        typed: &str,
        home: Option<Country>,
    ) -> Result<PhoneNumber, InvalidPhone> {
        match self.settings.test_numbers.typed(typed) {
            Some(test) => Ok(test.clone()),
            None => self.settings.accepted_numbers.parse(typed, home),
        }
    }

    /// The code of an attempt; `None` if it can no longer be derived, so that no answer is right.
    pub(super) fn code(&self, attempt: &Attempt, phone: &PhoneNumber) -> Option<OneTimeCode> {
        if phone.is_test() {
            return self.settings.test_numbers.code(phone).cloned();
        }
        self.deps.keys.code(attempt, phone)
    }

    /// Counts a request against its limits, and records a refusal, of the attempt that it is about.
    pub(super) async fn count(
        &self,
        wanted: LimitRequest<'_>,
        subject: LimitSubject<'_>,
        attempt: Option<AttemptId>,
    ) -> Result<Admission, StoreError> {
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        let admission = limiter
            .reserve(&self.settings.limits, wanted, subject, system)
            .await
            .inspect_err(|error| events.store_failed("count against the limits", error))?;
        if let Admission::Refused(limited) = &admission {
            self.record_limited(limited, subject.requester.address, (attempt, None));
        }
        Ok(admission)
    }

    pub(super) fn record_limited(
        &self,
        limited: &RateLimited,
        address: IpAddr,
        (attempt, start): (Option<AttemptId>, Option<AskedStart<'_>>),
    ) {
        let (limit, seconds) = (limited.row.key, limited.retry_after.as_secs());
        let only_address = self.is_only_address(limited, address);
        let network = &session::address_block(address);
        let shared = limited.row.shared_for();
        let told = Event::Limited { limit, attempt, start, seconds, network, only_address, shared };
        self.deps.events.record(&told);
    }

    /// Whether a limit of an address was reached, and every visitor seems to have this one.
    pub(super) fn is_only_address(&self, limited: &RateLimited, address: IpAddr) -> bool {
        limited.row.scope.is_of_addresses() && self.deps.limiter.addresses.is_only_one(address)
    }

    /// Releases a reservation whose action did not take place. On an error it stays counted: the
    /// limits err on the strict side.
    pub(super) async fn release(&self, taken: &Reservation) {
        if let Err(error) = self.deps.limiter.release(taken).await {
            self.deps.events.store_failed("release a limit reservation", &error);
        }
    }
}
