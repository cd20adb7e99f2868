//! Connections to apps, and those that wait for another request.
//!
//! Pingora's pool recognises only sockets of its own, whose reads cannot be held back. So a connection
//! is ours, and Pingora gets a stream around it that lasts for one request.
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use pingora::{Error, ErrorType, Result};
use pingora_core::protocols::l4::socket::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::Instant;

use super::CONNECT_TIMEOUT;

/// How long a connection waits for another request.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// How many wait, of all apps. The oldest is closed for one more.
pub(in crate::proxy) const MAX_IDLE: usize = 128;
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// A connection to an app.
pub(super) trait AppSocket: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl AppSocket for TcpStream {}
impl AppSocket for UnixStream {}

/// # Errors
/// When the app does not accept the connection within [`CONNECT_TIMEOUT`].
pub(super) async fn connect(address: &SocketAddr) -> Result<Box<dyn AppSocket>> {
    open(address).await.or_else(|why| {
        let kind = match why.kind() {
            io::ErrorKind::TimedOut => ErrorType::ConnectTimedout,
            io::ErrorKind::ConnectionRefused => ErrorType::ConnectRefused,
            _ => ErrorType::ConnectError,
        };
        Error::e_because(kind, "connecting to the app", why)
    })
}

async fn open(address: &SocketAddr) -> io::Result<Box<dyn AppSocket>> {
    let connected = async {
        match address {
            SocketAddr::Inet(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream) as Box<dyn AppSocket>)
            }
            SocketAddr::Unix(address) => {
                let path = address.as_pathname().ok_or(io::ErrorKind::InvalidInput)?;
                Ok(Box::new(UnixStream::connect(path).await?) as Box<dyn AppSocket>)
            }
        }
    };
    tokio::time::timeout(CONNECT_TIMEOUT, connected).await?
}

/// Connections that wait for another request, by app, the newest last.
#[derive(Clone, Default)]
pub(super) struct IdleSockets(Arc<Mutex<HashMap<SocketAddr, VecDeque<Idle>>>>);

struct Idle {
    socket: Box<dyn AppSocket>,
    since: Instant,
}

impl IdleSockets {
    /// One that the app has not closed; `None`: there is none.
    pub(super) fn take(&self, app: &SocketAddr) -> Option<Box<dyn AppSocket>> {
        loop {
            let Idle { mut socket, .. } = self.sockets().get_mut(app)?.pop_back()?;
            let mut byte = [0];
            // Whatever comes without a request, its end too, makes it unusable.
            let spoke = tokio::task::unconstrained(socket.read(&mut byte)).now_or_never().is_some();
            if !spoke {
                return Some(socket);
            }
        }
    }

    /// Keeps a connection whose last answer is complete.
    pub(super) fn keep(&self, app: SocketAddr, socket: Box<dyn AppSocket>) {
        let mut sockets = self.sockets();
        if sockets.values().map(VecDeque::len).sum::<usize>() >= MAX_IDLE {
            let oldest = sockets.values_mut().filter(|idle| !idle.is_empty());
            if let Some(idle) = oldest.min_by_key(|idle| idle.front().map(|idle| idle.since)) {
                idle.pop_front();
            }
        }
        sockets.entry(app).or_default().push_back(Idle { socket, since: Instant::now() });
    }

    /// Closes those that have waited for [`IDLE_TIMEOUT`], or that the app closed, again and again;
    /// never returns.
    pub(super) async fn sweep(&self) {
        loop {
            tokio::time::sleep(SWEEP_INTERVAL).await;
            self.sockets().retain(|_, idle| {
                idle.retain(|idle| idle.since.elapsed() < IDLE_TIMEOUT);
                !idle.is_empty()
            });
        }
    }

    fn sockets(&self) -> MutexGuard<'_, HashMap<SocketAddr, VecDeque<Idle>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
