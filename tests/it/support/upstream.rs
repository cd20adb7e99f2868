//! The app behind the gate: counts, keeps every request as it came, and says what a test wants.
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query, byte for byte.
    pub(crate) target: String,
    /// Names as they were written, duplicates too.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// What came after a body in chunks.
    pub(crate) trailers: Vec<(String, String)>,
}

impl Seen {
    /// Every value of a header, whatever the case of its name.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() < 2, "{name} came twice: {self:?}");
        all.first().copied()
    }
}

/// What the app says at one path instead of its usual page.
#[derive(Clone, Default)]
struct Reply {
    head: String,
    after: Duration,
    /// Takes the request and closes the connection.
    silent: bool,
    /// The whole answer, byte for byte.
    raw: Option<String>,
}

#[derive(Default)]
struct Desk {
    seen: Mutex<Vec<Seen>>,
    replies: Mutex<HashMap<String, Reply>>,
    over: AtomicBool,
}

pub(crate) struct Upstream {
    pub(crate) port: u16,
    desk: Arc<Desk>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let desk = Arc::new(Desk::default());
        let at_work = Arc::clone(&desk);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if at_work.over.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), desk) = (stream, Arc::clone(&at_work)) else { return };
                std::thread::spawn(move || serve(stream, &desk));
            }
        });
        Self { port, desk }
    }

    /// How many requests came.
    pub(crate) fn count(&self) -> usize {
        held(&self.desk.seen).len()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        held(&self.desk.seen).clone()
    }

    #[track_caller]
    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("a request that reached the app")
    }

    /// From now on, `path` answers with these header lines.
    pub(crate) fn adds(&self, path: &str, lines: &[&str]) {
        let head = lines.iter().flat_map(|line| [*line, "\r\n"]).collect();
        held(&self.desk.replies).entry(path.to_owned()).or_default().head = head;
    }

    /// From now on, `path` takes this long.
    pub(crate) fn slows(&self, path: &str, time: Duration) {
        held(&self.desk.replies).entry(path.to_owned()).or_default().after = time;
    }

    /// From now on, `path` answers with exactly these bytes.
    pub(crate) fn answers(&self, path: &str, raw: &str) {
        held(&self.desk.replies).entry(path.to_owned()).or_default().raw = Some(raw.to_owned());
    }

    /// From now on, `path` takes requests and answers none.
    pub(crate) fn dies_at(&self, path: &str) {
        held(&self.desk.replies).entry(path.to_owned()).or_default().silent = true;
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        super::recording::requests(&held(&self.desk.seen));
        self.desk.over.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts, so that it sees that all is over.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

fn serve(stream: TcpStream, desk: &Desk) {
    let mut reader = BufReader::new(stream);
    while let Some(seen) = request(&mut reader) {
        if seen.header("upgrade").is_some() {
            held(&desk.seen).push(seen);
            return echo(reader);
        }
        let path = seen.target.split('?').next().unwrap_or_default();
        let reply = held(&desk.replies).get(path).cloned().unwrap_or_default();
        let body = format!("the app: {} {}\n", seen.method, seen.target);
        let shown = if seen.method == "HEAD" { "" } else { &body };
        let (head, length) = (reply.head, body.len());
        let usual = || {
            format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n{head}\r\n{shown}"
            )
        };
        let answer = reply.raw.unwrap_or_else(usual);
        held(&desk.seen).push(seen);
        std::thread::sleep(reply.after);
        if reply.silent || reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Speaks no protocol: gives back every byte that comes. Accepts the key of RFC 6455 §1.3, which proxies look at.
fn echo(mut reader: BufReader<TcpStream>) {
    let switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                    Upgrade: websocket\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let mut bytes = [0; 1024];
    let mut wrote = reader.get_mut().write_all(switched.as_bytes());
    while wrote.is_ok() {
        let Ok(count @ 1..) = reader.read(&mut bytes) else { return };
        wrote = reader.get_mut().write_all(&bytes[..count]);
    }
}

pub(crate) fn request(reader: &mut BufReader<TcpStream>) -> Option<Seen> {
    let first = line(reader)?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers = fields(reader)?;
    let mut seen = Seen { method, target, headers, body: Vec::new(), trailers: Vec::new() };
    if seen.header("expect").is_some() {
        reader.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    if !seen.all("transfer-encoding").is_empty() {
        seen.body = chunks(reader)?;
        seen.trailers = fields(reader)?;
    } else if let Some(length) = seen.header("content-length") {
        seen.body.resize(length.parse().ok()?, 0);
        reader.read_exact(&mut seen.body).ok()?;
    }
    Some(seen)
}

fn chunks(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = usize::from_str_radix(&line(reader)?, 16).ok()?;
        let at = body.len();
        body.resize(at + size, 0);
        reader.read_exact(&mut body[at..]).ok()?;
        if size == 0 {
            return Some(body);
        }
        line(reader)?;
    }
}

/// Header lines up to an empty one.
fn fields(reader: &mut BufReader<TcpStream>) -> Option<Vec<(String, String)>> {
    let mut fields = Vec::new();
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            return Some(fields);
        }
        let (name, value) = line.split_once(':')?;
        fields.push((name.to_owned(), value.trim().to_owned()));
    }
}

fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).ok()?;
    let whole = line.strip_suffix(b"\r\n")?;
    Some(String::from_utf8_lossy(whole).into_owned())
}
