use std::io;

use pingora_core::protocols::Stream;
use rustls::server::Acceptor;

/// The head of a record (RFC 8446 §5.1).
const RECORD_HEAD: usize = 5;
/// Limit for the first message of a client, bytes.
const LONGEST: usize = 32 * 1024;

/// What a client says first.
pub(super) struct ClientNames {
    /// In lower case.
    pub(super) server_name: Option<String>,
    /// ALPN, as it offers them.
    pub(super) protocols: Vec<Vec<u8>>,
}

/// The names that a client asks for, without taking a byte from the stream.
///
/// # Errors
/// When it does not begin a handshake.
pub(super) async fn client_names(stream: &mut Stream) -> io::Result<ClientNames> {
    let mut acceptor = Acceptor::default();
    let mut seen = 0;
    loop {
        let head = peek(stream, seen + RECORD_HEAD).await?;
        let record = usize::from(u16::from_be_bytes([head[seen + 3], head[seen + 4]]));
        let end = seen + RECORD_HEAD + record;
        if end > LONGEST {
            return Err(io::Error::other("the first message is too long"));
        }
        let bytes = peek(stream, end).await?;
        let mut rest = &bytes[seen..];
        while !rest.is_empty() {
            acceptor.read_tls(&mut rest)?;
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => {
                let hello = accepted.client_hello();
                let offered = hello.alpn().into_iter().flatten();
                return Ok(ClientNames {
                    server_name: hello.server_name().map(str::to_ascii_lowercase),
                    protocols: offered.map(<[u8]>::to_vec).collect(),
                });
            }
            Ok(None) => seen = end,
            Err((why, _)) => return Err(io::Error::other(why)),
        }
    }
}

async fn peek(stream: &mut Stream, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.try_peek(&mut bytes).await?;
    Ok(bytes)
}
