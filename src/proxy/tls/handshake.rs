use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use pingora_core::listeners::tls::Acceptor;
use pingora_core::protocols::tls::TlsStream;
use pingora_core::protocols::{Ssl as _, Stream, l4};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ResolvesServerCert, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tracing::debug;

use super::certificates::Certificates;
use super::challenge;
use super::client_roots::ClientRoots;
use super::hello;
use crate::acme::Challenges;
use crate::domain::{ContentDigest, Host};

/// The answer to plain http on a TLS port.
const PLAIN_HTTP_ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\
    Content-Length: 58\r\nConnection: close\r\n\r\nThis address speaks https only: write https:// before it.\n";

/// Limit from a connection's start to the end of its handshake. As long as for a request head.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// ALPN, in order of preference (RFC 7301, RFC 9113 §3.2).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// How long, and how much, is read after that answer: closing a connection with unread bytes resets
/// it, and the answer may be lost.
const DISCARD_FOR: Duration = Duration::from_secs(5);
const MAX_DISCARDED: u64 = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("server.tls: {0}")]
    Settings(#[from] rustls::Error),
    #[error("site.client_certificates: {0}")]
    ClientRoots(#[from] rustls::server::VerifierBuilderError),
}

/// What is known of a client's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) struct ClientCertificate {
    /// The authorities that were named to the client, see [`ClientRoots::id`].
    pub(in crate::proxy) roots: ContentDigest,
    /// Whether it showed one of theirs, which was verified.
    pub(in crate::proxy) is_shown: bool,
}

/// Handshakes that ask for a certificate, by the name that the client asks for.
pub type CertificateRequests = HashMap<String, Arc<CertificateRequest>>;

/// Handshakes that ask for a certificate.
pub struct CertificateRequest {
    acceptor: Acceptor,
    roots: ContentDigest,
}

/// The server side of TLS handshakes. Not part of Pingora's listener, so that a connection is counted
/// and its deadline runs before a byte is read.
#[derive(Clone)]
pub struct Tls {
    acceptor: Arc<Acceptor>,
    certificates: Arc<Certificates>,
    /// By the name that the client asks for.
    asking: Arc<ArcSwap<CertificateRequests>>,
    challenges: Arc<Challenges>,
    failed: Arc<AtomicU64>,
}

/// How a handshake ended without a connection to serve.
enum HandshakeEnd {
    /// An authority saw the answer to its challenge.
    Challenge,
    Failed(String),
}

