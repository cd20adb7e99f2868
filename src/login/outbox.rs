use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};

use super::{Keys, attempt};
use crate::delivery::sms::Message;
use crate::delivery::{Blame, Delivery, Failure, SendError};
use crate::domain::{AttemptId, AttemptKey, Host, PhoneNumber};
use crate::events::{Event, Sink};
use crate::store::{Attempt, Attempts, SendOutcome, SendRefusal, StoreError, Users};
use crate::system::System;
use crate::words::{SmsTemplates, bind_to_host};

/// The most texts that wait to be sent. What comes beyond is refused.
const MOST_WAITING: usize = 10_000;
/// Texts that are with a provider at the same time.
const AT_ONCE: usize = 32;

/// After that whoever asked has their answer. Where only users are texted, the work that a text
/// makes would else slow that answer down by a part of a millisecond, and tell who is a user.
const ANSWERED: Duration = Duration::from_millis(100);

/// One text to be sent. Holds no code: that follows from the attempt.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) key: AttemptKey,
    pub(super) attempt: AttemptId,
    pub(super) phone: PhoneNumber,
    pub(super) language: Option<String>,
    pub(super) page_language: Option<String>,
    pub(super) page_host: Option<Host>,
    pub(super) application: Option<String>,
    /// Whether only users are texted. What becomes of such a text is not told.
    pub(super) only_known: bool,
}

/// The queue of texts: requests put jobs in and never wait for a provider.
pub struct Outbox {
    queue: mpsc::Sender<Job>,
    unfinished: Arc<AtomicUsize>,
}

impl Outbox {
    /// The queue and its other end, which [`OutboxWorker::new`] takes.
    pub fn new() -> (Self, OutboxJobs) {
        let (queue, waiting) = mpsc::channel(MOST_WAITING);
        let unfinished = Arc::new(AtomicUsize::new(0));
        let jobs = OutboxJobs { waiting, unfinished: Arc::clone(&unfinished) };
        (Self { queue, unfinished }, jobs)
    }

    /// Whether there was room.
    pub(super) fn push(&self, job: Job) -> bool {
        self.unfinished.fetch_add(1, Ordering::AcqRel);
        let queued = self.queue.try_send(job).is_ok();
        if !queued {
            self.unfinished.fetch_sub(1, Ordering::AcqRel);
        }
        queued
    }

    /// Texts that wait or are with a provider.
    pub fn unfinished(&self) -> usize {
        self.unfinished.load(Ordering::Acquire)
    }
}

/// The jobs that wait in an [`Outbox`].
pub struct OutboxJobs {
    waiting: mpsc::Receiver<Job>,
    unfinished: Arc<AtomicUsize>,
}

/// Sends what is in the queue.
pub struct OutboxWorker {
    jobs: Mutex<mpsc::Receiver<Job>>,
    unfinished: Arc<AtomicUsize>,
    pub(super) sender: Sender,
}

/// What sending one text needs.
pub struct Sender {
    pub attempts: Arc<dyn Attempts>,
    pub users: Arc<dyn Users>,
    pub keys: Arc<Keys>,
    pub delivery: Arc<Delivery>,
    pub templates: Arc<SmsTemplates>,
    pub events: Arc<dyn Sink>,
    pub system: System,
}

impl OutboxWorker {
    pub fn new(jobs: OutboxJobs, sender: Sender) -> Self {
        let OutboxJobs { waiting, unfinished } = jobs;
        Self { jobs: Mutex::new(waiting), unfinished, sender }
    }

    /// Sends until the queue is dropped, a few at a time, so that one slow provider call does
    /// not hold up the others.
    pub async fn run(&self) {
        futures_util::future::join_all((0..AT_ONCE).map(|_| self.work())).await;
    }

