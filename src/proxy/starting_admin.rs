//! The admin listener while the server starts: a supervisor learns that the process lives, and a
//! balancer that it is not ready.
use std::net::TcpListener;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::sockets::{SocketError, Sockets};

/// The longest that one connection may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many connections are answered at once; others wait.
const MOST: usize = 64;
/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 4096;

/// The admin listener of a process that starts.
pub struct StartingAdmin {
    listener: TcpListener,
}

impl StartingAdmin {
    /// # Errors
    ///
    /// When another process listens there.
    pub fn on(sockets: &Sockets) -> Result<Self, SocketError> {
        Ok(Self { listener: sockets.admin()? })
    }

    /// Answers until the server is made, whose result is passed on. `problem` is why it is not ready.
    ///
    /// # Errors
    ///
    /// When the operating system refuses to watch the listener.
    pub async fn answer_during<T>(
        self,
        start: impl Future<Output = T>,
        problem: impl Fn() -> &'static str,
    ) -> std::io::Result<T> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let mut open = FuturesUnordered::new();
        tokio::pin!(start);
        let made = loop {
            tokio::select! {
                made = &mut start => break made,
                accepted = listener.accept(), if open.len() < MOST => {
                    if let Ok((stream, _)) = accepted {
                        // Those that send nothing, or take nothing, are of no interest.
                        open.push(tokio::time::timeout(PATIENCE, answer(stream, problem())));
                    }
                }
                Some(_) = open.next() => {}
            }
        };
        while open.next().await.is_some() {}
        Ok(made)
    }
}

/// Reads one request and answers it.
async fn answer(mut stream: TcpStream, problem: &str) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > LONGEST_HEAD || stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let (status, text) = match head.split(|byte| *byte == b' ').nth(1) {
        Some(b"/healthz") => ("200 OK", "ok"),
        _ => ("503 Service Unavailable", problem),
    };
    let length = text.len() + 1;
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n\r\n{text}\n"
    );
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}
