//! A connection to an app for one long-lived request: a websocket or an event stream. Pingora's own
//! connections are pooled and cannot be ended from outside. This one ends with the caller's session,
//! has no idle timeout once the app has answered, and withholds a 101 from Pingora until Pingora has
//! finished the request.
use std::fmt::{self, Debug};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use async_trait::async_trait;
use pingora::Result;
use pingora_core::connectors::l4::Connect;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::app_socket::{self, AppSocket};
use super::target::Target;
use crate::proxy::drain::DrainSignal;
use crate::proxy::pipe::Pipe;
use crate::session::SessionWatch;

/// What ends such a connection.
#[derive(Clone, Debug)]
pub(in crate::proxy) struct DedicatedConnection {
    /// How long the app may take to begin its answer.
    pub(in crate::proxy) answer_timeout: Duration,
    /// Whether the request is a protocol switch.
    pub(in crate::proxy) switches: bool,
    /// The caller's session or access token; `None`: there is no caller.
    pub(in crate::proxy) watch: Option<SessionWatch>,
    /// The shutdown of the process.
    pub(in crate::proxy) drain_signal: Arc<DrainSignal>,
    /// The end of the site.
    pub(in crate::proxy) site_end: Arc<DrainSignal>,
    pub(in crate::proxy) pipe: Arc<Pipe>,
}

impl DedicatedConnection {
    async fn ended(self) {
        let session = async {
            match self.watch {
                Some(watch) => watch.ended_or_recheck().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = session => {}
            () = self.drain_signal.received() => {}
            () = self.site_end.received() => {}
        }
    }
}

/// The connector, for one address.
#[derive(Debug)]
pub(super) struct DedicatedConnector {
    pub(super) target: Arc<Target>,
    pub(super) connection: DedicatedConnection,
}

#[async_trait]
impl Connect for DedicatedConnector {
    async fn connect(&self, _address: &SocketAddr) -> Result<Stream> {
        let socket = self.target.connect().await.map_err(app_socket::connect_error)?;
        let stream = DedicatedStream::new(socket, &self.connection);
        Ok(Stream::from(VirtualSocketStream::new(Box::new(stream))))
    }
}

/// How often Pingora flushes a request without a body: after its head, and when it has seen that
/// there is no body. In Pingora 0.9.1 (`proxy_h1.rs`, `proxy_handle_upstream`) a 101 between the two
/// makes the second end the tunnel.
const REQUEST_FLUSHES: u8 = 2;

struct DedicatedStream {
    socket: Box<dyn AppSocket>,
    pipe: Arc<Pipe>,
    ended: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
    answer_timeout: Pin<Box<Sleep>>,
    flushes: u8,
    /// The reader that waits while the request is incomplete.
    waiting_reader: Option<Waker>,
    /// The app has sent something.
    has_answered: bool,
}

impl DedicatedStream {
    fn new(socket: Box<dyn AppSocket>, connection: &DedicatedConnection) -> Self {
        Self {
            socket,
            pipe: Arc::clone(&connection.pipe),
            ended: Box::pin(connection.clone().ended()),
            answer_timeout: Box::pin(tokio::time::sleep(connection.answer_timeout)),
            flushes: if connection.switches { 0 } else { REQUEST_FLUSHES },
            waiting_reader: None,
            has_answered: false,
        }
    }
}

impl AsyncRead for DedicatedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ended.as_mut().poll(cx).is_ready() {
            // A completed future must not be polled again.
            self.ended = Box::pin(std::future::ready(()));
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if !self.has_answered && self.answer_timeout.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if self.flushes < REQUEST_FLUSHES {
            self.waiting_reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let this = &mut *self;
        ready!(this.pipe.poll_read(cx, &mut *this.socket, buffer))?;
        this.has_answered = true;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for DedicatedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.pipe.poll_write(cx, &mut *this.socket, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
        self.flushes = self.flushes.saturating_add(1);
        if self.flushes >= REQUEST_FLUSHES
            && let Some(waiting) = self.waiting_reader.take()
        {
            waiting.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl VirtualSocket for DedicatedStream {
    /// Options were set when it was connected.
    fn set_socket_option(&self, _option: VirtualSockOpt) -> io::Result<()> {
        Ok(())
    }
}

impl Debug for DedicatedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DedicatedStream")
    }
}
