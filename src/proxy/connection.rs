//! A stream around each accepted one: it ends a request head that does not come to an end, is
//! closed at once when there are too many, and says what is wrong with a head that cannot be read.
//! No hook of Pingora's can do any of it: its read time-out starts anew with every byte.
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
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

/// After the listeners closed, connections that were accepted just before get this long to
/// bring their request.
const LAST_ARRIVALS: Duration = Duration::from_millis(500);

/// For what a client still sends whose head was refused.
const READ_ON: Duration = Duration::from_secs(2);

/// What a connection is doing, told by the proxy and read by the stream.
#[derive(Debug)]
pub(super) struct Connection(AtomicU8);

const IDLE: u8 = 0;
const HEAD: u8 = 1;
const REQUEST: u8 = 2;
/// HTTP/2: heads and bodies of many requests come between each other. After the first head,
/// Pingora's idle time bounds what no request is open for, and its limits one head's length.
const STREAMS: u8 = 3;

impl Connection {
    /// A request's head is there: the deadline ends.
    pub(super) fn head_is_whole(&self, version: Version) {
        let now = if version == Version::HTTP_2 { STREAMS } else { REQUEST };
        self.0.store(now, Ordering::Release);
    }

    /// A request is over: the next byte begins another head.
    pub(super) fn request_is_over(&self) {
        // Of the other states, none ends with a request.
        let _ = self.0.compare_exchange(REQUEST, IDLE, Ordering::AcqRel, Ordering::Acquire);
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
        let guarded = Guarded::new(stream, from, Arc::clone(&self.refusals));
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
    deadline: Pin<Box<Sleep>>,
    from: Option<IpAddr>,
    refusals: Arc<Refusals>,
    /// What is left to write of our answer in the place of Pingora's own.
    refusal: Option<Bytes>,
}

impl Guarded {
    fn new(inner: Stream, from: Option<IpAddr>, refusals: Arc<Refusals>) -> Self {
        let connection = Arc::new(Connection(AtomicU8::new(HEAD)));
        // Pingora carries a digest of the stream to every request on it: our way to be found.
        let carrier = ResponseHeader::build(200, None).map(|response| {
            let data: Arc<Connection> = Arc::clone(&connection);
            Arc::new(ProxyDigest::new(Box::new(response), Some(Box::new(data))))
        });
        let deadline = Box::pin(tokio::time::sleep_until(whole_head_from_now()));
        let digest = carrier.ok();
        Self { inner, connection, digest, deadline, from, refusals, refusal: None }
    }

    fn is_in_head(&self) -> bool {
        self.connection.0.load(Ordering::Acquire) == HEAD
    }
}

fn whole_head_from_now() -> Instant {
    Instant::now() + WHOLE_HEAD
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_in_head() && self.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        let first_byte = buffer.filled().len() > before
            && self
                .connection
                .0
                .compare_exchange(IDLE, HEAD, Ordering::AcqRel, Ordering::Acquire)
                .is_ok();
        if first_byte {
            self.deadline.as_mut().reset(whole_head_from_now());
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.is_in_head() && this.refusal.is_none() {
            this.refusal = this.refusals.instead(bytes, this.from);
        }
        let Some(refusal) = &mut this.refusal else {
            return Pin::new(&mut this.inner).poll_write(cx, bytes);
        };
        while refusal.has_remaining() {
            let count = ready!(Pin::new(&mut this.inner).poll_write(cx, refusal))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            refusal.advance(count);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, parts)
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
        self.inner.shutdown().await;
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
