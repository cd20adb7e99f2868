//! HTTP/1.1 by hand: requests go out byte for byte as a test writes them, and answers are kept
//! whole. No client library would send what these tests must send.
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Barrier;
use std::time::Duration;

use super::recording::Recorder;

/// Longer than anything that a test waits for, also on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_mins(2);

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, in the order in which they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The one header of this name, or nothing; two of them are a mistake.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() < 2, "{name} came twice: {self}");
        all.first().copied()
    }

    #[track_caller]
    pub(crate) fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("no Location: {self}"))
    }

    /// Fails with the whole answer unless it has this status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Fails with the whole answer unless its body holds `text`.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.text().contains(text), "`{text}` is not in {self}");
        self
    }

    #[track_caller]
    pub(crate) fn never_says(self, text: &str) -> Self {
        assert!(!self.text().contains(text), "`{text}` is in {self}");
        self
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "HTTP {}", self.status)?;
        self.headers.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))?;
        write!(f, "\n{}", self.text())
    }
}

/// One connection.
pub(crate) struct Wire<S = TcpStream>(BufReader<S>, Recorder);

impl Wire {
    pub(crate) fn to(port: u16) -> Self {
        Self::try_to(port).expect("a connection")
    }

    pub(crate) fn try_to(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream), Recorder::of(Some(port))))
    }

    /// From now on, waits no longer than this.
    pub(crate) fn hurry(&mut self, patience: Duration) {
        self.0.get_mut().set_read_timeout(Some(patience)).expect("a limit");
    }

    /// Whether the other end has closed; waits for it to.
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.0.fill_buf() {
            Ok(rest) => rest.is_empty(),
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}

impl<S: Read + Write> Wire<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self(BufReader::new(stream), Recorder::of(None))
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.1.sent(bytes);
        self.0.get_mut().write_all(bytes)
    }

    /// The next bytes, or what there was before the end.
    pub(crate) fn bytes_or_end(&mut self, count: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A connection that was reset has ended too.
        drop((&mut self.0).take(count).read_to_end(&mut bytes));
        bytes
    }

    /// The next answer; to a `HEAD` when `bare`.
    pub(crate) fn answer(&mut self, bare: bool) -> io::Result<Answer> {
        let status_line = self.line()?;
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| broken(&status_line))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| broken(&line))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        if !bare && !matches!(status, 100..=199 | 204 | 304) {
            answer.body = self.body(&answer)?;
        }
        self.1.answered(&answer);
        Ok(answer)
    }

    /// The next bytes, whatever they are.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).expect("bytes");
        bytes
    }

    fn body(&mut self, head: &Answer) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if head.header("transfer-encoding").is_some() {
            loop {
                let size = self.line()?;
                let size = usize::from_str_radix(&size, 16).map_err(|_| broken(&size))?;
                let at = body.len();
                body.resize(at + size, 0);
                self.0.read_exact(&mut body[at..])?;
                self.line()?;
                if size == 0 {
                    return Ok(body);
                }
            }
        }
        match head.header("content-length").map(str::parse) {
            Some(Ok(length)) => {
                body.resize(length, 0);
                self.0.read_exact(&mut body)?;
            }
            Some(Err(_)) => return Err(broken("content-length")),
            None => drop(self.0.read_to_end(&mut body)?),
        }
        Ok(body)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line)?;
        let whole = line.strip_suffix(b"\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(String::from_utf8_lossy(whole).into_owned())
    }
}

fn broken(line: &str) -> io::Error {
    io::Error::other(format!("not HTTP: {line}"))
}

/// Sends these bytes on a connection of their own and reads one answer.
#[track_caller]
pub(crate) fn exchange(port: u16, request: &[u8]) -> Answer {
    let mut wire = Wire::to(port);
    wire.send(request).expect("sent");
    wire.answer(request.starts_with(b"HEAD ")).expect("an answer")
}

/// Sends all of these at the same moment, each on a connection of its own.
pub(crate) fn storm(port: u16, requests: &[Vec<u8>]) -> Vec<Answer> {
    let together = Barrier::new(requests.len());
    std::thread::scope(|scope| {
        let one = |request: &Vec<u8>| {
            let mut wire = Wire::to(port);
            let (request, together) = (request.clone(), &together);
            scope.spawn(move || {
                together.wait();
                wire.send(&request).expect("sent");
                wire.answer(false).expect("an answer")
            })
        };
        let running: Vec<_> = requests.iter().map(one).collect();
        running.into_iter().map(|thread| thread.join().expect("a thread")).collect()
    })
}
