//! Connections to apps, and those that wait for another request.
//!
//! Pingora's pool recognises only sockets of its own, whose reads cannot be held back. So a connection
//! is ours, and Pingora gets a stream around it that lasts for one request.
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use pingora::{Error, ErrorType};
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::tls::ClientTlsStream as TlsStream;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::Instant;

/// How many wait, of all apps. The oldest is closed for one more.
pub(in crate::proxy) const MAX_IDLE: usize = 128;
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// A connection to an app.
pub(super) trait AppSocket: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl AppSocket for TcpStream {}
impl AppSocket for UnixStream {}

impl AppSocket for TlsStream<TcpStream> {}

/// Why there is no connection, as Pingora names it.
#[expect(clippy::unnecessary_box_returns, reason = "Pingora's errors are boxed")]
pub(super) fn connect_error(why: io::Error) -> Box<Error> {
    let is_tls = |why: &io::Error| {
        why.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
    };
    let kind = match why.kind() {
        io::ErrorKind::TimedOut => ErrorType::ConnectTimedout,
        io::ErrorKind::ConnectionRefused => ErrorType::ConnectRefused,
        _ if is_tls(&why) => ErrorType::TLSHandshakeFailure,
        _ => ErrorType::ConnectError,
    };
    Error::because(kind, "connecting to the app", why)
}

/// An app's address, and the number of what its TLS connections are made with; 0: without TLS.
pub(super) type AppKey = (SocketAddr, u64);

/// Connections that wait for another request, by app, the newest last.
#[derive(Clone, Default)]
pub(super) struct IdleSockets(Arc<Mutex<HashMap<AppKey, VecDeque<Idle>>>>);

struct Idle {
    socket: Box<dyn AppSocket>,
    since: Instant,
    until: Instant,
}

impl IdleSockets {
    /// One that the app has not closed; `None`: there is none.
    pub(super) fn take(&self, app: &AppKey) -> Option<Box<dyn AppSocket>> {
        loop {
            let Idle { mut socket, until, .. } = self.sockets().get_mut(app)?.pop_back()?;
            if until <= Instant::now() {
                continue;
            }
            let mut byte = [0];
            // Whatever comes without a request, its end too, makes it unusable.
            let spoke = tokio::task::unconstrained(socket.read(&mut byte)).now_or_never().is_some();
            if !spoke {
                return Some(socket);
            }
        }
    }

    /// Keeps a connection whose last answer is complete, for so long.
    pub(super) fn keep(&self, app: AppKey, socket: Box<dyn AppSocket>, timeout: Duration) {
        let mut sockets = self.sockets();
        if sockets.values().map(VecDeque::len).sum::<usize>() >= MAX_IDLE {
            let oldest = sockets.values_mut().filter(|idle| !idle.is_empty());
            if let Some(idle) = oldest.min_by_key(|idle| idle.front().map(|idle| idle.since)) {
                idle.pop_front();
            }
        }
        let since = Instant::now();
        let idle = Idle { socket, since, until: since + timeout };
        sockets.entry(app).or_default().push_back(idle);
    }

    /// Closes those that have waited for as long as they may, again and again; never returns.
    pub(super) async fn sweep(&self) {
        loop {
            tokio::time::sleep(SWEEP_INTERVAL).await;
            let now = Instant::now();
            self.sockets().retain(|_, idle| {
                idle.retain(|idle| now < idle.until);
                !idle.is_empty()
            });
        }
    }

    fn sockets(&self) -> MutexGuard<'_, HashMap<AppKey, VecDeque<Idle>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
