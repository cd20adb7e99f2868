//! The network before a server of the tests: it passes on, refuses, cuts, or swallows what is sent.
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::ports::free_port;

/// A port that leads to another one on this machine.
pub(crate) struct Relay {
    pub(crate) port: u16,
    state: Arc<State>,
    acceptor: Mutex<Option<JoinHandle<()>>>,
}

struct State {
    target: u16,
    mode: Mutex<Mode>,
    pairs: Mutex<Vec<Pair>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Passes,
    /// New connections end at once.
    Ends,
    Swallows,
    /// Nobody listens.
    Closed,
}

/// A connection, and the one to the server that it leads to.
struct Pair {
    client: TcpStream,
    server: Option<TcpStream>,
    /// What is sent on it from now on is lost.
    swallows: Arc<AtomicBool>,
}

impl Relay {
    pub(crate) fn to(target: u16) -> Self {
        let state = State { target, mode: Mutex::new(Mode::Closed), pairs: Mutex::default() };
        let relay = Self { port: free_port(), state: Arc::new(state), acceptor: Mutex::default() };
        relay.pass();
        relay
    }

    /// New connections pass. Those whose bytes were swallowed stay as they are, as behind a firewall
    /// that has forgotten them.
    pub(crate) fn pass(&self) {
        self.open(Mode::Passes);
    }

    /// As a network without a route: connections stay open, what is sent on them is lost, and new
    /// ones are accepted and get no answer.
    pub(crate) fn swallow(&self) {
        self.open(Mode::Swallows);
        for pair in &*held(&self.state.pairs) {
            pair.swallows.store(true, Ordering::SeqCst);
        }
    }

    /// As a server that has ended: connections are cut, and new ones are refused.
    pub(crate) fn refuse(&self) {
        self.close();
        self.cut();
    }

    /// Ends all connections, and new ones at once: unlike one that is refused, such a connection is not
    /// tried again for as long as somebody waits for it.
    pub(crate) fn end(&self) {
        self.open(Mode::Ends);
        self.cut();
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        for pair in held(&self.state.pairs).drain(..) {
            for stream in [Some(pair.client), pair.server].into_iter().flatten() {
                // One that has ended cannot be ended any more.
                drop(stream.shutdown(Shutdown::Both));
            }
        }
    }

    fn open(&self, mode: Mode) {
        *held(&self.state.mode) = mode;
        let mut acceptor = held(&self.acceptor);
        if acceptor.is_none() {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).expect("a port");
            let state = Arc::clone(&self.state);
            *acceptor = Some(std::thread::spawn(move || accept(&listener, &state)));
        }
    }

    fn close(&self) {
        *held(&self.state.mode) = Mode::Closed;
        if let Some(acceptor) = held(&self.acceptor).take() {
            // Wakes it, so that it sees that all is over.
            drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
            acceptor.join().expect("a thread");
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.refuse();
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, state: &State) {
    for client in listener.incoming() {
        let Ok(client) = client else { return };
        let swallows = Arc::new(AtomicBool::new(false));
        // Held until the connection is on the list: none passes that began before `swallow`.
        let mode = held(&state.mode);
        let server = match *mode {
            Mode::Closed => return,
            Mode::Ends => continue,
            Mode::Swallows => None,
            Mode::Passes => match TcpStream::connect((Ipv4Addr::LOCALHOST, state.target)) {
                Ok(server) => Some(server),
                // Closes the client's.
                Err(_) => continue,
            },
        };
        if let Some(server) = &server {
            pump(&client, server, &swallows);
            pump(server, &client, &swallows);
        }
        held(&state.pairs).push(Pair { client, server, swallows });
    }
}

/// Passes on what comes from one side to the other, until either ends.
fn pump(from: &TcpStream, to: &TcpStream, swallows: &Arc<AtomicBool>) {
    let clone = |stream: &TcpStream| stream.try_clone().expect("a handle");
    let (mut from, mut to, swallows) = (clone(from), clone(to), Arc::clone(swallows));
    to.set_nodelay(true).expect("a setting");
    std::thread::spawn(move || {
        let mut bytes = [0; 16 * 1024];
        loop {
            let read = from.read(&mut bytes).unwrap_or(0);
            if swallows.load(Ordering::SeqCst) {
                // Nor does the other side learn of an end.
                if read == 0 {
                    return;
                }
                continue;
            }
            if read == 0 || to.write_all(&bytes[..read]).is_err() {
                drop(from.shutdown(Shutdown::Both));
                drop(to.shutdown(Shutdown::Both));
                return;
            }
        }
    });
}
