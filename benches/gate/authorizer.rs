//! A minimal service for `auth_request` or `forward_auth`: looks up the session cookie in a map and
//! responds with three headers. A real one does more.
use std::collections::HashMap;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const GOOD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\
    X-Forwarded-User: sms|0123456789abcdef01234567\r\nX-Forwarded-Phone: +12025550123\r\n\
    X-Forwarded-Groups: staff\r\n\r\n";
const BAD: &[u8] = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";

/// `arguments`: port, token.
pub(crate) fn serve(arguments: &[String]) {
    let [port, token] = arguments else { panic!("serve-authorizer PORT TOKEN") };
    let port: u16 = port.parse().expect("a port");
    let sessions: &'static HashMap<Vec<u8>, &[u8]> =
        Box::leak(Box::new(HashMap::from([(token.clone().into_bytes(), GOOD)])));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(answer(stream, sessions));
        }
    });
}

async fn answer(mut stream: TcpStream, sessions: &HashMap<Vec<u8>, &[u8]>) {
    let mut buffer = Vec::with_capacity(4096);
    while stream.read_buf(&mut buffer).await.is_ok_and(|read| read > 0) {
        while let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let token = session(&buffer[..end]);
            let verdict = token.and_then(|token| sessions.get(token)).copied().unwrap_or(BAD);
            if stream.write_all(verdict).await.is_err() {
                return;
            }
            buffer.drain(..end + 4);
        }
    }
}

/// The value of the cookie `session`.
fn session(head: &[u8]) -> Option<&[u8]> {
    let mut lines = head.split(|byte| *byte == b'\n');
    let line = lines.find(|l| l.len() > 7 && l[..7].eq_ignore_ascii_case(b"cookie:"))?;
    let mut pairs = line[7..].split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    pairs.find_map(|pair| pair.strip_prefix(b"session="))
}
