use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, mpsc};

use super::attempt;
use super::code_owner::TextedCode;
use super::keys::CodeKeys;
use super::limits::LoginLimits;
use super::sent_texts::SentTexts;
use crate::delivery::sms::{Message, Receipt};
use crate::delivery::{Delivery, Failure, SendError};
use crate::domain::{AttemptId, OneTimeCode, PhoneNumber};
use crate::events::{Event, EventSink};
use crate::store::{
    Attempt, AttemptStore, SendOutcome, SendRefusal, SentText, StoreError, TextRequest, TextState,
    UserStore,
};
use crate::system::{System, Timestamp};
use crate::words::{RenderedText, Segments, SmsTemplates, TemplateError, bind_to_host};

/// Capacity of the queue; further texts are rejected.
const CAPACITY: usize = 10_000;
/// Texts that are sent concurrently.
const CONCURRENT_SENDS: usize = 32;

/// Delay of each job while only users are texted. Without it the work of sending would slow the
/// answer to the request by a fraction of a millisecond, which would reveal who is a user.
const DELAY_AFTER_ANSWER: Duration = Duration::from_millis(100);

/// One text to be sent. Holds no code: it is derived from the attempt.
#[derive(Debug)]
pub(super) struct OutboxJob {
    pub(super) attempt: AttemptId,
    pub(super) phone: PhoneNumber,
    pub(super) request: TextRequest,
    /// The provider that did not deliver the same code.
    pub(super) instead_of: Option<String>,
}

/// The queue of texts. Requests enqueue jobs and never wait for a provider.
pub struct Outbox {
    queue: mpsc::Sender<OutboxJob>,
    unfinished: Arc<AtomicUsize>,
}

impl Outbox {
    /// The queue and its receiving end, which [`OutboxWorker::new`] takes.
    pub fn new() -> (Self, OutboxReceiver) {
        let (queue, jobs) = mpsc::channel(CAPACITY);
        let unfinished = Arc::new(AtomicUsize::new(0));
        let receiver = OutboxReceiver { jobs, unfinished: Arc::clone(&unfinished) };
        (Self { queue, unfinished }, receiver)
    }

    /// `false` if the queue is full.
    pub(super) fn push(&self, job: OutboxJob) -> bool {
        self.unfinished.fetch_add(1, Ordering::AcqRel);
        let queued = self.queue.try_send(job).is_ok();
        if !queued {
            self.unfinished.fetch_sub(1, Ordering::AcqRel);
        }
        queued
    }

    /// Texts that are queued or being sent.
    pub fn unfinished(&self) -> usize {
        self.unfinished.load(Ordering::Acquire)
    }
}

/// The receiving end of an [`Outbox`].
pub struct OutboxReceiver {
    jobs: mpsc::Receiver<OutboxJob>,
    unfinished: Arc<AtomicUsize>,
}

/// Sends the texts of the queue.
pub struct OutboxWorker {
    jobs: Mutex<mpsc::Receiver<OutboxJob>>,
    unfinished: Arc<AtomicUsize>,
    pub(super) sender: OutboxSender,
}

/// How texts are worded and sent: what a change of the configuration replaces.
pub struct TextSettings {
    pub delivery: Delivery,
    pub templates: SmsTemplates,
    /// For texts that nobody asks for: those that are sent again.
    pub limits: LoginLimits,
}

/// What sending a text depends on.
pub struct OutboxSender {
    pub attempts: Arc<dyn AttemptStore>,
    pub users: Arc<dyn UserStore>,
    pub keys: Arc<CodeKeys>,
    pub texts: Arc<ArcSwap<TextSettings>>,
    pub sent: Arc<SentTexts>,
    pub events: Arc<dyn EventSink>,
    pub system: System,
}

impl OutboxWorker {
    pub fn new(receiver: OutboxReceiver, sender: OutboxSender) -> Self {
        let OutboxReceiver { jobs, unfinished } = receiver;
        Self { jobs: Mutex::new(jobs), unfinished, sender }
    }

    /// Runs until the queue is dropped. Sends several texts concurrently, so that one slow call
    /// to a provider does not delay the others.
    pub async fn run(&self) {
        futures_util::future::join_all((0..CONCURRENT_SENDS).map(|_| self.work())).await;
    }

