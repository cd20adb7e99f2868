//! Logging in: from a number that was typed to a person who is proved. Knows no HTTP and no
//! OAuth, and does not know what a login is for.
mod attempt;
mod keys;
mod known;
mod limits;
mod outbox;
mod settings;
mod spend;
mod start;
mod verify;

use std::net::IpAddr;
use std::sync::Arc;

use crate::domain::{Country, InvalidPhone, OneTimeCode, PhoneNumber, RequesterDigest};
use crate::events::{Event, Sink};
use crate::session::Sessions;
use crate::store::{Attempt, Attempts, Logins, StoreError, Users};
use crate::system::System;
use limits::{Admission, Subject, Wanted};

pub use attempt::Over;
pub use keys::Keys;
pub use known::Keepsake;
pub use limits::{By, Limited, Limiter, Limits, ROWS, Row, WAIT, What};
pub use outbox::{Outbox, OutboxJobs, OutboxWorker, Sender};
pub use settings::{Countries, Settings, TestNumbers};
pub use spend::{Gives, Verified};
pub use start::{Start, StartError, Started};
pub use verify::Verdict;

/// Where a login was asked for. A code works only at the door that asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Doorcode's own pages; who asks is the browser.
    Page,
    /// The interface for applications; who asks is the client, for each of its connections.
    Api,
}

/// Whose login an attempt is. With the number it finds the attempt.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    pub door: Door,
    /// At the pages: the digest of the browser's cookie. For applications, see [`Asker::api`].
    pub who: RequesterDigest,
    /// Where the request comes from.
    pub address: IpAddr,
    /// Whether it showed before that the number is its: see [`Login::is_known`].
    pub known: bool,
}

impl Asker {
    /// A client that asks at the API, by its id and the name of the connection.
    pub fn api(client: &str, connection: &str, address: IpAddr) -> Self {
        let length = u64::try_from(client.len()).unwrap_or(u64::MAX).to_be_bytes();
        let parts: [&[u8]; 3] = [&length, client.as_bytes(), connection.as_bytes()];
        let who = RequesterDigest::of(parts.concat());
        // Nothing that it has tells one person who asks through it from another.
        Self { door: Door::Api, who, address, known: false }
    }
}

/// What outlives a change of configuration.
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

/// The login of one configuration.
#[derive(Clone)]
pub struct Login {
    parts: Parts,
    settings: Settings,
    session: crate::session::Settings,
}

impl Login {
    pub fn new(parts: Parts, settings: Settings, session: crate::session::Settings) -> Self {
        Self { parts, settings, session }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whose counts a request touches.
    fn subject<'a>(&self, asker: &Asker, phone: &'a PhoneNumber) -> Subject<'a> {
        let source = self.parts.limiter.source(asker.address);
        Subject { phone, source, known: asker.known }
    }

    /// Counts what is wanted, unless there was too much of something.
    async fn count(
        &self,
        wanted: Wanted<'_>,
        subject: Subject<'_>,
    ) -> Result<Admission, StoreError> {
        let Parts { limiter, system, events, .. } = &self.parts;
        let admission = limiter.take(&self.settings.limits, wanted, subject, system).await;
        let admission = admission.map_err(self.store_failed("count"))?;
        if let Admission::Refused(limited) = &admission {
            let seconds = limited.retry_after.as_secs();
            events.record(&Event::Limited { limit: limited.row.key, seconds });
        }
        Ok(admission)
    }

    /// Gives back what did not happen. If that fails, it counts although it did not: nobody is
    /// let through for it.
    async fn give_back(&self, taken: &limits::Taken) {
        let given = self.parts.limiter.give_back(taken).await;
        let _ = given.map_err(self.store_failed("give back what was counted"));
    }

    /// Reads what a person typed as their number; `home` is the country chosen beside it.
    pub fn number(&self, typed: &str, home: Option<Country>) -> Result<PhoneNumber, InvalidPhone> {
        let test = self.settings.test_numbers.typed(typed);
        test.map_or_else(|| PhoneNumber::parse(typed, home), |test| Ok(test.clone()))
    }

    /// The code of an attempt; `None`: it cannot be known any more, so none is right.
    fn code(&self, attempt: &Attempt, phone: &PhoneNumber) -> Option<OneTimeCode> {
        if phone.is_test() {
            return self.settings.test_numbers.code(phone).cloned();
        }
        self.parts.keys.code(attempt, phone)
    }

    fn store_failed(&self, doing: &'static str) -> impl FnOnce(StoreError) -> StoreError + '_ {
        move |error| {
            let reason = error.to_string();
            self.parts.events.record(&Event::StoreFailed { doing, reason: &reason });
            error
        }
    }
}
