//! A stream around each accepted one: it ends a request head that does not come to an end, a
//! connection that nothing comes on, the wait for a silent app and a write that nobody takes, is
//! closed at once when there are too many, and says what is wrong with a head that cannot be read.
//! No hook of Pingora's can do the first or the last: its read time-out starts anew with every byte.
//! The others it could, at the price of a timer for each; here a connection has one, which is moved
//! on.
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

use super::connections::{Connections, Door};
use super::refusals::Refusals;

/// From a connection's start, or a request's first byte, to the end of its head.
const WHOLE_HEAD: Duration = Duration::from_secs(10);

/// How long a client may leave what is written to it.
pub(super) const WRITE: Duration = Duration::from_mins(1);

/// After the listeners closed, connections that were accepted just before get this long to
/// bring their request. So long may a request be under way that was sent before its client could know
/// of the end: a round trip of a slow mobile network, or a busy machine at either end.
const LAST_ARRIVALS: Duration = Duration::from_secs(1);

/// For what a client still sends whose head was refused, as long as for a body that is not wanted.
const READ_ON: Duration = Duration::from_secs(5);
/// To say goodbye. In TLS that is to write, and who reads nothing would never let it end.
const CLOSING: Duration = Duration::from_secs(2);

/// What a connection is doing, told by the proxy and read by the stream.
#[derive(Debug)]
pub(super) struct Connection {
    state: AtomicU8,
    /// Of HTTP/1: how long an app may be silent, milliseconds; 0: there is none, or for ever.
    patience: AtomicU32,
}

const IDLE: u8 = 0;
const HEAD: u8 = 1;
const REQUEST: u8 = 2;
/// HTTP/2: heads and bodies of many requests come between each other. After the first head,
/// Pingora's idle time bounds what no request is open for, and its limits one head's length.
const STREAMS: u8 = 3;

impl Connection {
    const fn new() -> Self {
        Self { state: AtomicU8::new(HEAD), patience: AtomicU32::new(0) }
    }

    /// A request's head is there: the deadline ends.
    pub(super) fn head_is_whole(&self, version: Version) {
        let now = if version == Version::HTTP_2 { STREAMS } else { REQUEST };
        self.patience.store(0, Ordering::Release);
        self.state.store(now, Ordering::Release);
    }

    /// An app is asked, which may be silent for so long; `false`: many requests share the
    /// connection, and somebody else must see to it.
    pub(super) fn waits_for_app(&self, patience: Duration) -> bool {
        // As long as that is for ever.
        let millis = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
        self.patience.store(millis, Ordering::Release);
        self.state.load(Ordering::Acquire) == REQUEST
    }

    /// A request is over: the next byte begins another head.
    pub(super) fn request_is_over(&self) {
        // Of the other states, none ends with a request.
        let _ = self.state.compare_exchange(REQUEST, IDLE, Ordering::AcqRel, Ordering::Acquire);
    }