    async fn work(&self) {
        loop {
            let job = self.jobs.lock().await.recv().await;
            let Some(job) = job else { return };
            if job.request.only_users {
                tokio::time::sleep(DELAY_AFTER_ANSWER).await;
            }
            self.sender.send(&job).await;
            self.unfinished.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl OutboxSender {
    /// Sends the text of a job unless its attempt is dead or its number may not be texted, and
    /// stores the outcome in the attempt. Returns what was sent to a provider.
    async fn send(&self, job: &OutboxJob) -> Option<SendOutcome> {
        let found = self.attempts.get(job.request.key).await;
        let found = self.log_failure("read an attempt to send its text", found)?;
        let Some(attempt) = found.filter(|attempt| self.is_current(attempt, job)) else {
            self.events.record(&Event::TextDropped { attempt: job.attempt });
            return None;
        };
        if job.request.only_users && !self.is_user(&job.phone).await? {
            self.events.record(&Event::TextWithheld { attempt: job.attempt });
            return None;
        }
        if job.phone.is_test() {
            self.set_outcome(job, (SendOutcome::Sent, &TextState::default())).await;
            return None;
        }
        let (result, sent) = self.deliver(job, &attempt).await;
        self.set_outcome(job, (result.0, &result.1)).await;
        // After the outcome, which a receipt may change.
        if let Some(text) = sent {
            self.sent.sent(text);
        }
        Some(result.0)
    }

    fn is_current(&self, attempt: &Attempt, job: &OutboxJob) -> bool {
        attempt.id == job.attempt && attempt::is_alive(attempt, self.system.steady())
    }

    /// Whether the number belongs to a user. A blocked user counts as one: the block is disclosed
    /// only after the right code. `None` if the store failed, so that nothing is sent.
    async fn is_user(&self, phone: &PhoneNumber) -> Option<bool> {
        let user = self.users.find_by_identifier(&phone.into()).await;
        Some(self.log_failure("look for a user to text", user)?.is_some())
    }

    /// Stores the outcome of a text, unless outcomes are not disclosed.
    async fn set_outcome(&self, job: &OutboxJob, outcome: (SendOutcome, &TextState)) {
        if job.request.only_users {
            return;
        }
        let mut step = |found: Option<&_>| attempt::set_text(found, job.attempt, outcome);
        let updated = self.attempts.update(job.request.key, &mut step).await;
        self.log_failure("store the outcome of a text", updated);
    }

    fn log_failure<T>(&self, doing: &'static str, result: Result<T, StoreError>) -> Option<T> {
        result.inspect_err(|error| self.events.store_failed(doing, error)).ok()
    }

    /// Asks the providers. Returns what the attempt is told, and the text if one took it.
    async fn deliver(
        &self,
        job: &OutboxJob,
        attempt: &Attempt,
    ) -> ((SendOutcome, TextState), Option<SentText>) {
        const DOWN: SendOutcome = SendOutcome::Refused { why: SendRefusal::Service, code: None };
        let down = || ((DOWN, TextState::default()), None);
        let Some(code) = self.keys.code(attempt, &job.phone) else {
            self.not_asked(job, "the server secret of the code is no longer configured");
            return down();
        };
        let texts = self.texts.load_full();
        let text = match render(&texts.templates, job, &code) {
            Ok(RenderedText { text, instead_of }) => {
                if let Some(why) = instead_of {
                    let reason = why.to_string();
                    self.events
                        .record(&Event::TextReplaced { attempt: attempt.id, reason: &reason });
                }
                text
            }
            Err(error) => {
                self.not_asked(job, &error.to_string());
                return down();
            }
        };
        let valid_for = attempt.expires.since(self.system.steady());
        let (attempts, events) = (&*self.attempts, &*self.events);
        let texted = TextedCode { attempts, events, key: job.request.key, before: attempt };
        let message = Message {
            held: texted.held(),
            code: Some(code.reveal()),
            instead_of: job.instead_of.as_deref(),
            ..message(&job.request, &job.phone, (text.reveal(), valid_for))
        };
        let sent = texts.delivery.send_watched(&message, &texted).await;
        texted.settle(&texts.delivery, &sent).await;
        for error in &sent.passed_over {
            self.text_failed(job, error);
        }
        let at = self.system.steady();
        let taken = match &sent.result {
            Ok(receipt) => {
                let (provider, message_id) = (receipt.provider, receipt.id.as_str());
                let own_code = texts.delivery.owns_codes(provider);
                let (attempt, channel) = (attempt.id, job.request.channel);
                let told = Event::TextSent { attempt, provider, message_id, own_code, channel };
                self.events.record(&told);
                Some(receipt.clone())
            }
            Err(error) => {
                self.text_failed(job, error);
                perhaps_taken(error)
            }
        };
        let row = |receipt| self.sent_text(job, (receipt, at), text.reveal(), &texts.limits);
        let row = taken.as_ref().map(row);
        (told(&sent.result, &texts.delivery, row.as_ref()), row)
    }

    /// The row of a text that a provider took, or may have taken.
    fn sent_text(
        &self,
        job: &OutboxJob,
        (receipt, at): (&Receipt, Timestamp),
        text: &str,
        limits: &LoginLimits,
    ) -> SentText {
        let counted = || u32::try_from(Segments::of(text).count).unwrap_or(1);
        let segments = receipt.segments.unwrap_or_else(counted);
        SentText {
            provider: receipt.provider.to_owned(),
            message: receipt.id.clone(),
            attempt: job.attempt,
            phone: job.phone.clone(),
            request: job.request.clone(),
            at,
            segments,
            price: limits.prices.cost_of(&job.phone, job.request.channel, segments),
            again: job.instead_of.is_some(),
            expires: self.sent.expiry_of(at),
        }
    }

    /// No provider was asked.
    fn not_asked(&self, job: &OutboxJob, reason: &str) {
        self.record_failure(job, ("", false), reason);
    }

    fn text_failed(&self, job: &OutboxJob, error: &SendError) {
        let unclear = error.failure == Failure::Unclear;
        self.record_failure(job, (error.provider, unclear), &error.to_string());
    }

    fn record_failure(&self, job: &OutboxJob, (provider, unclear): (&str, bool), reason: &str) {
        let (attempt, country) = (job.attempt, job.phone.country());
        self.events.record(&Event::TextFailed { attempt, provider, unclear, reason, country });
    }
}

/// What would have been answered of a text of which it is not clear whether it was sent: it is counted
/// as one that was, and a receipt may tell.
fn perhaps_taken(error: &SendError) -> Option<Receipt> {
    let id = error.message_id.clone()?;
    Some(Receipt { provider: error.provider, id, segments: None })
}

/// What the attempt is told, and of the text that was taken.
fn told(
    result: &Result<Receipt, SendError>,
    delivery: &Delivery,
    row: Option<&SentText>,
) -> (SendOutcome, TextState) {
    let (outcome, provider, is_taken) = match result {
        Ok(receipt) => (SendOutcome::Sent, receipt.provider, true),
        Err(error) => (disclosed(error), error.provider, false),
    };
    let text = TextState {
        provider: Some(provider.to_owned()),
        sent: row.map(|row| row.at),
        awaited: is_taken && delivery.gives_receipts(provider),
        ..TextState::default()
    };
    (outcome, text)
}

/// A text of a request, and how long it is worth something.
pub(super) fn message<'a>(
    request: &'a TextRequest,
    to: &'a PhoneNumber,
    (text, valid_for): (&'a str, Duration),
) -> Message<'a> {
    let (client, language) = (request.client.as_ref(), request.page_language.as_deref());
    let channel = request.channel;
    Message { channel, client, language, ..Message::new(to, text, valid_for) }
}

fn render(
    templates: &SmsTemplates,
    job: &OutboxJob,
    code: &OneTimeCode,
) -> Result<RenderedText, TemplateError> {
    let (language, application) =
        (job.request.accept_language.as_deref(), job.request.application.as_deref());
    let rendered = templates.render(job.request.page_language.as_deref(), |template| {
        template.render(code, &job.phone, language, application)
    })?;
    Ok(match &job.request.page_host {
        Some(host) => RenderedText { text: bind_to_host(&rendered.text, host, code), ..rendered },
        None => rendered,
    })
}

/// What the requester learns of a failure.
fn disclosed(error: &SendError) -> SendOutcome {
    match error.failure {
        Failure::Unclear => SendOutcome::Unclear,
        failure => SendOutcome::Refused { why: refusal_of(failure), code: error.code },
    }
}

/// THE table of what is disclosed of a failure: what the person can do about it. A suspicion of fraud
/// looks like a failure of the provider.
pub(super) const fn refusal_of(failure: Failure) -> SendRefusal {
    match failure {
        Failure::BadNumber | Failure::NotMobile => SendRefusal::Number,
        Failure::OptedOut => SendRefusal::OptedOut,
        Failure::NotReached | Failure::NotAnswered => SendRefusal::NotReached,
        Failure::TooMany => SendRefusal::TooMany,
        Failure::CountryNotServed => SendRefusal::Country,
        Failure::Blocked | Failure::Declined => SendRefusal::Blocked,
        Failure::Misconfigured
        | Failure::TextRefused
        | Failure::Overloaded
        | Failure::Broken
        | Failure::Fraud
        | Failure::NotNoted
        | Failure::Unreachable
        | Failure::PrivateAddress
        | Failure::Unclear
        | Failure::Unexpected => SendRefusal::Service,
    }
}