    async fn work(&self) {
        loop {
            let job = self.jobs.lock().await.recv().await;
            let Some(job) = job else { return };
            if job.only_known {
                tokio::time::sleep(ANSWERED).await;
            }
            self.sender.send(&job).await;
            self.unfinished.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Sender {
    /// Sends the text of a job, if it is to be sent, and tells what a provider made of it.
    async fn send(&self, job: &Job) -> Option<SendOutcome> {
        let found = self.attempts.get(job.key).await;
        let attempt = found.map_err(self.failed("read an attempt to send its text")).ok()?;
        let alive = |attempt: &Attempt| {
            attempt.id == job.attempt && attempt::is_alive(attempt, self.system.now())
        };
        let Some(attempt) = attempt.filter(alive) else {
            self.events.record(&Event::TextDropped { attempt: job.attempt });
            return None;
        };
        if job.only_known && !self.is_known(job).await? {
            self.events.record(&Event::TextWithheld { attempt: job.attempt });
            return None;
        }
        if job.phone.is_test() {
            self.note(job, SendOutcome::Sent).await;
            return None;
        }
        let outcome = self.text(job, &attempt).await;
        self.note(job, outcome).await;
        Some(outcome)
    }

    /// Whether there is a user with this number, blocked or not: who is blocked must not learn
    /// of it before the right code. `None`: not to be found out, so nothing is sent.
    async fn is_known(&self, job: &Job) -> Option<bool> {
        let found = self.users.with_number(&(&job.phone).into()).await;
        found.map(|user| user.is_some()).map_err(self.failed("look for a user to text")).ok()
    }

    /// Writes down what became of a text, where that is told.
    async fn note(&self, job: &Job, outcome: SendOutcome) {
        if job.only_known {
            return;
        }
        let mut step = |found: Option<&_>| attempt::note_outcome(found, job.attempt, outcome);
        let noted = self.attempts.update(job.key, &mut step).await;
        let _ = noted.map_err(self.failed("note an outcome"));
    }

    fn failed(&self, doing: &'static str) -> impl FnOnce(StoreError) + '_ {
        move |error| {
            let reason = error.to_string();
            self.events.record(&Event::StoreFailed { doing, reason: &reason });
        }
    }

    async fn text(&self, job: &Job, attempt: &Attempt) -> SendOutcome {
        let failed = |provider: &str, reason: &str| {
            self.events.record(&Event::TextFailed { attempt: attempt.id, provider, reason });
        };
        let service_down = SendOutcome::Refused { why: SendRefusal::Service, code: None };
        let Some(code) = self.keys.code(attempt, &job.phone) else {
            failed("", "made with a secret that is gone");
            return service_down;
        };
        let template = self.templates.of(job.page_language.as_deref());
        let text = match template.render(
            &code,
            &job.phone,
            job.language.as_deref(),
            job.application.as_deref(),
        ) {
            Ok(text) => text,
            Err(error) => {
                failed("", &error.to_string());
                return service_down;
            }
        };
        let text = match &job.page_host {
            Some(host) => bind_to_host(&text, host, &code),
            None => text,
        };
        let valid_for = attempt.expires.since(self.system.now());
        let message = Message { to: &job.phone, text: text.reveal(), valid_for };
        let sent = self.delivery.send(&message).await;
        sent.passed_over.iter().for_each(|error| failed(error.provider, &error.to_string()));
        match sent.result {
            Ok(receipt) => {
                let (provider, message) = (receipt.provider, receipt.id.as_str());
                self.events.record(&Event::TextSent { attempt: attempt.id, provider, message });
                SendOutcome::Sent
            }
            Err(error) => {
                failed(error.provider, &error.to_string());
                told(&error)
            }
        }
    }
}

/// How much of a failure the person at the page is told.
const fn told(error: &SendError) -> SendOutcome {
    let why = match (error.failure, error.blame()) {
        // It may have been sent: neither that it was nor that it was not is claimed.
        (Failure::Unclear, _) => return SendOutcome::Pending,
        (Failure::OptedOut, _) => SendRefusal::OptedOut,
        (_, Blame::Person) => SendRefusal::Number,
        (_, Blame::Operator | Blame::Provider | Blame::Fraud) => SendRefusal::Service,
    };
    SendOutcome::Refused { why, code: error.code }
}
