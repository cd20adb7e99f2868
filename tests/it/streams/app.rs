//! An app that does on each connection what a test writes down, byte for byte.
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::support::gate::Gate;

/// How long an app waits for anything.
const PATIENCE: Duration = Duration::from_mins(2);

pub(super) struct App {
    pub(super) port: u16,
    desk: Arc<Desk>,
}

#[derive(Default)]
struct Desk {
    connections: AtomicUsize,
    /// The heads of all requests, as they came.
    heads: Mutex<Vec<String>>,
    over: AtomicBool,
}

/// One connection to the app.
pub(super) struct Line {
    reader: BufReader<TcpStream>,
    desk: Arc<Desk>,
}

impl App {
    /// `serve` has each connection, in a thread of its own.
    pub(super) fn start(serve: impl Fn(&mut Line) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let desk = Arc::new(Desk::default());
        let (at_work, serve) = (Arc::clone(&desk), Arc::new(serve));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if at_work.over.load(Ordering::SeqCst) {
                    return;
                }
                at_work.connections.fetch_add(1, Ordering::SeqCst);
                let stream = stream.expect("a connection");
                stream.set_nodelay(true).expect("no delay");
                stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
                let mut line = Line { reader: BufReader::new(stream), desk: Arc::clone(&at_work) };
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || serve(&mut line));
            }
        });
        Self { port, desk }
    }

    /// How many requests came.
    pub(super) fn count(&self) -> usize {
        self.heads().len()
    }

    pub(super) fn heads(&self) -> Vec<String> {
        self.desk.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A gate whose site at `/down` is this app.
    pub(super) fn gate(&self, changes: &[(&str, &str)]) -> Gate {
        let here = format!("\"127.0.0.1:{}\"", self.port);
        let all = [&[("\"127.0.0.1:1\"", here.as_str())], changes].concat();
        Gate::changed(&all)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.desk.over.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts, so that it sees that all is over.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

impl Line {
    /// The head of the next request, kept for the test; `None` at the end of the connection.
    pub(super) fn head(&mut self) -> Option<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let mut heads = self.desk.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.push(head.clone());
        Some(head)
    }

    /// Writes all of it, or tells that the other end has closed.
    pub(super) fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Reads chunks up to the last; `false` when they do not come to an end.
    pub(super) fn skip_chunks(&mut self) -> bool {
        loop {
            let mut size = String::new();
            if self.reader.read_line(&mut size).unwrap_or(0) == 0 {
                return false;
            }
            let Ok(size) = usize::from_str_radix(size.trim(), 16) else { return false };
            let mut chunk = vec![0; size + 2];
            if self.reader.read_exact(&mut chunk).is_err() {
                return false;
            }
            if size == 0 {
                return true;
            }
        }
    }

    /// The next bytes; none at the end.
    pub(super) fn hear(&mut self, buffer: &mut [u8]) -> usize {
        self.reader.read(buffer).unwrap_or(0)
    }
}
