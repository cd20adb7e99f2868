use std::time::Duration;

use super::attempt::{self, Opened, Standing};
use super::limits::{Admission, Limited, Taken, WAIT, Wanted, What};
use super::outbox::Job;
use super::{Asker, Login, Parts};
use crate::domain::{AttemptId, AttemptKey, Host, LineType, PhoneNumber};
use crate::events::Event;
use crate::store::{Attempt, SendOutcome, SendRefusal, StoreError};

/// The outcome of a text is looked for so often while somebody waits for it: the store may be
/// another process's, which cannot call us.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// Somebody wants a code at `phone`.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    pub asker: Asker,
    pub phone: &'a PhoneNumber,
    /// The `Accept-Language` header's own text, for the template.
    pub language: Option<&'a str>,
    /// The tag of the language of the page that asks for the code.
    pub page_language: Option<&'a str>,
    /// The host of the page that asks for the code, for the text's last line.
    pub page_host: Option<&'a Host>,
    /// The name of the application that asks, for the template; `None`: our own pages.
    pub application: Option<&'a str>,
}

/// A start that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// A text is on its way.
    Queued,
    /// The newest text to the number is too young for another, and the code that this asker was
    /// sent still works.
    CoolingDown,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("texts are not sent to that country")]
    CountryNotServed,
    #[error("the number is a landline")]
    Landline,
    #[error("the number is of a kind that is not texted")]
    NotMobile,
    #[error("the queue of texts is full")]
    Busy,
    #[error("the limit {} is reached", .0.row.key)]
    Limited(Limited),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Login {
    /// Opens an attempt or resumes the one that lives, and queues its text. Does not wait for
    /// the provider.
    ///
    /// All texts to a number wait for each other, whoever asked for them. Until then a start
    /// whose code lives needs no text. One whose code is dead is sent another, since it was sent
    /// one: for that a code must expire, be used or be guessed at, which has limits of its own.
    /// Everybody else is told when to come back: a text for each who comes would let anybody use
    /// up at once what the number may have in an hour.
    pub async fn start(&self, start: Start<'_>) -> Result<Started, StartError> {
        self.may_be_texted(start.phone)?;
        let parts = &self.parts;
        let key = parts.keys.attempt(&start.asker, start.phone);
        let _turn = parts.limiter.turn(key).await;
        let found = parts.attempts.get(key).await.map_err(self.store_failed("read an attempt"))?;
        let standing = attempt::standing(found.as_ref(), parts.system.now());
        if matches!(standing, Standing::Resumable(_)) && self.is_waiting(&start).await? {
            return Ok(Started::CoolingDown);
        }
        let taken = match self.admit(&start, &standing).await? {
            Admission::Taken(taken) => taken,
            // Another start for the number was faster.
            Admission::Refused(limited)
                if *limited.row == WAIT && matches!(standing, Standing::Resumable(_)) =>
            {
                return Ok(Started::CoolingDown);
            }
            Admission::Refused(limited) => return Err(StartError::Limited(limited)),
        };
        let started = self.open(key, &start, &taken).await;
        if started.is_err() {
            self.give_back(&taken).await;
        }
        started
    }

    /// Whether there may be one start more. Nobody is sent a code that could not be typed in.
    async fn admit(
        &self,
        start: &Start<'_>,
        standing: &Standing<'_>,
    ) -> Result<Admission, StoreError> {
        let what = [(What::Start, 1), (What::Text, 1), (What::WrongCode, 0), (What::Attempt, 1)];
        let (what, waits) = match standing {
            Standing::Resumable(_) => (&what[..3], true),
            Standing::Dead => (&what[..], false),
            Standing::Unknown => (&what[..], true),
        };
        self.count(Wanted { what, waits }, self.subject(&start.asker, start.phone)).await
    }

    async fn is_waiting(&self, start: &Start<'_>) -> Result<bool, StoreError> {
        let Parts { limiter, system, .. } = &self.parts;
        let subject = self.subject(&start.asker, start.phone);
        let waiting = limiter.is_waiting(&self.settings.limits, subject, system).await;
        waiting.map_err(self.store_failed("look for the last text"))
    }

    /// How long until another text may be asked for, as things stand now: whichever limit it is.
    pub async fn resend_wait(
        &self,
        asker: &Asker,
        phone: &PhoneNumber,
    ) -> Result<Duration, StoreError> {
        let Parts { limiter, system, .. } = &self.parts;
        let what = &[(What::Start, 0), (What::Text, 0), (What::WrongCode, 0)];
        let (wanted, subject) = (Wanted { what, waits: true }, self.subject(asker, phone));
        let admission = limiter.take(&self.settings.limits, wanted, subject, system).await;
        Ok(match admission.map_err(self.store_failed("look for the last text"))? {
            Admission::Taken(_) => Duration::ZERO,
            Admission::Refused(limited) => limited.retry_after,
        })
    }

    async fn open(
        &self,
        key: AttemptKey,
        start: &Start<'_>,
        taken: &Taken,
    ) -> Result<Started, StartError> {
        let Login { parts, settings, .. } = self;
        let fresh = self.fresh(&start.asker, taken);
        let now = parts.system.now();
        let mut opened = None;
        let mut step = |found: Option<&_>| {
            let (told, step) = attempt::open(found, &fresh, settings.code_lifetime, now);
            opened = Some(told);
            step
        };
        let updated = parts.attempts.update(key, &mut step).await;
        updated.map_err(self.store_failed("open an attempt"))?;
        let (id, again) = match opened {
            Some(Opened::New(attempt)) => (attempt.id, false),
            Some(Opened::Again(attempt)) => (attempt.id, true),
            None => return Err(StartError::Busy),
        };
        parts.events.record(&Event::CodeRequested { attempt: id, phone: start.phone, again });
        self.queue(key, id, start).await
    }

    async fn queue(
        &self,
        key: AttemptKey,
        attempt: AttemptId,
        start: &Start<'_>,
    ) -> Result<Started, StartError> {
        let parts = &self.parts;
        let queued = parts.outbox.push(Job {
            key,
            attempt,
            phone: start.phone.clone(),
            language: start.language.map(str::to_owned),
            page_language: start.page_language.map(str::to_owned),
            page_host: start.page_host.cloned(),
            application: start.application.map(str::to_owned),
            only_known: !self.settings.sign_up,
        });
        if queued {
            return Ok(Started::Queued);
        }
        parts.events.record(&Event::QueueFull { attempt });
        let outcome = SendOutcome::Refused { why: SendRefusal::Service, code: None };
        let mut step = |found: Option<&_>| attempt::note_outcome(found, attempt, outcome);
        parts.attempts.update(key, &mut step).await?;
        Err(StartError::Busy)
    }

    fn fresh(&self, asker: &Asker, taken: &Taken) -> attempt::Fresh {
        let Parts { keys, limiter, system, .. } = &self.parts;
        attempt::Fresh {
            id: AttemptId::from_bytes(system.random()),
            nonce: system.random(),
            key: keys.codes[0].id(),
            length: self.settings.code_length,
            tries: self.settings.tries,
            source: limiter.source(asker.address),
            counted: taken.at(),
        }
    }

    /// Whether the code of `attempt` would still be taken.
    pub fn is_alive(&self, attempt: &Attempt) -> bool {
        attempt::is_alive(attempt, self.parts.system.now())
    }

    /// The attempt of this asker and number, as soon as the outcome of its newest text is known,
    /// but no later than after `patience`. At once where outcomes are not told.
    pub async fn attempt_with_outcome(
        &self,
        asker: &Asker,
        phone: &PhoneNumber,
        patience: Duration,
    ) -> Result<Option<Attempt>, StoreError> {
        let key = self.parts.keys.attempt(asker, phone);
        let patience = if self.settings.sign_up { patience } else { Duration::ZERO };
        let mut looks = patience.as_millis() / LOOK_AGAIN.as_millis();
        loop {
            let found = self.parts.attempts.get(key).await;
            let found = found.map_err(self.store_failed("read an attempt"))?;
            let pending = |attempt: &Attempt| attempt.outcome == SendOutcome::Pending;
            if looks == 0 || !found.as_ref().is_some_and(pending) {
                return Ok(found);
            }
            looks -= 1;
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn may_be_texted(&self, phone: &PhoneNumber) -> Result<(), StartError> {
        if phone.is_test() {
            return Ok(());
        }
        if !self.settings.countries.serves(phone.country()) {
            return Err(StartError::CountryNotServed);
        }
        match phone.line_type() {
            LineType::Mobile => Ok(()),
            LineType::Landline => Err(StartError::Landline),
            LineType::Other => Err(StartError::NotMobile),
        }
    }
}
