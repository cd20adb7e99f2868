//! Keeps what becomes of login attempts: a sink of events that never waits, and the job that writes what
//! it was told.
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};

use super::history_room::RefusalRoom;
use super::refusal_history::{Refusal, refusal};
use crate::domain::{AttemptId, PhoneNumber, TextChannel};
use crate::events::{Event, EventSink};
use crate::login::LATE_AFTER;
use crate::proxy::BackgroundJob;
use crate::store::{AttemptHistory, HistoryEntry, StoreError};
use crate::system::System;

/// Entries that wait to be written; further ones are lost, and counted.
const CAPACITY: usize = 10_000;
/// Entries of one transaction.
const BATCH: usize = 200;
/// How long entries are gathered, so that a busy server does not write for each.
const GATHER: Duration = Duration::from_millis(200);
/// How long after a failure it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// The sink, and what was lost because the store was too slow or away.
pub(super) struct HistorySink {
    queue: mpsc::Sender<HistoryEntry>,
    kept: Duration,
    system: System,
    next: AtomicI64,
    lost: AtomicU64,
    refusals: RefusalRoom,
    left_out: AtomicU64,
}

/// Writes what the sink was told.
pub(super) struct HistoryWriter {
    pending: Mutex<Pending>,
    store: Arc<dyn AttemptHistory>,
}

/// What is not written yet.
struct Pending {
    entries: mpsc::Receiver<HistoryEntry>,
    /// The next ones to be written: a job that is stopped loses none.
    batch: Vec<HistoryEntry>,
}

/// A sink whose entries are kept for so long, and its writer.
pub(super) fn history(
    kept: Duration,
    store: Arc<dyn AttemptHistory>,
    system: System,
) -> (Arc<HistorySink>, Arc<HistoryWriter>) {
    let (queue, entries) = mpsc::channel(CAPACITY);
    let (next, lost) = (AtomicI64::new(0), AtomicU64::new(0));
    let (refusals, left_out) = (RefusalRoom::default(), AtomicU64::new(0));
    let pending = Mutex::new(Pending { entries, batch: Vec::new() });
    let writer = HistoryWriter { pending, store };
    let sink = HistorySink { queue, kept, system, next, lost, refusals, left_out };
    (Arc::new(sink), Arc::new(writer))
}

impl HistorySink {
    /// Entries that were lost.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Entries about what was refused that there was no room for: see [`RefusalRoom`].
    pub(super) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }
}

