//! An app's connection as Pingora sees it, for one request: reads wait for the client, and the
//! connection is kept for another request when the answer was complete.
use std::fmt::{self, Debug};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use pingora::Result;
use pingora_core::connectors::l4::Connect;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::app_socket::{self, AppKey, AppSocket, IdleSockets};
use super::target::Target;
use crate::proxy::pipe::Pipe;

/// How long an app may take. `None`: any time.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::proxy) struct AppTimeouts {
    /// Until its answer begins, where the client's connection does not measure it.
    pub(in crate::proxy) first_byte: Option<Duration>,
    /// For sending nothing after that, where the client's connection does not measure it.
    pub(in crate::proxy) silence: Option<Duration>,
    /// For its whole answer.
    pub(in crate::proxy) total: Option<Duration>,
}

/// A connector of Pingora's for one request.
#[derive(Clone)]
pub(super) struct AppConnector {
    pub(super) target: Arc<Target>,
    pub(super) idle: IdleSockets,
    pub(super) pipe: Arc<Pipe>,
    pub(super) timeouts: AppTimeouts,
    /// Whether to connect anew.
    pub(super) fresh: bool,
}

impl Debug for AppConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppConnector")
    }
}

#[async_trait]
impl Connect for AppConnector {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let route = &self.target.route;
        let app: AppKey = (address.clone(), route.tls.as_ref().map_or(0, |tls| tls.id));
        let kept = if self.fresh { None } else { self.idle.take(&app) };
        if kept.is_some() {
            self.pipe.set_reused();
        }
        let socket = match kept {
            Some(socket) => socket,
            None => self.target.connect().await.map_err(app_socket::connect_error)?,
        };
        let stream = AppStream {
            socket: Some(socket),
            app,
            idle: self.idle.clone(),
            idle_timeout: route.idle_timeout,
            pipe: Arc::clone(&self.pipe),
            timeouts: self.timeouts,
            end: self.timeouts.total.map(|total| Box::pin(tokio::time::sleep(total))),
            deadline: None,
            is_waiting: false,
        };
        Ok(Stream::from(VirtualSocketStream::new(Box::new(stream))))
    }
}

struct AppStream {
    /// `None`: kept for another request.
    socket: Option<Box<dyn AppSocket>>,
    app: AppKey,
    idle: IdleSockets,
    idle_timeout: Duration,
    pipe: Arc<Pipe>,
    timeouts: AppTimeouts,
    /// The end of the time for the whole answer.
    end: Option<Pin<Box<Sleep>>>,
    deadline: Option<Pin<Box<Sleep>>>,
    /// The app is waited for, and `deadline` is set.
    is_waiting: bool,
}

impl AppStream {
    /// Whether the app has sent nothing for too long.
    fn is_past_deadline(&mut self, cx: &mut Context<'_>) -> bool {
        let AppTimeouts { first_byte, silence, .. } = self.timeouts;
        let timeout = if self.pipe.is_answered() { silence } else { first_byte };
        let Some(timeout) = timeout.filter(|_| !self.pipe.may_be_silent()) else {
            return false;
        };
        let end = Instant::now() + timeout;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
        if !self.is_waiting {
            self.is_waiting = true;
            deadline.as_mut().reset(end);
        }
        deadline.as_mut().poll(cx).is_ready()
    }

    /// Pingora offers one byte to look at a connection before it keeps it. Bodies are read into far
    /// larger buffers (`BodyReader` of `pingora-core` 0.9.1), and heads are not read any more.
    fn is_offered(&self, buffer: &ReadBuf<'_>) -> bool {
        buffer.remaining() == 1 && self.pipe.is_answered()
    }
}

impl AsyncRead for AppStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let is_offered = self.is_offered(buffer);
        let this = &mut *self;
        // To Pingora, a connection that is kept has ended.
        let Some(socket) = this.socket.as_deref_mut() else { return Poll::Ready(Ok(())) };
        if is_offered {
            let spoke = Pin::new(socket).poll_read(cx, buffer);
            if spoke.is_pending()
                && let Some(socket) = this.socket.take()
            {
                this.idle.keep(this.app.clone(), socket, this.idle_timeout);
                return Poll::Ready(Ok(()));
            }
            return spoke;
        }
        if let Some(end) = &mut this.end
            && end.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        match this.pipe.poll_read(cx, socket, buffer) {
            Poll::Ready(read) => {
                this.is_waiting = false;
                Poll::Ready(read.map(drop))
            }
            Poll::Pending if !this.pipe.may_read() => {
                // The client is waited for, not the app.
                this.is_waiting = false;
                Poll::Pending
            }
            Poll::Pending if this.is_past_deadline(cx) => {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for AppStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let Some(socket) = this.socket.as_deref_mut() else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        // The app is not silent while it takes what the client sends.
        this.is_waiting = false;
        this.pipe.poll_write(cx, socket, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.socket.as_deref_mut() {
            Some(socket) => Pin::new(socket).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.socket.as_deref_mut() {
            Some(socket) => Pin::new(socket).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl VirtualSocket for AppStream {
    /// Options were set when it was connected.
    fn set_socket_option(&self, _option: VirtualSockOpt) -> io::Result<()> {
        Ok(())
    }
}

impl Debug for AppStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppStream")
    }
}
