use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pingora_core::listeners::tls::Acceptor;
use pingora_core::protocols::Stream;
use pingora_core::protocols::l4;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::ResolvesServerCert;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tracing::debug;

use super::certificates::Certificates;

/// To a visitor who came with `http://`. As little as it takes: nothing was judged yet.
const SPEAK_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\
    Content-Length: 58\r\nConnection: close\r\n\r\nThis address speaks https only: write https:// before it.\n";

/// From a connection's start to the end of its handshake: as long as for a head, which comes next.
const WHOLE_HANDSHAKE: Duration = Duration::from_secs(10);

/// In the order in which they are chosen (RFC 7301, RFC 9113 §3.2).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// How long, and how much, such a visitor is listened to: closed with bytes unread, a connection is
/// reset and the answer may be lost with it.
const LISTEN_ON: Duration = Duration::from_secs(5);
const LISTEN_TO: u64 = 64 * 1024;

#[derive(Debug, thiserror::Error)]
#[error("server.tls: {0}")]
pub struct TlsError(#[from] rustls::Error);

/// The server's side of every handshake. The listener below knows nothing of it, so that a
/// connection is counted, and time runs for it, before a byte is read.
#[derive(Clone)]
pub struct Tls {
    acceptor: Arc<Acceptor>,
    failed: Arc<AtomicU64>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// TLS 1.2 and 1.3, the versions that RFC 8996 left. Who comes back shows a ticket, which
    /// spares both sides a signature.
    pub fn new(certificates: Arc<Certificates>) -> Result<Self, TlsError> {
        let resolver: Arc<dyn ResolvesServerCert> = certificates;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
        config.ticketer = aws_lc_rs::Ticketer::new()?;
        let acceptor = Arc::new(Acceptor::from_server_config(Arc::new(config)));
        Ok(Self { acceptor, failed: Arc::default() })
    }

    /// How many connections ended before there was anything to ask on them.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// The stream inside. `None`: there was none in time, or the visitor speaks something else.
    pub(in crate::proxy) async fn accept(&self, stream: Stream) -> Option<Stream> {
        let shaken = tokio::time::timeout(WHOLE_HANDSHAKE, self.shake(stream)).await;
        let shaken = shaken.unwrap_or_else(|_| Err("it did not end in time".to_owned()));
        // What a visitor did is worth no line of its own: anybody could fill the log.
        shaken
            .inspect_err(|why| debug!(%why, "a TLS handshake failed"))
            .map_err(|_| self.count())
            .ok()
    }

    fn count(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    async fn shake(&self, mut stream: Stream) -> Result<Stream, String> {
        let mut first = [0];
        stream.try_peek(&mut first).await.map_err(|why| why.to_string())?;
        // A record of a handshake begins with 22 (RFC 8446 §5.1), a request line with its method.
        if first[0].is_ascii_uppercase() {
            answer_plainly(stream).await;
            return Err("plain http was spoken".to_owned());
        }
        // Pingora's listener gives its own type of socket; its TLS stream has to know which.
        let socket = stream.into_any().downcast::<l4::stream::Stream>();
        let socket = socket.map_err(|_| "the stream is no socket".to_owned())?;
        let shaken = self.acceptor.tls_handshake(*socket).await;
        Ok(Box::new(shaken.map_err(|why| why.to_string())?))
    }
}

/// Nothing that goes wrong here matters to anybody.
async fn answer_plainly(mut stream: Stream) {
    let _ = stream.write_all(SPEAK_TLS).await;
    let _ = stream.flush().await;
    let _ = stream.shutdown().await;
    let rest = async { tokio::io::copy(&mut stream.take(LISTEN_TO), &mut tokio::io::sink()).await };
    let _ = tokio::time::timeout(LISTEN_ON, rest).await;
}
