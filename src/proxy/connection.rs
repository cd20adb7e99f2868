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
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf as _, Bytes};
use http::Version;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::tls::SslDigest;
use pingora_core::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    Stream, TimingDigest, UniqueID, UniqueIDType,
};
use pingora_core::server::ShutdownWatch;
use pingora_http::ResponseHeader;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::connections::ListenerGuard;
use super::drain::Drain;
use super::parser_errors::ParserErrors;

/// Limit from a connection's start, or a request's first byte, to the end of its head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Limit for a write that the client does not read.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// How long after the listeners closed the requests of accepted connections are awaited: a client may
/// have sent one before it could know, over a slow network or from a busy machine.
const LAST_ARRIVALS: Duration = Duration::from_secs(1);

/// How long the rest of a request is read after its head was refused.
const DISCARD_FOR: Duration = Duration::from_secs(5);
/// Limit for a graceful close: TLS `close_notify` is a write, and blocks if the peer does not read.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The state of a connection, set by the proxy and read by the stream.
#[derive(Debug)]
pub(super) struct Connection {
    state: AtomicU8,
    /// HTTP/1: how long the app may send nothing, milliseconds; 0: no limit.
    app_timeout: AtomicU32,
}

const IDLE: u8 = 0;
const HEAD: u8 = 1;
const REQUEST: u8 = 2;
/// HTTP/2: heads and bodies of several requests interleave. After the first head, Pingora's idle
/// timeout and its limit for a head's length apply.
const STREAMS: u8 = 3;

impl Connection {
    const fn new() -> Self {
        Self { state: AtomicU8::new(HEAD), app_timeout: AtomicU32::new(0) }
    }

    /// A request's head is complete: its deadline ends.
    pub(super) fn head_complete(&self, version: Version) {
        let now = if version == Version::HTTP_2 { STREAMS } else { REQUEST };
        self.app_timeout.store(0, Ordering::Release);
        self.state.store(now, Ordering::Release);
    }

    /// Starts the wait for an app, which may send nothing for `app_timeout`. `false`: several requests
    /// share the connection, and the caller must bound the wait.
    pub(super) fn await_app(&self, app_timeout: Duration) -> bool {
        // A longer time is no limit in practice.
        let millis = u32::try_from(app_timeout.as_millis()).unwrap_or(u32::MAX);
        self.app_timeout.store(millis, Ordering::Release);
        self.state.load(Ordering::Acquire) == REQUEST
    }

    /// A request is finished: the next byte begins another head.
    pub(super) fn request_finished(&self) {
        // No other state ends with a request.
        let _ = self.state.compare_exchange(REQUEST, IDLE, Ordering::AcqRel, Ordering::Acquire);
    }

