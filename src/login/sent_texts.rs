use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};

use super::follow_up::FollowUps;
use crate::delivery::{DeliveryReceipt, Failure, ReceiptInbox};
use crate::domain::AttemptId;
use crate::events::{Event, EventSink, StoreFailure as _};
use crate::store::{MovedText, SentText, StoreError, TextReceipt, TextStore};
use crate::system::{System, Timestamp};

/// Notes that wait to be written; further ones are lost, and counted. A receipt is refused instead, so
/// that its provider sends it again.
const CAPACITY: usize = 10_000;
/// Notes that are written at once.
const BATCH: usize = 200;
/// How long notes are gathered, so that a busy server does not write for each.
const GATHER: Duration = Duration::from_millis(100);
/// How long after a failure it is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// Rows are kept for as long at least: receipts come for so long, whatever is kept otherwise.
const SHORTEST: Duration = Duration::from_hours(1);
/// How long a receipt waits for its text. Other messages of the provider's account may have receipts too.
const UNKNOWN: Duration = Duration::from_hours(1);

/// The texts that were sent and what providers say of them, on their way to the database. Requests put
/// notes in and never wait.
pub struct SentTexts {
    queue: mpsc::Sender<TextNote>,
    kept: Duration,
    system: System,
    lost: AtomicU64,
}

/// Something about a text.
enum TextNote {
    Sent(Box<SentText>),
    Receipt(Box<TextReceipt>),
    Used(AttemptId, Timestamp),
}

/// The receiving end of [`SentTexts`].
pub struct SentTextsReceiver(mpsc::Receiver<TextNote>);

/// Writes the notes, and does what follows from a receipt.
pub struct SentTextsWorker {
    pending: Mutex<Pending>,
    store: Arc<dyn TextStore>,
    follow_ups: FollowUps,
}

/// What is not written yet.
struct Pending {
    notes: mpsc::Receiver<TextNote>,
    /// The next ones to be written: a worker that is stopped loses none.
    batch: Vec<TextNote>,
}

impl SentTexts {
    /// `kept`: how long rows are; zero: only for as long as receipts come.
    pub fn new(kept: Duration, system: System) -> (Self, SentTextsReceiver) {
        let (queue, notes) = mpsc::channel(CAPACITY);
        let kept = kept.max(SHORTEST);
        (Self { queue, kept, system, lost: AtomicU64::new(0) }, SentTextsReceiver(notes))
    }

    /// Notes that were lost, because the database was too slow or away.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Notes a receipt whose signature is good. `false`: there is no room for it.
    pub fn receipt(&self, provider: &str, receipt: DeliveryReceipt) -> bool {
        let at = self.system.steady();
        let note = TextReceipt {
            provider: provider.to_owned(),
            message: receipt.id,
            status: receipt.status,
            failure: receipt.failure.map(|failure| Failure::word(failure).to_owned()),
            code: receipt.code,
            price: receipt.price,
            segments: receipt.segments,
            at,
            expires: at + UNKNOWN,
        };
        self.queue.try_send(TextNote::Receipt(Box::new(note))).is_ok()
    }

    /// When the row of a text that was sent then is deleted.
    pub(super) fn expiry_of(&self, sent: Timestamp) -> Timestamp {
        sent + self.kept
    }

    pub(super) fn sent(&self, text: SentText) {
        self.note(TextNote::Sent(Box::new(text)));
    }

    fn note(&self, note: TextNote) {
        if self.queue.try_send(note).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl ReceiptInbox for SentTexts {
    fn take(&self, provider: &'static str, receipt: DeliveryReceipt) -> bool {
        self.receipt(provider, receipt)
    }
}

impl EventSink for SentTexts {
    fn record(&self, event: &Event<'_>) {
        if let Event::SignedIn { attempt, .. } = event {
            self.note(TextNote::Used(*attempt, self.system.steady()));
        }
    }
}

impl SentTextsWorker {
    pub fn new(
        SentTextsReceiver(notes): SentTextsReceiver,
        store: Arc<dyn TextStore>,
        follow_ups: FollowUps,
    ) -> Self {
        let pending = Mutex::new(Pending { notes, batch: Vec::new() });
        Self { pending, store, follow_ups }
    }

    /// Writes again and again.
    pub async fn run(&self) {
        let mut pending = self.pending.lock().await;
        loop {
            let Pending { notes, batch } = &mut *pending;
            if batch.is_empty() && notes.recv_many(batch, BATCH).await == 0 {
                return;
            }
            tokio::time::sleep(GATHER).await;
            if let Err(error) = self.write(&mut pending).await {
                self.follow_ups.events.store_failed("write what became of texts", &error);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Writes what is left, after the worker was stopped.
    pub async fn flush(&self) {
        let mut pending = self.pending.lock().await;
        while self.write(&mut pending).await.is_ok_and(|written| written > 0) {}
    }

    /// Writes as much as fits in a batch. Returns how many notes that was. What a database that is there
    /// does not take is dropped: it would stop all others.
    async fn write(&self, Pending { notes, batch }: &mut Pending) -> Result<usize, StoreError> {
        while batch.len() < BATCH
            && let Ok(note) = notes.try_recv()
        {
            batch.push(note);
        }
        let written = batch.len();
        match self.try_write(batch).await {
            Err(error) if !error.is_outage() => batch.clear(),
            result => result?,
        }
        Ok(written)
    }

    /// In their order, and all texts first: their receipts are among the rest. What is written leaves the
    /// batch.
    async fn try_write(&self, batch: &mut Vec<TextNote>) -> Result<(), StoreError> {
        let is_sent = |note: &TextNote| matches!(note, TextNote::Sent(_));
        let texts: Vec<SentText> = batch.iter().filter_map(TextNote::text).cloned().collect();
        if !texts.is_empty() {
            let moved = self.store.add_texts(&texts).await?;
            batch.retain(|note| !is_sent(note));
            for text in moved {
                self.follow_ups.moved(&text).await;
            }
        }
        while let Some(note) = batch.first() {
            let moved = self.written(note).await?;
            batch.remove(0);
            if let Some(text) = moved {
                self.follow_ups.moved(&text).await;
            }
        }
        Ok(())
    }

    async fn written(&self, note: &TextNote) -> Result<Option<MovedText>, StoreError> {
        match note {
            TextNote::Sent(_) => Ok(None),
            TextNote::Receipt(receipt) => self.store.move_text(receipt).await,
            TextNote::Used(attempt, at) => {
                self.store.mark_text_used(*attempt, *at).await?;
                Ok(None)
            }
        }
    }
}

impl TextNote {
    fn text(&self) -> Option<&SentText> {
        match self {
            Self::Sent(text) => Some(text),
            Self::Receipt(_) | Self::Used(..) => None,
        }
    }
}
