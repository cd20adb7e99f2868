//! A connection to an app for one request that may live long: a websocket or an event stream.
//! Pingora's own are shared and cannot be ended from outside; this one ends with the session of
//! its caller, may be silent for as long as it likes once the app has spoken, and gives Pingora no
//! 101 before Pingora has finished the request.
use std::fmt::{self, Debug};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use async_trait::async_trait;
use pingora::{Error, ErrorType, Result};
use pingora_core::connectors::l4::Connect;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::Sleep;

use super::CONNECT;
use crate::proxy::drain::LastCall;
use crate::session::Watch;

/// What ends such a connection.
#[derive(Clone, Debug)]
pub(in crate::proxy) struct OwnLine {
    /// How long the app may take until it begins to answer.
    pub(in crate::proxy) patience: Duration,
    /// Whether the request asks for another protocol.
    pub(in crate::proxy) switches: bool,
    /// The session or access token of the caller, when it is one that lets them in.
    pub(in crate::proxy) watch: Option<Watch>,
    /// The end of the process.
    pub(in crate::proxy) last_call: Arc<LastCall>,
}

impl OwnLine {
    async fn over(self) {
        let session = async {
            match self.watch {
                Some(watch) => watch.over().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = session => {}
            () = self.last_call.heard() => {}
        }
    }
}

#[async_trait]
impl Connect for OwnLine {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let socket = match address {
            SocketAddr::Inet(address) => tcp(*address, self).await,
            SocketAddr::Unix(address) => unix(address, self).await,
        };
        let socket = socket.map_err(|why| {
            let timed_out = why.kind() == io::ErrorKind::TimedOut;
            let kind = if timed_out { ErrorType::ConnectTimedout } else { ErrorType::ConnectError };
            Error::because(kind, "connecting to the app", why)
        })?;
        Ok(Stream::from(VirtualSocketStream::new(socket)))
    }
}

type Socket = Box<dyn VirtualSocket>;

async fn tcp(address: std::net::SocketAddr, line: &OwnLine) -> io::Result<Socket> {
    let stream = tokio::time::timeout(CONNECT, TcpStream::connect(address)).await??;
    stream.set_nodelay(true)?;
    Ok(Box::new(Line::new(stream, line)))
}

async fn unix(address: &std::os::unix::net::SocketAddr, line: &OwnLine) -> io::Result<Socket> {
    let path = address.as_pathname().ok_or(io::ErrorKind::InvalidInput)?;
    let stream = tokio::time::timeout(CONNECT, UnixStream::connect(path)).await??;
    Ok(Box::new(Line::new(stream, line)))
}

/// Flushes of a whole request without a body: one after its head, one when Pingora has seen that
/// nothing follows. In Pingora 0.9.1 (`proxy_h1.rs`, `proxy_handle_upstream`) a 101 that comes
/// between the two lets the second end the tunnel.
const WHOLE_REQUEST: u8 = 2;

struct Line<S> {
    socket: S,
    over: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
    patience: Pin<Box<Sleep>>,
    flushes: u8,
    /// Who waits for an answer while the request is not whole.
    held_back: Option<Waker>,
    /// The app has sent something.
    spoke: bool,
}

impl<S> Line<S> {
    fn new(socket: S, line: &OwnLine) -> Self {
        Self {
            socket,
            over: Box::pin(line.clone().over()),
            patience: Box::pin(tokio::time::sleep(line.patience)),
            flushes: if line.switches { 0 } else { WHOLE_REQUEST },
            held_back: None,
            spoke: false,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.over.as_mut().poll(cx).is_ready() {
            // A finished future must not be polled again.
            self.over = Box::pin(std::future::ready(()));
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if !self.spoke && self.patience.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if self.flushes < WHOLE_REQUEST {
            self.held_back = Some(cx.waker().clone());
            return Poll::Pending;
        }
        ready!(Pin::new(&mut self.socket).poll_read(cx, buffer))?;
        self.spoke = true;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
        self.flushes = self.flushes.saturating_add(1);
        if self.flushes >= WHOLE_REQUEST
            && let Some(waiting) = self.held_back.take()
        {
            waiting.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + Sync> VirtualSocket for Line<S> {
    /// Set when it was connected.
    fn set_socket_option(&self, _option: VirtualSockOpt) -> io::Result<()> {
        Ok(())
    }
}

impl<S> Debug for Line<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}