    /// A byte was read. Returns whether it begins a head.
    fn begins_head(&self) -> bool {
        self.state.compare_exchange(IDLE, HEAD, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The connection that a request came on.
    pub(super) fn of(digest: Option<&pingora_core::protocols::Digest>) -> Option<&Arc<Self>> {
        let proxied = digest?.proxy_digest.as_deref()?;
        proxied.user_data.as_ref()?.downcast_ref()
    }
}

/// The listener's service: wraps each stream and hands it to Pingora's proxy.
pub(super) struct ListenerService<A> {
    inner: Arc<A>,
    drain: Arc<Drain>,
    guard: ListenerGuard,
    parser_errors: Arc<ParserErrors>,
}

impl<A> ListenerService<A> {
    pub(super) fn new(
        inner: A,
        drain: Arc<Drain>,
        guard: ListenerGuard,
        parser_errors: ParserErrors,
    ) -> Self {
        Self { inner: Arc::new(inner), drain, guard, parser_errors: Arc::new(parser_errors) }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for ListenerService<A> {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let digest = stream.get_socket_digest();
        let address = digest.as_ref().and_then(|digest| digest.peer_addr()?.as_inet());
        let from = address.map(std::net::SocketAddr::ip);
        let _slot = self.drain.connections.acquire(from, &self.guard)?;
        let ending = self.drain.readiness.watch(shutdown);
        let stream = match &self.guard.tls {
            Some(tls) => tls.accept(stream).await?,
            None => stream,
        };
        let parser_errors = Arc::clone(&self.parser_errors);
        let guarded = GuardedStream::new(stream, self.guard.limits.idle, from, parser_errors);
        let mut next = self.inner.process_new(Box::new(guarded), &ending).await;
        // A connection that stays open comes back, still wrapped.
        while let Some(stream) = next {
            next = self.inner.process_new(stream, &ending).await;
        }
        None
    }

    async fn cleanup(&self) {
        tokio::time::sleep(LAST_ARRIVALS).await;
        self.inner.cleanup().await;
    }
}

struct GuardedStream {
    inner: Stream,
    connection: Arc<Connection>,
    digest: Option<Arc<ProxyDigest>>,
    /// Limit between two requests.
    idle: Duration,
    /// Ends a read that takes too long; set for the state `deadline_state`.
    deadline: Pin<Box<Sleep>>,
    deadline_state: Option<u8>,
    /// Deadline of a write that the client does not read.
    write_deadline: Option<Pin<Box<Sleep>>>,
    from: Option<IpAddr>,
    parser_errors: Arc<ParserErrors>,
    /// What is left to write of the answer that replaces Pingora's.
    replacement: Option<Bytes>,
}

impl GuardedStream {
    fn new(
        inner: Stream,
        idle: Duration,
        from: Option<IpAddr>,
        parser_errors: Arc<ParserErrors>,
    ) -> Self {
        let connection = Arc::new(Connection::new());
        // Pingora passes the stream's digest to every request, which finds the connection by it.
        let carrier = ResponseHeader::build(200, None).map(|response| {
            let data: Arc<Connection> = Arc::clone(&connection);
            Arc::new(ProxyDigest::new(Box::new(response), Some(Box::new(data))))
        });
        let deadline = Box::pin(tokio::time::sleep(HEAD_TIMEOUT));
        Self {
            inner,
            connection,
            digest: carrier.ok(),
            idle,
            deadline,
            deadline_state: Some(HEAD),
            write_deadline: None,
            from,
            parser_errors,
            replacement: None,
        }
    }

    /// Whether the deadline of the current state has passed.
    fn is_past_deadline(&mut self, cx: &mut Context<'_>) -> bool {
        let state = self.connection.state.load(Ordering::Acquire);
        let most = match state {
            HEAD => HEAD_TIMEOUT,
            IDLE => self.idle,
            REQUEST => {
                let app_timeout = self.connection.app_timeout.load(Ordering::Acquire);
                Duration::from_millis(app_timeout.into())
            }
            _ => return false,
        };
        if most.is_zero() {
            return false;
        }
        if self.deadline_state != Some(state) {
            self.deadline_state = Some(state);
            self.deadline.as_mut().reset(Instant::now() + most);
        }
        self.deadline.as_mut().poll(cx).is_ready()
    }

    /// Fails a write that stays pending for [`WRITE_TIMEOUT`]. `is_all`: whether the write is complete.
    fn bound_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        is_all: impl Fn(&T) -> bool,
    ) -> Poll<io::Result<T>> {
        match &written {
            Poll::Ready(taken) => {
                // The app has sent something.
                self.deadline_state = None;
                if taken.as_ref().is_ok_and(is_all) {
                    self.write_deadline = None;
                }
            }
            Poll::Pending => {
                let start = || Box::pin(tokio::time::sleep(WRITE_TIMEOUT));
                if self.write_deadline.get_or_insert_with(start).as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
        }
        written
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
            let count = ready!(self.bound_write(cx, written, |taken| *taken == rest.len()))?;
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
        let before = buffer.filled().len();
        let Poll::Ready(read) = Pin::new(&mut self.inner).poll_read(cx, buffer) else {
            let late = self.is_past_deadline(cx);
            return if late {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            } else {
                Poll::Pending
            };
        };
        // Every byte of a body resets the deadline, but only the first one of a head.
        let moves_on = || self.connection.begins_head() || self.deadline_state == Some(REQUEST);
        if buffer.filled().len() > before && moves_on() {
            self.deadline_state = None;
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.replacement.is_none() && self.connection.state.load(Ordering::Acquire) == HEAD {
            self.replacement = self.parser_errors.replacement(bytes, self.from);
        }
        let Some(replacement) = self.replacement.clone() else {
            let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
            return self.bound_write(cx, written, |taken| *taken == bytes.len());
        };
        self.write_replacement(cx, replacement, bytes.len())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        self.bound_write(cx, flushed, |()| true)
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
        self.bound_write(cx, written, |taken| *taken == all)
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