impl From<String> for HandshakeEnd {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

impl From<std::io::Error> for HandshakeEnd {
    fn from(why: std::io::Error) -> Self {
        Self::Failed(why.to_string())
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// TLS 1.2 and 1.3; RFC 8996 deprecates the others. Session tickets save returning clients a full
    /// handshake. `asking`: the hosts whose clients are asked for a certificate. `challenges`: what
    /// authorities may ask for in a handshake.
    ///
    /// # Errors
    /// When the TLS library refuses the settings.
    pub fn new(
        certificates: &Arc<Certificates>,
        asking: &[(Host, ClientRoots)],
        challenges: &Arc<Challenges>,
    ) -> Result<Self, TlsError> {
        let tls = Self {
            acceptor: Arc::new(acceptor(certificates, None)?),
            certificates: Arc::clone(certificates),
            asking: Arc::default(),
            challenges: Arc::clone(challenges),
            failed: Arc::default(),
        };
        tls.ask(tls.asking(asking)?);
        Ok(tls)
    }

    /// How the clients of these hosts will be asked for a certificate. What did not change keeps its
    /// tickets.
    ///
    /// # Errors
    /// When the TLS library refuses the authorities.
    pub fn asking(&self, hosts: &[(Host, ClientRoots)]) -> Result<CertificateRequests, TlsError> {
        let known = self.asking.load();
        let one = |(host, roots): &(Host, ClientRoots)| {
            let (host, id) = (host.to_string(), roots.id());
            if let Some(same) = known.get(&host).filter(|known| known.roots == id) {
                return Ok((host, Arc::clone(same)));
            }
            let acceptor = acceptor(&self.certificates, Some(roots))?;
            Ok((host, Arc::new(CertificateRequest { acceptor, roots: id })))
        };
        hosts.iter().map(one).collect()
    }

    /// Asks clients so from now on.
    pub fn ask(&self, hosts: CertificateRequests) {
        self.asking.store(Arc::new(hosts));
    }

    /// Failed handshakes.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// The decrypted stream, and the client's certificate where it was asked for one. `None`: the
    /// handshake failed or timed out.
    pub(in crate::proxy) async fn accept(
        &self,
        stream: Stream,
    ) -> Option<(Stream, Option<ClientCertificate>)> {
        let timed = tokio::time::timeout(HANDSHAKE_TIMEOUT, self.shake(stream)).await;
        match timed.unwrap_or_else(|_| Err("timed out".to_owned().into())) {
            Ok(accepted) => return Some(accepted),
            Err(HandshakeEnd::Challenge) => {}
            Err(HandshakeEnd::Failed(why)) => self.fail(&why),
        }
        None
    }

    fn fail(&self, why: &str) {
        // At debug level only: otherwise any client could fill the log.
        debug!(%why, "TLS handshake failed");
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    async fn shake(
        &self,
        mut stream: Stream,
    ) -> Result<(Stream, Option<ClientCertificate>), HandshakeEnd> {
        let mut first = [0];
        stream.try_peek(&mut first).await?;
        // A handshake record begins with byte 22 (RFC 8446 §5.1), a plain request with its method.
        if first[0].is_ascii_uppercase() {
            answer_plainly(stream).await;
            return Err("the client sent plain http".to_owned().into());
        }
        // Read only where something follows from it.
        let is_read = self.challenges.is_alpn_pending() || !self.asking.load().is_empty();
        let hello = if is_read { Some(hello::client_names(&mut stream).await?) } else { None };
        let challenge =
            hello.as_ref().and_then(|hello| challenge::acceptor_for(&self.challenges, hello));
        if let Some(acceptor) = challenge {
            let mut shown = handshake(&acceptor?, stream).await?;
            // RFC 8737 §3: the connection is closed.
            shown.shutdown().await?;
            return Err(HandshakeEnd::Challenge);
        }
        let name = hello.and_then(|hello| hello.server_name);
        let asking = name.and_then(|name| self.asking.load().get(&name).map(Arc::clone));
        let acceptor = asking.as_ref().map_or(&*self.acceptor, |asking| &asking.acceptor);
        let stream = handshake(acceptor, stream).await?;
        let digest = stream.get_ssl_digest();
        let is_shown = digest.is_some_and(|digest| !digest.cert_digest.is_empty());
        let certificate = asking.map(|asking| ClientCertificate { roots: asking.roots, is_shown });
        Ok((Box::new(stream), certificate))
    }
}

async fn handshake(
    acceptor: &Acceptor,
    stream: Stream,
) -> Result<TlsStream<l4::stream::Stream>, String> {
    // Pingora's TLS stream needs the listener's own socket type.
    let downcast = stream.into_any().downcast::<l4::stream::Stream>();
    let socket = downcast.map_err(|_| "the stream is not a socket".to_owned())?;
    acceptor.tls_handshake(*socket).await.map_err(|why| why.to_string())
}

/// `roots`: those of clients that are asked for a certificate. They may show none, so that they can be
/// told. Each has tickets of its own: a session that began without a certificate never becomes one
/// with.
fn acceptor(
    certificates: &Arc<Certificates>,
    roots: Option<&ClientRoots>,
) -> Result<Acceptor, TlsError> {
    let resolver: Arc<dyn ResolvesServerCert> = Arc::<Certificates>::clone(certificates);
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13, &TLS12])?;
    let builder = match roots {
        None => builder.with_no_client_auth(),
        Some(roots) => {
            let store = Arc::clone(&roots.store);
            let verifier = WebPkiClientVerifier::builder_with_provider(store, provider);
            builder.with_client_cert_verifier(verifier.allow_unauthenticated().build()?)
        }
    };
    let mut config = builder.with_cert_resolver(resolver);
    config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(Acceptor::from_server_config(Arc::new(config)))
}

/// Errors are ignored: the connection is closed anyway.
async fn answer_plainly(mut stream: Stream) {
    let _ = stream.write_all(PLAIN_HTTP_ANSWER).await;
    let _ = stream.flush().await;
    let _ = stream.shutdown().await;
    let rest =
        async { tokio::io::copy(&mut stream.take(MAX_DISCARDED), &mut tokio::io::sink()).await };
    let _ = tokio::time::timeout(DISCARD_FOR, rest).await;
}
