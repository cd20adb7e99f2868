//! Wraps each accepted stream. Bounds the time for a whole request head, the idle time, the time an
//! app may send nothing, and a blocked write; refuses connections above the limits; and replaces
//! Pingora's answer to a head that it cannot parse.
//!
//! No Pingora hook can bound a whole head (its read timeout starts anew with every byte) or replace
//! that answer. The other timeouts Pingora has too, with a timer for each read; here a connection
//! has one timer that is reset.
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf as _, Bytes};
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::tls::SslDigest;
use pingora_core::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    Stream, TimingDigest, UniqueID, UniqueIDType,
};
use pingora_http::ResponseHeader;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::connection::{BODY, Connection, HEAD, IDLE, REQUEST};
use super::half_close::HalfClose;
use super::pace::Pace;
use super::parser_errors::ParserErrors;

/// Limit from a connection's start, or a request's first byte, to the end of its head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the rest of a request is read after its head was refused.
const DISCARD_FOR: Duration = Duration::from_secs(5);
/// Limit for a graceful close: TLS `close_notify` is a write, and blocks if the peer does not read.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) struct GuardedStream {
    inner: Stream,
    connection: Arc<Connection>,
    digest: Option<Arc<ProxyDigest>>,
    /// Limit between two requests.
    idle: Duration,
    /// Ends a read that takes too long; set for the state `deadline_state`.
    deadline: Pin<Box<Sleep>>,
    deadline_state: Option<u8>,
    /// The time that the client has to take what is written, and its deadline while it takes nothing.
    taking: Pace,
    write_deadline: Option<Pin<Box<Sleep>>>,
    /// Since when the socket takes nothing.
    blocked: Option<Instant>,
    /// What the client had acknowledged when it was last asked, bytes.
    acknowledged: u64,
    /// The time that the client has to send a request's body.
    sending: Pace,
    from: Option<IpAddr>,
    parser_errors: Arc<ParserErrors>,
    /// What is left to write of the answer that replaces Pingora's.
    replacement: Option<Bytes>,
    half_close: HalfClose,
}

impl GuardedStream {
    pub(super) fn new(
        inner: Stream,
        connection: Arc<Connection>,
        idle: Duration,
        from: Option<IpAddr>,
        parser_errors: Arc<ParserErrors>,
    ) -> Self {
        // Pingora passes the stream's digest to every request, which finds the connection by it.
        let carrier = ResponseHeader::build(200, None).map(|response| {
            let data: Arc<Connection> = Arc::clone(&connection);
            Arc::new(ProxyDigest::new(Box::new(response), Some(Box::new(data))))
        });
        let deadline = Box::pin(tokio::time::sleep(HEAD_TIMEOUT));
        Self {
            inner,
            taking: connection.pace(),
            sending: connection.pace(),
            connection,
            digest: carrier.ok(),
            idle,
            deadline,
            deadline_state: Some(HEAD),
            write_deadline: None,
            blocked: None,
            acknowledged: 0,
            from,
            parser_errors,
            replacement: None,
            half_close: HalfClose::default(),
        }
    }

