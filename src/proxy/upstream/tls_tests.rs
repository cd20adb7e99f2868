//! What an operator reads when an app's certificate is not accepted.
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection};
use tokio::net::TcpStream;

use super::app_socket::connect_error;
use super::cause;
use super::tls_client::TlsClient;
use crate::gate::UpstreamTls;

/// A certificate that signs itself, valid up to this year.
pub(super) fn pair(name: &str, until: i32) -> (rcgen::Certificate, KeyPair) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    // Authorities are found by their names.
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2001, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().expect("a key");
    (params.self_signed(&key).expect("a certificate"), key)
}

/// A server that makes one handshake.
fn serve((certificate, key): &(rcgen::Certificate, KeyPair)) -> u16 {
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key);
    let mut connection = ServerConnection::new(Arc::new(config.expect("a certificate"))).unwrap();
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || -> io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        while connection.is_handshaking() {
            connection.complete_io(&mut stream)?;
        }
        Ok(())
    });
    port
}

/// Why a server is not trusted.
async fn why(shown: &(rcgen::Certificate, KeyPair), trusted: &rcgen::Certificate) -> String {
    let tls = UpstreamTls { ca: Some(trusted.pem()), ..UpstreamTls::default() };
    let client = TlsClient::new(&tls, &AtomicU64::new(0)).expect("good");
    let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, serve(shown))).await.expect("connected");
    let secured = client.secure(socket, "app.internal").await;
    cause(&connect_error(secured.err().expect("not trusted")))
}

#[tokio::test]
async fn the_log_says_what_is_wrong_with_a_certificate() {
    let (good, other) = (pair("app.internal", 4000), pair("other.internal", 4000));
    let old = pair("app.internal", 2002);
    for (shown, trusted, said) in [
        (&good, &other.0, "UnknownIssuer"),
        (&other, &other.0, "not valid for name"),
        (&old, &old.0, "expired"),
    ] {
        let why = why(shown, trusted).await;
        assert!(why.starts_with("TLSHandshakeFailure: ") && why.contains(said), "{why}");
    }
}
