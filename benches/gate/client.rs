//! A minimal HTTP/1.1 client, for an exact number of requests.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Long, because under an instruction counter everything takes fifty times as long.
const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// A persistent connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    pub(crate) fn send(&mut self, request: &str) -> std::io::Result<Answer> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or(std::io::ErrorKind::InvalidData)?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let body = self.body(&headers)?;
        Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn body(&mut self, headers: &[(String, String)]) -> std::io::Result<Vec<u8>> {
        let header = |name: &str| headers.iter().find(|(known, _)| known == name);
        if let Some((_, length)) = header("content-length") {
            let mut body = vec![0; length.parse().unwrap_or_default()];
            self.stream.read_exact(&mut body)?;
            return Ok(body);
        }
        let mut body = Vec::new();
        if header("transfer-encoding").is_some() {
            loop {
                let mut line = String::new();
                self.stream.read_line(&mut line)?;
                let length = usize::from_str_radix(line.trim(), 16);
                let length = length.map_err(|_| std::io::ErrorKind::InvalidData)?;
                let mut chunk = vec![0; length + 2];
                self.stream.read_exact(&mut chunk)?;
                body.extend(&chunk[..length]);
                if length == 0 {
                    break;
                }
            }
        }
        Ok(body)
    }
}

/// One request on a connection of its own.
pub(crate) fn once(port: u16, request: &str) -> std::io::Result<Answer> {
    Client::connect(port)?.send(request)
}