    /// A byte came; whether it begins another head.
    fn begins_head(&self) -> bool {
        self.state.compare_exchange(IDLE, HEAD, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The connection that a request came on.
    pub(super) fn of(digest: Option<&pingora_core::protocols::Digest>) -> Option<&Arc<Self>> {
        let proxied = digest?.proxy_digest.as_deref()?;
        proxied.user_data.as_ref()?.downcast_ref()
    }
}

/// The service: our stream in, Pingora's app around it.
pub(super) struct Front<A> {
    inner: Arc<A>,
    connections: Connections,
    door: Door,
    refusals: Arc<Refusals>,
}

impl<A> Front<A> {
    pub(super) fn new(inner: A, connections: Connections, door: Door, refusals: Refusals) -> Self {
        Self { inner: Arc::new(inner), connections, door, refusals: Arc::new(refusals) }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for Front<A> {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let digest = stream.get_socket_digest();
        let from = digest.as_ref().and_then(|digest| digest.peer_addr()?.as_inet());
        let from = from.map(std::net::SocketAddr::ip);
        let _counted = self.connections.enter(from, &self.door)?;
        let stream = match &self.door.tls {
            Some(tls) => tls.accept(stream).await?,
            None => stream,
        };
        let refusals = Arc::clone(&self.refusals);
        let guarded = Guarded::new(stream, self.door.limits.idle, from, refusals);
        let mut next = self.inner.process_new(Box::new(guarded), shutdown).await;
        // A connection that can be used again comes back, still guarded.
        while let Some(stream) = next {
            next = self.inner.process_new(stream, shutdown).await;
        }
        None
    }

    async fn cleanup(&self) {
        tokio::time::sleep(LAST_ARRIVALS).await;
        self.inner.cleanup().await;
    }
}

struct Guarded {
    inner: Stream,
    connection: Arc<Connection>,
    digest: Option<Arc<ProxyDigest>>,
    /// How long nothing may come between two requests.
    idle: Duration,
    /// Ends what is waited for; set for this state, if for any.
    deadline: Pin<Box<Sleep>>,
    deadline_of: Option<u8>,
    /// While the client does not take what is written.
    unwritten: Option<Pin<Box<Sleep>>>,
    from: Option<IpAddr>,
    refusals: Arc<Refusals>,
    /// What is left to write of our answer in the place of Pingora's own.
    refusal: Option<Bytes>,
}

impl Guarded {
    fn new(inner: Stream, idle: Duration, from: Option<IpAddr>, refusals: Arc<Refusals>) -> Self {
        let connection = Arc::new(Connection::new());
        // Pingora carries a digest of the stream to every request on it: our way to be found.
        let carrier = ResponseHeader::build(200, None).map(|response| {
            let data: Arc<Connection> = Arc::clone(&connection);
            Arc::new(ProxyDigest::new(Box::new(response), Some(Box::new(data))))
        });
        let deadline = Box::pin(tokio::time::sleep(WHOLE_HEAD));
        Self {
            inner,
            connection,
            digest: carrier.ok(),
            idle,
            deadline,
            deadline_of: Some(HEAD),
            unwritten: None,
            from,
            refusals,
            refusal: None,
        }
    }

    /// Whether what nothing comes of has been waited for long enough.
    fn waited_too_long(&mut self, cx: &mut Context<'_>) -> bool {
        let state = self.connection.state.load(Ordering::Acquire);
        let most = match state {
            HEAD => WHOLE_HEAD,
            IDLE => self.idle,
            REQUEST => {
                let patience = self.connection.patience.load(Ordering::Acquire);
                Duration::from_millis(patience.into())
            }
            _ => return false,
        };
        if most.is_zero() {
            return false;
        }
        if self.deadline_of != Some(state) {
            self.deadline_of = Some(state);
            self.deadline.as_mut().reset(Instant::now() + most);
        }
        self.deadline.as_mut().poll(cx).is_ready()
    }

    /// The same of a write, which is over when all of it is taken.
    fn bound_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
        is_all: impl Fn(&T) -> bool,
    ) -> Poll<io::Result<T>> {
        match &written {
            Poll::Ready(taken) => {
                // The app is not silent.
                self.deadline_of = None;
                if taken.as_ref().is_ok_and(is_all) {
                    self.unwritten = None;
                }
            }
            Poll::Pending => {
                let start = || Box::pin(tokio::time::sleep(WRITE));
                if self.unwritten.get_or_insert_with(start).as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
        }
        written
    }

    /// Writes `rest` of our answer; Pingora believes that it wrote its own, of `length` bytes.
    fn write_refusal(
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
            self.refusal = Some(rest.clone());
        }
        Poll::Ready(Ok(length))
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let Poll::Ready(read) = Pin::new(&mut self.inner).poll_read(cx, buffer) else {
            let late = self.waited_too_long(cx);
            return if late {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            } else {
                Poll::Pending
            };
        };
        // Each byte of a body moves the deadline on, but only the first one of a head.
        let moves_on = || self.connection.begins_head() || self.deadline_of == Some(REQUEST);
        if buffer.filled().len() > before && moves_on() {
            self.deadline_of = None;
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.refusal.is_none() && self.connection.state.load(Ordering::Acquire) == HEAD {
            self.refusal = self.refusals.instead(bytes, self.from);
        }
        let Some(refusal) = self.refusal.clone() else {
            let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
            return self.bound_write(cx, written, |taken| *taken == bytes.len());
        };
        self.write_refusal(cx, refusal, bytes.len())
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

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guarded")
    }
}

#[async_trait]
impl Shutdown for Guarded {
    async fn shutdown(&mut self) {
        // Late or not, the stream is closed when it is dropped.
        let _ = tokio::time::timeout(CLOSING, self.inner.shutdown()).await;
        if self.refusal.is_some() {
            // A connection that is closed with bytes unread is reset, and the answer may be lost.
            let (inner, mut unread) = (&mut self.inner, [0; 1024]);
            let rest = async { while let Ok(1..) = inner.read(&mut unread).await {} };
            let _ = tokio::time::timeout(READ_ON, rest).await;
        }
    }
}

impl UniqueID for Guarded {
    fn id(&self) -> UniqueIDType {
        self.inner.id()
    }
}

impl Ssl for Guarded {
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.inner.get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.inner.selected_alpn_proto()
    }
}

#[async_trait]
impl Peek for Guarded {
    async fn try_peek(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        // Peeking waits for the first bytes, before any `poll_read`: the same deadline holds.
        tokio::time::timeout_at(self.deadline.deadline(), self.inner.try_peek(buffer))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl GetTimingDigest for Guarded {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.inner.get_timing_digest()
    }
}

impl GetProxyDigest for Guarded {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.digest.clone()
    }
}

impl GetSocketDigest for Guarded {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.inner.get_socket_digest()
    }
}
