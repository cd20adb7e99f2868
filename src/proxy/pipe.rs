//! What is under way between an app's connection and the client of one request, in both directions.
//!
//! Between the two Pingora queues several parts of up to 64 KiB for each direction, which a client
//! (or app) that takes nothing makes it hold. Here the app's connection is read again only when the
//! part before went to the client, and a part of the request is passed on only when the app took
//! those before it. So one part is written while the next is read, and no more are held.
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use http::StatusCode;
use http::header::TRANSFER_ENCODING;
use pingora_http::ResponseHeader;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::budget::BodyBudget;

/// Limit of a read out of turn, bytes. A read of an answer in chunks may end within the framing and
/// give no part, for which nothing would ever be passed on.
const OUT_OF_TURN: usize = 64;

/// How often a part of a request's body looks for room that other requests of its connection hold.
const ROOM_INTERVAL: Duration = Duration::from_millis(10);
/// How many times: for five seconds. Apps that take nothing do not hold up an upload to another.
const ROOM_LOOKS: usize = 500;

/// The state that an app's stream shares with the filters of the request that it serves. Both run in
/// one task: its atomics are for the compiler, not for other threads.
#[derive(Debug)]
pub(super) struct Pipe {
    budget: Arc<BodyBudget>,
    /// Whether the connection carries other exchanges at the same time.
    is_shared: bool,
    /// Reads from the app that may be made before a part of the answer is passed on.
    turns: AtomicUsize,
    /// Whether every read gives exactly one part of the answer: its body is not in chunks.
    is_unframed: AtomicBool,
    /// The final head of the answer is complete.
    is_answered: AtomicBool,
    /// The answer is an event stream.
    may_be_silent: AtomicBool,
    /// The app's connection served another request before.
    is_reused: AtomicBool,
    /// The app has sent something.
    has_heard: AtomicBool,
    /// The app did not take all that was written at once since this was last asked.
    app_blocks: AtomicBool,
    is_closed: AtomicBool,
    /// Lengths of the last two reads, which may still be held.
    last: AtomicUsize,
    before: AtomicUsize,
    /// Bytes of the request's body that were passed on and are not known to be taken.
    unsent: AtomicUsize,
    started: Instant,
    /// Milliseconds from `started` to the newest read that is not passed on yet, and one; 0: none.
    unpassed_since: AtomicU64,
    reader: AtomicWaker,
    sender: AtomicWaker,
}

impl Pipe {
    /// `is_shared`: whether the client's connection carries other exchanges at the same time.
    pub(super) fn new(budget: Arc<BodyBudget>, is_shared: bool) -> Self {
        Self {
            budget,
            is_shared,
            turns: AtomicUsize::new(2),
            is_unframed: AtomicBool::new(false),
            is_answered: AtomicBool::new(false),
            may_be_silent: AtomicBool::new(false),
            is_reused: AtomicBool::new(false),
            has_heard: AtomicBool::new(false),
            app_blocks: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            last: AtomicUsize::new(0),
            before: AtomicUsize::new(0),
            unsent: AtomicUsize::new(0),
            started: Instant::now(),
            unpassed_since: AtomicU64::new(0),
            reader: AtomicWaker::new(),
            sender: AtomicWaker::new(),
        }
    }

    pub(super) fn is_answered(&self) -> bool {
        self.is_answered.load(Ordering::Relaxed)
    }

    pub(super) fn is_reused(&self) -> bool {
        self.is_reused.load(Ordering::Relaxed)
    }

    pub(super) fn has_heard(&self) -> bool {
        self.has_heard.load(Ordering::Relaxed)
    }

    pub(super) fn set_reused(&self) {
        self.is_reused.store(true, Ordering::Relaxed);
    }

    /// Ends the limit for the app's silence.
    pub(super) fn allow_silence(&self) {
        self.may_be_silent.store(true, Ordering::Relaxed);
    }

    pub(super) fn may_be_silent(&self) -> bool {
        self.may_be_silent.load(Ordering::Relaxed)
    }

    /// A head of an answer came.
    pub(super) fn head_came(&self, head: &ResponseHeader) {
        self.has_heard.store(true, Ordering::Relaxed);
        let is_final = !head.status.is_informational();
        if is_final || head.status == StatusCode::SWITCHING_PROTOCOLS {
            let is_unframed = !head.headers.contains_key(TRANSFER_ENCODING);
            self.is_unframed.store(is_unframed, Ordering::Relaxed);
        }
        self.is_answered.store(is_final, Ordering::Relaxed);
        self.passed();
    }

