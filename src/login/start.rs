use std::time::Duration;

use super::attempt::{self, Opened};
use super::outbox::Job;
use super::{Asker, Login};
use crate::domain::{Host, LineType, PhoneNumber};
use crate::events::Event;
use crate::store::{SendOutcome, SendRefusal, StoreError};

/// Somebody wants a code at `phone`.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    pub asker: Asker,
    pub phone: &'a PhoneNumber,
    /// The `Accept-Language` header's own text, for the template.
    pub language: Option<&'a str>,
    /// The host of the page that asks for the code, for the text's last line.
    pub page_host: Option<&'a Host>,
}

/// A start that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// A text is on its way.
    Queued,
    /// The newest text is too young for another; it holds the same code.
    CoolingDown { wait: Duration },
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
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Login {
    /// Opens an attempt or resumes the one that lives, and queues its text. Does not wait for
    /// the provider.
    pub async fn start(&self, start: Start<'_>) -> Result<Started, StartError> {
        self.may_be_texted(start.phone)?;
        let Login { parts, settings, .. } = self;
        let key = parts.keys.attempt(&start.asker, start.phone);
        let fresh = parts.keys.fresh(&parts.system, settings.code_length, settings.tries);
        let now = parts.system.now();
        let mut opened = None;
        let mut step = |found: Option<&_>| {
            let (told, step) = attempt::open(found, &fresh, settings.code_lifetime, now);
            opened = Some(told);
            step
        };
        let updated = parts.attempts.update(key, &mut step).await;
        updated.map_err(self.store_failed("open an attempt"))?;
        let (attempt, again) = match opened {
            Some(Opened::New(attempt)) => (attempt, false),
            Some(Opened::Again(attempt)) => (attempt, true),
            Some(Opened::CoolingDown { wait }) => return Ok(Started::CoolingDown { wait }),
            None => return Err(StartError::Busy),
        };
        let id = attempt.id;
        parts.events.record(&Event::CodeRequested { attempt: id, phone: start.phone, again });
        let queued = parts.outbox.push(Job {
            key,
            attempt: id,
            phone: start.phone.clone(),
            language: start.language.map(str::to_owned),
            page_host: start.page_host.cloned(),
        });
        if queued {
            return Ok(Started::Queued);
        }
        parts.events.record(&Event::QueueFull { attempt: id });
        let outcome = SendOutcome::Refused(SendRefusal::Service);
        let mut step = |found: Option<&_>| attempt::note_outcome(found, id, outcome);
        parts.attempts.update(key, &mut step).await?;
        Err(StartError::Busy)
    }

    fn may_be_texted(&self, phone: &PhoneNumber) -> Result<(), StartError> {
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
