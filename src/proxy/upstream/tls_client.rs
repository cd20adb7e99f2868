//! TLS to apps. Certificates are always verified: there is no switch.
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pingora_core::protocols::tls::CaType;
use pingora_core::tls::{TlsConnector, load_platform_certs_incl_env_into_store};
use pingora_core::utils::tls::{CertKey, WrappedX509, parse_x509};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::app_socket::AppSocket;
use crate::gate::{ShownCertificate, UpstreamTls};

/// Which of the files is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamTlsPart {
    Ca,
    ClientCertificate,
    ClientKey,
    /// The authorities of the operating system.
    System,
}

/// Why apps cannot be spoken to by TLS. No text holds any part of a key.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{why}")]
pub struct UpstreamTlsError {
    pub part: UpstreamTlsPart,
    why: String,
}

/// What TLS connections to the apps of a site are made with.
#[derive(Clone)]
pub(super) struct TlsClient {
    /// Connections made with one are not used for requests of another.
    pub(super) id: u64,
    /// For HTTP/1.1, whose connections are ours.
    config: Arc<ClientConfig>,
    /// The same for HTTP/2, whose connections are Pingora's.
    pub(super) ca: Option<Arc<CaType>>,
    pub(super) client: Option<Arc<CertKey>>,
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What is wrong with what a site's TLS is configured with: one error at most for each text.
pub fn check_upstream_tls(tls: &UpstreamTls) -> Vec<UpstreamTlsError> {
    let parts = [
        tls.ca.as_ref().and_then(|text| certificates(text, UpstreamTlsPart::Ca).err()),
        tls.client.as_ref().and_then(|client| read_chain(client).err()),
        tls.client.as_ref().and_then(|client| read_key(client).err()),
    ];
    let wrong: Vec<_> = parts.into_iter().flatten().collect();
    // Whether they can be used together is a question only where each can be read.
    let together = || TlsClient::new(tls, &AtomicU64::new(0)).err().into_iter().collect();
    if wrong.is_empty() { together() } else { wrong }
}

impl TlsClient {
    /// `ids`: the last number that was given to one.
    ///
    /// # Errors
    /// When a text is no certificate or key, or the two do not belong together.
    pub(super) fn new(tls: &UpstreamTls, ids: &AtomicU64) -> Result<Self, UpstreamTlsError> {
        let (roots, ca) = match &tls.ca {
            Some(text) => {
                let certificates = certificates(text, UpstreamTlsPart::Ca)?;
                (only(&certificates)?, Some(wrapped(&certificates)))
            }
            None => (of_system()?, None),
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|why| error(UpstreamTlsPart::System, why.to_string()))?
            .with_root_certificates(roots);
        let (mut config, client) = match &tls.client {
            Some(client) => {
                let (chain, key) = (read_chain(client)?, read_key(client)?);
                let shown = chain.iter().map(|der| der.to_vec()).collect();
                let shown = CertKey::new(shown, key.secret_der().to_vec());
                let config = builder.with_client_auth_cert(chain, key);
                (config.map_err(|why| at_key(&why.to_string()))?, Some(Arc::new(shown)))
            }
            None => (builder.with_no_client_auth(), None),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let id = 1 + ids.fetch_add(1, Ordering::Relaxed);
        Ok(Self { id, config: Arc::new(config), ca, client })
    }

    /// Makes a connection to an app a TLS connection, and verifies the app's certificate.
    ///
    /// # Errors
    /// When the handshake fails.
    pub(super) async fn secure(
        &self,
        socket: TcpStream,
        name: &str,
    ) -> io::Result<Box<dyn AppSocket>> {
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        Ok(Box::new(connector.connect(name, socket).await?))
    }
}

fn only(certificates: &[CertificateDer<'static>]) -> Result<RootCertStore, UpstreamTlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let added = roots.add(certificate.clone());
        added.map_err(|why| error(UpstreamTlsPart::Ca, format!("is broken: {why}")))?;
    }
    Ok(roots)
}

fn of_system() -> Result<RootCertStore, UpstreamTlsError> {
    let mut roots = RootCertStore::empty();
    let loaded = load_platform_certs_incl_env_into_store(&mut roots);
    loaded.map_err(|why| {
        let why = format!("cannot load the certificate authorities of the system: {why}");
        error(UpstreamTlsPart::System, why)
    })?;
    Ok(roots)
}

fn wrapped(certificates: &[CertificateDer<'static>]) -> Arc<CaType> {
    certificates.iter().map(|der| WrappedX509::new(der.to_vec(), parse_x509)).collect()
}

fn read_chain(client: &ShownCertificate) -> Result<Vec<CertificateDer<'static>>, UpstreamTlsError> {
    certificates(&client.chain, UpstreamTlsPart::ClientCertificate)
}

fn read_key(client: &ShownCertificate) -> Result<PrivateKeyDer<'static>, UpstreamTlsError> {
    let key = PrivateKeyDer::from_pem_slice(client.key.reveal().as_bytes());
    // The error's own text may hold a part of the file.
    key.map_err(|_| at_key("has no key without a passphrase in PEM form"))
}

fn certificates(
    text: &str,
    part: UpstreamTlsPart,
) -> Result<Vec<CertificateDer<'static>>, UpstreamTlsError> {
    let parsed = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>();
    let certificates = parsed.map_err(|why| error(part, format!("is broken: {why}")))?;
    if certificates.is_empty() {
        let why = "has no certificate in PEM form (-----BEGIN CERTIFICATE-----)";
        return Err(error(part, why.to_owned()));
    }
    for certificate in &certificates {
        // Pingora panics at one that it cannot parse.
        X509Certificate::from_der(certificate)
            .map_err(|why| error(part, format!("is broken: {why}")))?;
    }
    Ok(certificates)
}

fn at_key(why: &str) -> UpstreamTlsError {
    error(UpstreamTlsPart::ClientKey, format!("cannot be used with the certificate: {why}"))
}

const fn error(part: UpstreamTlsPart, why: String) -> UpstreamTlsError {
    UpstreamTlsError { part, why }
}