    /// Reads into the buffer, not more of a body than may be held. Returns how much.
    fn read_some(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        let before = buffer.filled().len();
        if self.connection.state() != BODY {
            ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
            return Poll::Ready(Ok(buffer.filled().len() - before));
        }
        let most = self.connection.next_read().min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut part))?;
        let count = part.filled().len();
        buffer.advance(count);
        Poll::Ready(Ok(count))
    }

    /// Whether the deadline of the current state has passed.
    fn is_past_deadline(&mut self, cx: &mut Context<'_>) -> bool {
        let state = self.connection.state();
        if self.deadline_state != Some(state) {
            let Some(end) = self.end_of_wait(state) else { return false };
            self.deadline_state = Some(state);
            self.deadline.as_mut().reset(end);
        }
        self.deadline.as_mut().poll(cx).is_ready()
    }

    /// When a wait that begins now is to end; `None`: never.
    fn end_of_wait(&mut self, state: u8) -> Option<Instant> {
        let (now, app_timeout) = (Instant::now(), self.connection.app_timeout());
        match state {
            HEAD => Some(now + HEAD_TIMEOUT),
            IDLE => Some(now + self.idle),
            REQUEST => app_timeout.map(|timeout| now + timeout),
            BODY => {
                let end = self.sending.wait(now);
                Some(app_timeout.map_or(end, |timeout| end.min(now + timeout)))
            }
            _ => None,
        }
    }

    /// Fails a write that waits for a client that is too slow. `taken`: how many bytes it took, and
    /// whether these are all.
    fn bound_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        taken: impl Fn(&T) -> (usize, bool),
    ) -> Poll<io::Result<T>> {
        match &written {
            Poll::Ready(done) => {
                // The app has sent something.
                self.deadline_state = None;
                self.half_close.goes_on();
                if let Some(since) = self.blocked.take() {
                    self.connection.was_blocked(since.elapsed());
                }
                let (count, is_all) = done.as_ref().map_or((0, false), taken);
                if self.write_deadline.is_some() || !self.taking.is_full() {
                    self.taking.moved(Instant::now(), count);
                }
                if is_all {
                    self.write_deadline = None;
                }
            }
            Poll::Pending => {
                let now = Instant::now();
                if self.write_deadline.is_none() {
                    self.acknowledged = self.read_acknowledged();
                }
                self.blocked.get_or_insert(now);
                if self.is_past_write_deadline(cx, now)
                    && (!self.took_from_the_socket(now) || self.is_past_write_deadline(cx, now))
                {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
        }
        written
    }

    fn is_past_write_deadline(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let end = self.taking.wait(now);
        let start = || Box::pin(tokio::time::sleep_until(end));
        let deadline = self.write_deadline.get_or_insert_with(start);
        if deadline.deadline() != end {
            deadline.as_mut().reset(end);
        }
        deadline.as_mut().poll(cx).is_ready()
    }

    /// Whether the client took something from the socket, which itself takes more only when a third of
    /// its megabytes is free: at 10 KB a second that is minutes.
    fn took_from_the_socket(&mut self, now: Instant) -> bool {
        let all = self.read_acknowledged();
        let taken = all.saturating_sub(self.acknowledged);
        self.acknowledged = all;
        self.taking.moved(now, usize::try_from(taken).unwrap_or(usize::MAX));
        taken > 0
    }

    fn read_acknowledged(&self) -> u64 {
        let info = self.inner.get_socket_digest().and_then(|socket| socket.tcp_info());
        info.map_or(0, |info| info.tcpi_bytes_acked)
    }

    /// Writes the rest of our answer. Reports `length` to Pingora, which wrote that many bytes.
    fn write_replacement(
        &mut self,
        cx: &mut Context<'_>,
        mut rest: Bytes,
        length: usize,
    ) -> Poll<io::Result<usize>> {
        while rest.has_remaining() {
            let written = Pin::new(&mut self.inner).poll_write(cx, &rest);
            let count =
                ready!(self.bound_write(cx, written, |taken| (*taken, *taken == rest.len())))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            rest.advance(count);
            self.replacement = Some(rest.clone());
        }
        Poll::Ready(Ok(length))
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Poll::Ready(read) = self.read_some(cx, buffer) else {
            // While the client takes nothing, the app is not waited for: see `bound_write`.
            let late = self.blocked.is_none() && self.is_past_deadline(cx);
            return if late {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            } else {
                Poll::Pending
            };
        };
        let count = *read.as_ref().unwrap_or(&0);
        let ended = read.is_ok() && count == 0 && buffer.remaining() > 0;
        if ended && self.connection.may_be_half_closed() && !self.half_close.is_over(cx) {
            return Poll::Pending;
        }
        if self.connection.state() == BODY {
            self.sending.moved(Instant::now(), count);
        }
        // Every byte of a body resets the deadline, but only the first one of a head.
        let begins = count > 0 && self.connection.begins_head();
        if begins {
            self.sending = self.connection.pace();
        }
        if begins || (count > 0 && matches!(self.deadline_state, Some(REQUEST | BODY))) {
            self.deadline_state = None;
        }
        Poll::Ready(read.map(drop))
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.replacement.is_none() && self.connection.state() == HEAD {
            self.replacement = self.parser_errors.replacement(bytes, self.from);
        }
        let Some(replacement) = self.replacement.clone() else {
            let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
            return self.bound_write(cx, written, |taken| (*taken, *taken == bytes.len()));
        };
        self.write_replacement(cx, replacement, bytes.len())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        self.bound_write(cx, flushed, |()| (0, true))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, parts);
        let all: usize = parts.iter().map(|part| part.len()).sum();
        self.bound_write(cx, written, |taken| (*taken, *taken == all))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

impl fmt::Debug for GuardedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuardedStream")
    }
}

#[async_trait]
impl Shutdown for GuardedStream {
    async fn shutdown(&mut self) {
        // After the timeout, the stream is closed when it is dropped.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.inner.shutdown()).await;
        if self.replacement.is_some() {
            // A connection that is closed with bytes unread is reset, and the answer may be lost.
            let (inner, mut unread) = (&mut self.inner, [0; 1024]);
            let rest = async { while let Ok(1..) = inner.read(&mut unread).await {} };
            let _ = tokio::time::timeout(DISCARD_FOR, rest).await;
        }
    }
}

impl UniqueID for GuardedStream {
    fn id(&self) -> UniqueIDType {
        self.inner.id()
    }
}

impl Ssl for GuardedStream {
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.inner.get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.inner.selected_alpn_proto()
    }
}

#[async_trait]
impl Peek for GuardedStream {
    async fn try_peek(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        // Peeking waits for the first bytes before any `poll_read`, under the same deadline.
        tokio::time::timeout_at(self.deadline.deadline(), self.inner.try_peek(buffer))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl GetTimingDigest for GuardedStream {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.inner.get_timing_digest()
    }
}

impl GetProxyDigest for GuardedStream {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.digest.clone()
    }
}

impl GetSocketDigest for GuardedStream {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.inner.get_socket_digest()
    }
}
