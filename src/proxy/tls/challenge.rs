//! The handshake of an authority that asks by tls-alpn-01 (RFC 8737).
use std::sync::Arc;

use pingora_core::listeners::tls::Acceptor;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};

use super::hello::ClientNames;
use crate::acme::{AlpnCertificate, Challenges, TLS_ALPN_PROTOCOL};

/// What a client is shown that offers nothing but the challenge's protocol (RFC 8737 §3). `None`: it is an
/// ordinary client. An error where no challenge is pending for the name.
pub(super) fn acceptor_for(
    challenges: &Challenges,
    hello: &ClientNames,
) -> Option<Result<Acceptor, String>> {
    if hello.protocols != [TLS_ALPN_PROTOCOL] {
        return None;
    }
    let pending = hello.server_name.as_deref().and_then(|name| challenges.alpn_certificate(name));
    let pending = pending.ok_or_else(|| "no challenge is pending for this name".to_owned());
    Some(pending.and_then(|shown| acceptor(&shown).map_err(|why| why.to_string())))
}

fn acceptor(shown: &AlpnCertificate) -> Result<Acceptor, rustls::Error> {
    let chain = vec![CertificateDer::from(shown.certificate.clone())];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(shown.key.to_vec()));
    // Unchecked: the check refuses critical extensions that it does not know, and this one is of no use
    // without.
    let shown = CertifiedKey::new(chain, any_supported_type(&key)?);
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    config.alpn_protocols = vec![TLS_ALPN_PROTOCOL.to_vec()];
    Ok(Acceptor::from_server_config(Arc::new(config)))
}
