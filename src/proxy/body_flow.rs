//! How the bodies of one request to an app flow: not faster than the slower side takes them, and not
//! slower than a client must.
use std::sync::Arc;
use std::time::Duration;

use pingora::{Error, ErrorType, Result};
use pingora_proxy::Session;
use tokio::time::Instant;

use super::connection::Connection;
use super::pace::{GRACE, Pace};
use super::pipe::Pipe;

/// The bodies of a request and its answer.
pub(super) struct BodyFlow {
    pub(super) pipe: Arc<Pipe>,
    /// The app is spoken to by HTTP/2, whose own windows bound what is under way.
    to_http2: bool,
    /// The client's time, over HTTP/2. Over HTTP/1 its connection measures it.
    paces: Option<Paces>,
}

/// For each direction of an HTTP/2 stream.
struct Paces {
    sending: Pace,
    taking: Pace,
    /// When the last part of the request's body was passed on.
    passed: Option<Instant>,
    /// Length of the last part of the answer, which is being written.
    writing: usize,
    /// [`Connection::blocked`] when it was written.
    blocked: Duration,
}

impl BodyFlow {
    pub(super) fn new(connection: &Connection, is_http2: bool, to_http2: bool) -> Self {
        let pipe = Arc::new(Pipe::new(connection.budget(), is_http2));
        let pace = || connection.pace();
        let paces = || Paces {
            sending: pace(),
            taking: pace(),
            passed: None,
            writing: 0,
            blocked: connection.blocked(),
        };
        Self { pipe, to_http2, paces: is_http2.then(paces) }
    }

    /// A part of the request's body came. Waits until the app takes it.
    ///
    /// # Errors
    /// When the client sends too slowly, or the app takes nothing.
    pub(super) async fn send(&mut self, bytes: usize) -> Result<()> {
        if let Some(paces) = &mut self.paces {
            paces.came(bytes, &self.pipe)?;
        }
        if self.to_http2 {
            return Ok(());
        }
        let room = tokio::time::timeout(GRACE, self.pipe.room_for(bytes)).await;
        if let Some(paces) = &mut self.paces {
            paces.passed = Some(Instant::now());
        }
        room.map_err(|_| Error::new_up(ErrorType::WriteTimedout))
    }

    /// A part of the answer's body is about to be written to the client.
    ///
    /// # Errors
    /// When the client takes the answer too slowly.
    pub(super) fn answer(&mut self, session: &mut Session, bytes: usize) -> Result<()> {
        let waited = Duration::from_millis(self.pipe.passed());
        let Some(paces) = &mut self.paces else { return Ok(()) };
        let blocked = Connection::of(session.digest()).map_or(Duration::ZERO, |all| all.blocked());
        // In that time the client took the part before. Where the socket took nothing, the connection
        // judges the client.
        let by_socket = blocked.saturating_sub(paces.blocked);
        paces.taking.settle(waited.saturating_sub(by_socket), paces.writing);
        if paces.taking.is_over() {
            return Err(Error::new_down(ErrorType::WriteTimedout));
        }
        (paces.writing, paces.blocked) = (bytes, blocked);
        let first = in_socket(session);
        session.set_write_timeout(Some(paces.taking.allows(first.saturating_add(bytes))));
        Ok(())
    }
}

/// How many bytes the client's socket holds, which go before any others.
fn in_socket(session: &Session) -> usize {
    let socket = session.digest().and_then(|digest| digest.socket_digest.as_ref());
    let Some(info) = socket.and_then(|socket| socket.tcp_info()) else { return 0 };
    let sent = u64::from(info.tcpi_unacked) * u64::from(info.tcpi_snd_mss);
    usize::try_from(sent + u64::from(info.tcpi_notsent_bytes)).unwrap_or(usize::MAX)
}

impl Paces {
    fn came(&mut self, bytes: usize, pipe: &Pipe) -> Result<()> {
        let now = Instant::now();
        // The client may have been stopped because the app took nothing.
        let since = self.passed.filter(|_| !pipe.take_app_blocks()).unwrap_or(now);
        self.sending.settle(now.saturating_duration_since(since), bytes);
        if self.sending.is_over() {
            return Err(Error::new_down(ErrorType::ReadTimedout));
        }
        Ok(())
    }
}
