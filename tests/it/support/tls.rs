//! Certificates of the tests' own, and visitors who speak TLS.
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, Issuer, KeyPair, SignatureAlgorithm};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, ProtocolVersion, SignatureScheme,
    StreamOwned, SupportedProtocolVersion,
};
use tempfile::TempDir;

/// A certificate that signs itself, and its key.
pub(crate) struct Pair {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Pair {
    pub(crate) fn of(names: &[&str]) -> Self {
        Self::signed(names, &rcgen::PKCS_ECDSA_P256_SHA256)
    }

    pub(crate) fn signed(names: &[&str], with: &'static SignatureAlgorithm) -> Self {
        Self::changed(names, with, |_| {})
    }

    /// Valid in these years only, from their first days on.
    pub(crate) fn between(names: &[&str], from: i32, to: i32) -> Self {
        Self::changed(names, &rcgen::PKCS_ECDSA_P256_SHA256, |params| {
            params.not_before = rcgen::date_time_ymd(from, 1, 1);
            params.not_after = rcgen::date_time_ymd(to, 1, 1);
        })
    }

    fn changed(
        names: &[&str],
        with: &'static SignatureAlgorithm,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        change(&mut params);
        let key = KeyPair::generate_for(with).expect("a key");
        let made = params.self_signed(&key).expect("a certificate");
        Self { der: made.der().clone(), certificate: made.pem(), key: key.serialize_pem() }
    }

    /// A certificate for visitors, which this authority signs.
    pub(crate) fn visitor_of(authority: &Authority) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("names");
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().expect("a key");
        let made = params.signed_by(&key, &authority.issuer);
        let made = made.expect("a certificate");
        Self { der: made.der().clone(), certificate: made.pem(), key: key.serialize_pem() }
    }

    /// Writes both files over what is there.
    pub(crate) fn write(&self, at: &Files) {
        std::fs::write(&at.certificate, &self.certificate).expect("written");
        std::fs::write(&at.key, &self.key).expect("written");
    }
}

/// Signs the certificates of visitors.
pub(crate) struct Authority {
    pub(crate) certificate: rcgen::Certificate,
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("names");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate, issuer: Issuer::new(params, key) }
    }
}

/// Where a pair is.
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Files {
    pub(crate) fn named(name: &str, folder: &Path) -> Self {
        let file = |kind| folder.join(format!("{name}.{kind}.pem"));
        Self { certificate: file("certificate"), key: file("key") }
    }
}

/// Pairs in a folder, and the line of the configuration that names them.
pub(crate) struct Shelf {
    pub(crate) files: Vec<Files>,
    /// Is deleted with it.
    _folder: TempDir,
}

impl Shelf {
    pub(crate) fn with(pairs: &[&Pair]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let named = |n: usize| Files::named(&n.to_string(), folder.path());
        let files: Vec<_> = (0..pairs.len()).map(named).collect();
        pairs.iter().zip(&files).for_each(|(pair, at)| pair.write(at));
        Self { files, _folder: folder }
    }

    /// `tls = […]`, as it stands in `[server]`.
    pub(crate) fn line(&self) -> String {
        let row = |at: &Files| {
            let (certificate, key) = (at.certificate.display(), at.key.display());
            format!("{{ certificate = \"{certificate}\", key = \"{key}\" }}")
        };
        let rows: Vec<String> = self.files.iter().map(row).collect();
        format!("tls = [{}]\n", rows.join(", "))
    }
}

/// What a visitor says first.
#[derive(Clone)]
pub(crate) struct Hello<'a> {
    /// `None`: no name is asked for.
    pub(crate) name: Option<&'a str>,
    pub(crate) protocols: &'a [&'a str],
    pub(crate) versions: &'a [&'static SupportedProtocolVersion],
    pub(crate) signatures: &'a [SignatureScheme],
}

impl Hello<'_> {
    pub(crate) const USUAL: Self = Hello {
        name: Some("shop.example.com"),
        protocols: &[],
        versions: &[&rustls::version::TLS13, &rustls::version::TLS12],
        signatures: &[
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ED25519,
            SignatureScheme::RSA_PSS_SHA256,
        ],
    };

    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        Arc::new(self.config_of(None))
    }

    /// Of a visitor who has this certificate.
    pub(crate) fn config_of(&self, own: Option<&Pair>) -> ClientConfig {
        let verifier = Arc::new(Anything(self.signatures.to_vec()));
        let builder = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_protocol_versions(self.versions)
            .expect("versions")
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match own {
            None => builder.with_no_client_auth(),
            Some(Pair { der, key, .. }) => {
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
                builder.with_client_auth_cert(vec![der.clone()], key).expect("a certificate")
            }
        };
        config.enable_sni = self.name.is_some();
        config.alpn_protocols = self.protocols.iter().map(|name| name.as_bytes().into()).collect();
        config
    }

    /// A connection whose handshake is done.
    pub(crate) fn say(&self, port: u16) -> io::Result<Spoken> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        socket.set_read_timeout(Some(Duration::from_secs(30)))?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from(self.name.unwrap_or("none").to_owned()).expect("a name");
        let client = ClientConnection::new(self.config(), name).map_err(io::Error::other)?;
        let mut spoken = Spoken(StreamOwned::new(client, socket));
        while spoken.0.conn.is_handshaking() {
            spoken.0.conn.complete_io(&mut spoken.0.sock)?;
        }
        Ok(spoken)
    }
}

pub(crate) struct Spoken(pub(crate) StreamOwned<ClientConnection, TcpStream>);

impl Spoken {
    /// The first certificate that was shown.
    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        let shown = self.0.conn.peer_certificates().expect("certificates");
        shown[0].clone()
    }

    pub(crate) fn protocol(&self) -> Option<&str> {
        self.0.conn.alpn_protocol().map(|name| str::from_utf8(name).expect("a name"))
    }

    pub(crate) fn version(&self) -> Option<ProtocolVersion> {
        self.0.conn.protocol_version()
    }
}

/// Looks at no certificate; the test does.
#[derive(Debug)]
struct Anything(Vec<SignatureScheme>);

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}