impl EventSink for HistorySink {
    fn record(&self, event: &Event<'_>) {
        let (attempt, text, phone) = match refusal(event) {
            Some(Refusal { attempt, source, text, phone }) => {
                if !self.refusals.take(&source, self.system.steady()) {
                    self.left_out.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                (attempt, text, phone)
            }
            None => match told(event) {
                Some(told) => told,
                None => return,
            },
        };
        let at = self.system.now();
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let (phone, expires) = (phone.cloned(), at + self.kept);
        if self.queue.try_send(HistoryEntry { attempt, at, n, text, phone, expires }).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What a provider says became of a message.
fn told_by_provider(event: &Event<'_>) -> Option<String> {
    Some(match event {
        // It takes as long as it is listened to.
        Event::TextDelivered { provider, channel: TextChannel::Voice, seconds, .. } => {
            format!(
                "{provider} says that the call was answered and is over, {seconds} s after it was asked for"
            )
        }
        Event::TextDelivered { provider, channel, seconds, .. } => {
            let late = if *seconds >= LATE_AFTER.as_secs() { ", late" } else { "" };
            format!("{provider} says that the {} arrived, after {seconds} s{late}", noun(*channel))
        }
        Event::TextUndelivered { provider, channel, reason, code, .. } => {
            let code = code.map_or(String::new(), |code| format!(" (code {code})"));
            let noun = noun(*channel);
            format!("{provider} says that the {noun} did not arrive: {reason}{code}")
        }
        _ => return None,
    })
}

/// What a message by this channel is called.
const fn noun(channel: TextChannel) -> &'static str {
    match channel {
        TextChannel::Sms => "text",
        TextChannel::WhatsApp => "message",
        TextChannel::Voice => "call",
    }
}

/// What is kept of an event: the attempt, a sentence without its subject, and the number at its start.
fn told<'e>(event: &Event<'e>) -> Option<(AttemptId, String, Option<&'e PhoneNumber>)> {
    let (attempt, text) = match event {
        Event::CodeRequested { attempt, phone, again, application, proof } => {
            let by = application.map_or("the login page".to_owned(), |name| format!("`{name}`"));
            let again = if *again { " again" } else { "" };
            let proof = match proof {
                None => String::new(),
                Some(Ok(by)) => format!(", with a proof ({by})"),
                Some(Err(why)) => format!(", with a proof that was not accepted ({why})"),
            };
            let phone_shown = phone.masked();
            let text = format!("a code was asked for{again} by {by}, for {phone_shown}{proof}");
            return Some((*attempt, text, Some(phone)));
        }
        Event::TextSent { attempt, provider, message_id, own_code, channel } => {
            let what = if *own_code {
                "is to text a code of its own".to_owned()
            } else {
                format!("accepted the {}", noun(*channel))
            };
            (attempt, format!("{provider} {what}, as {message_id}"))
        }
        Event::TextFailed { attempt, reason, unclear: true, .. } => (attempt, (*reason).to_owned()),
        Event::TextFailed { attempt, reason, .. } => (attempt, format!("no text: {reason}")),
        Event::TextDelivered { attempt, .. } | Event::TextUndelivered { attempt, .. } => {
            (attempt, told_by_provider(event)?)
        }
        Event::TextSentAgain { attempt, instead_of } => {
            (attempt, format!("the same code is sent by another provider than {instead_of}"))
        }
        Event::TextReplaced { attempt, reason } => {
            (attempt, format!("the template made no text, the built-in one was taken: {reason}"))
        }
        Event::TextDropped { attempt } => (attempt, "no text: the attempt was over".to_owned()),
        Event::TextWithheld { attempt } => (attempt, "no text: the number is no user's".to_owned()),
        Event::QueueFull { attempt } => (attempt, "no text: too many were waiting".to_owned()),
        Event::WrongCode { attempt, tries_left } => {
            (attempt, format!("wrong code, tries left: {tries_left}"))
        }
        Event::SignedIn { attempt, user, new_user, .. } => {
            let new = if *new_user { ", who is new," } else { "" };
            (attempt, format!("right code: {user}{new} is signed in"))
        }
        Event::BlockedUser { attempt, user } => {
            (attempt, format!("right code, but {user} is blocked"))
        }
        Event::UnknownUser { attempt } => {
            (attempt, "right code, but the number is no user's".to_owned())
        }
        _ => return None,
    };
    Some((*attempt, text, None))
}

impl HistoryWriter {
    /// Writes again and again.
    pub(super) fn job(self: Arc<Self>) -> BackgroundJob {
        let run = async move {
            let mut pending = self.pending.lock().await;
            loop {
                let Pending { entries, batch } = &mut *pending;
                if entries.recv_many(batch, BATCH).await == 0 {
                    return;
                }
                tokio::time::sleep(GATHER).await;
                while let Err(error) = self.write(&mut pending).await {
                    tracing::debug!(%error, "cannot write the history of login attempts");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        };
        BackgroundJob { name: "history", run: Box::pin(run) }
    }

    /// Writes what is left, after the job was stopped.
    pub(super) async fn flush(&self) {
        let mut pending = self.pending.lock().await;
        while self.write(&mut pending).await.is_ok_and(|written| written > 0) {}
    }

    /// Writes as much as fits in a batch. Returns how many entries that was.
    async fn write(&self, Pending { entries, batch }: &mut Pending) -> Result<usize, StoreError> {
        while batch.len() < BATCH
            && let Ok(entry) = entries.try_recv()
        {
            batch.push(entry);
        }
        if !batch.is_empty() {
            self.store.add_history(batch).await?;
        }
        let written = batch.len();
        batch.clear();
        Ok(written)
    }
}
