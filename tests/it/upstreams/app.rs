//! An app that says which one it is, and that a test can end at once.
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub(super) struct App {
    pub(super) port: u16,
    desk: Arc<Desk>,
}

#[derive(Default)]
struct Desk {
    tls: Option<Arc<ServerConfig>>,
    over: AtomicBool,
    /// Takes connections, and closes them without a word.
    hangs_up: AtomicBool,
    /// Of answers to `/healthz`.
    health: AtomicU16,
    connections: AtomicUsize,
    requests: AtomicUsize,
    /// For `/healthz`.
    checks: AtomicUsize,
    switches: AtomicUsize,
    streams: Mutex<Vec<TcpStream>>,
}

impl App {
    pub(super) fn start() -> Self {
        Self::over(None, 0, 200)
    }

    pub(super) fn secure(tls: ServerConfig) -> Self {
        Self::over(Some(Arc::new(tls)), 0, 200)
    }

    /// In the place of one that has ended, with this status at `/healthz`.
    pub(super) fn instead_of(ended: &Self, health: u16) -> Self {
        Self::over(None, ended.port, health)
    }

    fn over(tls: Option<Arc<ServerConfig>>, port: u16, health: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let health = AtomicU16::new(health);
        let desk = Arc::new(Desk { tls, health, ..Desk::default() });
        let at_work = Arc::clone(&desk);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if at_work.over.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), desk) = (stream, Arc::clone(&at_work)) else { return };
                std::thread::spawn(move || desk.serve(stream, port));
            }
        });
        Self { port, desk }
    }

    pub(super) fn connections(&self) -> usize {
        self.desk.connections.load(Ordering::SeqCst)
    }

    /// Without health checks.
    pub(super) fn requests(&self) -> usize {
        self.desk.requests.load(Ordering::SeqCst)
    }

    /// Health checks.
    pub(super) fn checks(&self) -> usize {
        self.desk.checks.load(Ordering::SeqCst)
    }

    /// Websockets.
    pub(super) fn switches(&self) -> usize {
        self.desk.switches.load(Ordering::SeqCst)
    }

    pub(super) fn is_healthy(&self, status: u16) {
        self.desk.health.store(status, Ordering::SeqCst);
    }

    pub(super) fn hangs_up(&self) {
        self.desk.hangs_up.store(true, Ordering::SeqCst);
    }

    /// From now on it refuses connections, and those that it has are closed.
    pub(super) fn end(&self) {
        self.desk.over.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts, so that it sees that all is over.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        let refused =
            || TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err().then_some(());
        crate::support::gate::wait_for("refusal", refused);
        self.closes_connections();
    }

    /// Those that it has.
    pub(super) fn closes_connections(&self) {
        for stream in self.desk.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.end();
    }
}

impl Desk {
    fn serve(&self, stream: TcpStream, port: u16) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        if self.hangs_up.load(Ordering::SeqCst) {
            return;
        }
        stream.set_nodelay(true).expect("no delay");
        let [kept, whole] = [0; 2].map(|_| stream.try_clone().expect("a second handle"));
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
        match &self.tls {
            None => self.answer_all(stream, port),
            Some(tls) => {
                let tls = ServerConnection::new(Arc::clone(tls)).expect("a connection");
                self.answer_all(StreamOwned::new(tls, stream), port);
            }
        }
        // The handle that is kept would hold it open.
        let _ = whole.shutdown(Shutdown::Both);
    }

    fn answer_all<S: Read + Write>(&self, stream: S, port: u16) {
        let mut reader = BufReader::new(stream);
        while let Some(head) = head(&mut reader) {
            let path = head.split(' ').nth(1).unwrap_or_default();
            let is_check = path.ends_with("/healthz");
            let count = if is_check { &self.checks } else { &self.requests };
            count.fetch_add(1, Ordering::SeqCst);
            if head.to_ascii_lowercase().contains("\r\nupgrade: websocket") {
                self.switches.fetch_add(1, Ordering::SeqCst);
                let switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                                Upgrade: websocket\r\n\r\n";
                let _ = reader.get_mut().write_all(switched.as_bytes());
                let _ = reader.read(&mut [0; 64]);
                return;
            }
            let status = match path {
                "/healthz" => self.health.load(Ordering::SeqCst),
                _ => 200,
            };
            if path.ends_with("/slow") {
                std::thread::sleep(Duration::from_secs(4));
            }
            if path.ends_with("/drips") {
                let _ = drip(reader.get_mut());
                return;
            }
            let begun: Option<&[u8]> = match path.rsplit('/').next() {
                Some("torn") => Some(b"HTTP/1.1 200 OK\r\nContent-Le"),
                Some("cut") => Some(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\na"),
                _ => None,
            };
            if let Some(begun) = begun {
                let _ = reader.get_mut().write_all(begun);
                return;
            }
            let name = port.to_string();
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", name.len());
            let shown = if head.starts_with("HEAD ") { "" } else { &name };
            if reader.get_mut().write_all(format!("{answer}{shown}").as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// For six seconds.
fn drip(to: &mut impl Write) -> std::io::Result<()> {
    to.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n")?;
    for _ in 0..60 {
        to.write_all(b"a")?;
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn head<S: Read>(reader: &mut BufReader<S>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    reader.read_exact(&mut vec![0; length]).ok()?;
    Some(head)
}