    /// A part of the answer goes to the client. Returns the milliseconds that it had to wait for those
    /// before it.
    pub(super) fn passed(&self) -> u64 {
        let since = self.unpassed_since.swap(0, Ordering::Relaxed);
        self.turns.store(1, Ordering::Relaxed);
        self.reader.wake();
        since.checked_sub(1).map_or(0, |since| self.millis().saturating_sub(since))
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Reads from the app, when it is the app's turn and as much as may be held.
    pub(super) fn poll_read<S: AsyncRead + Unpin + ?Sized>(
        &self,
        cx: &mut Context<'_>,
        app: &mut S,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        let most = ready!(self.poll_turn(cx)).min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        let read = ready!(Pin::new(app).poll_read(cx, &mut part));
        let count = part.filled().len();
        buffer.advance(count);
        if read.is_err() || count == 0 {
            self.close();
        } else {
            self.has_heard.store(true, Ordering::Relaxed);
        }
        self.read(count);
        Poll::Ready(read.map(|()| count))
    }

    fn poll_turn(&self, cx: &Context<'_>) -> Poll<usize> {
        if !self.may_read() {
            self.reader.register(cx.waker());
            return Poll::Pending;
        }
        let has_turn = self.turns.load(Ordering::Relaxed) > 0;
        Poll::Ready(match (has_turn, self.is_shared) {
            (true, true) => self.budget.next_read(),
            (true, false) => self.budget.next_read_alone(),
            (false, _) => OUT_OF_TURN,
        })
    }

    /// Whether the app is read; else the client has not taken what was read before.
    pub(super) fn may_read(&self) -> bool {
        self.turns.load(Ordering::Relaxed) > 0 || !self.is_unframed.load(Ordering::Relaxed)
    }

    fn read(&self, count: usize) {
        let turns = self.turns.load(Ordering::Relaxed);
        if count > 0 && turns > 0 {
            self.turns.store(turns - 1, Ordering::Relaxed);
            self.budget.add(count);
            let last = self.last.swap(count, Ordering::Relaxed);
            self.budget.release(self.before.swap(last, Ordering::Relaxed));
        }
        self.unpassed_since.store(self.millis() + 1, Ordering::Relaxed);
        self.sender.wake();
    }

    /// Writes to the app, and notes what it took.
    pub(super) fn poll_write<S: AsyncWrite + Unpin + ?Sized>(
        &self,
        cx: &mut Context<'_>,
        app: &mut S,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = Pin::new(app).poll_write(cx, bytes) else {
            self.app_blocks.store(true, Ordering::Relaxed);
            return Poll::Pending;
        };
        match &written {
            Ok(count) => self.sent(*count),
            Err(_) => self.close(),
        }
        Poll::Ready(written)
    }

    fn sent(&self, count: usize) {
        // Heads and the framing of chunks are not counted when they are passed on.
        let count = count.min(self.unsent.load(Ordering::Relaxed));
        self.unsent.fetch_sub(count, Ordering::Relaxed);
        self.budget.release_request(count);
        self.sender.wake();
    }

    /// The app's connection ended or failed: nothing waits for it any more.
    fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
        self.sender.wake();
    }

    /// Waits until a part of the request's body may be passed on: the app took those before it, or
    /// cannot be waited for. An answer of its own that waits goes first, since an app may take more
    /// only when it can write.
    pub(super) async fn room_for(&self, bytes: usize) {
        poll_fn(|cx| self.poll_taken(cx)).await;
        for _ in 0..ROOM_LOOKS {
            if self.budget.fits_request(bytes) || self.goes_on() {
                break;
            }
            // Other requests of the connection hold the room. They do not know this one.
            tokio::time::sleep(ROOM_INTERVAL).await;
        }
        self.unsent.fetch_add(bytes, Ordering::Relaxed);
        self.budget.add_request(bytes);
    }

    fn poll_taken(&self, cx: &Context<'_>) -> Poll<()> {
        self.sender.register(cx.waker());
        if self.unsent.load(Ordering::Relaxed) == 0 || self.goes_on() {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Whether the app answers or is gone.
    fn goes_on(&self) -> bool {
        self.unpassed_since.load(Ordering::Relaxed) > 0 || self.is_closed.load(Ordering::Relaxed)
    }

    /// Whether the app was waited for since this was last asked.
    pub(super) fn take_app_blocks(&self) -> bool {
        self.app_blocks.swap(false, Ordering::Relaxed)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let held = [&self.last, &self.before].map(|count| count.load(Ordering::Relaxed));
        self.budget.release(held.iter().sum());
        self.budget.release_request(self.unsent.load(Ordering::Relaxed));
    }
}
