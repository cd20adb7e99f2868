use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use zeroize::Zeroizing;

use crate::domain::Host;

/// Before the token in a path (RFC 8555 §8.3).
pub const HTTP_CHALLENGE_PATH: &str = "/.well-known/acme-challenge/";
/// The ALPN protocol of RFC 8737 §3.
pub const TLS_ALPN_PROTOCOL: &[u8] = b"acme-tls/1";

/// The challenges that wait for the authority's question, and what it is to be answered.
#[derive(Default)]
pub struct Challenges(Mutex<Pending>);

#[derive(Default)]
struct Pending {
    /// Key authorizations by token.
    http: HashMap<String, String>,
    alpn: HashMap<Host, Arc<AlpnCertificate>>,
}

/// What is shown to an authority that asks by tls-alpn-01, both in DER.
pub struct AlpnCertificate {
    pub certificate: Vec<u8>,
    /// PKCS #8.
    pub key: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenges")
    }
}

impl AlpnCertificate {
    /// RFC 8737 §3: the host is the only name, and a critical extension has the digest of the key
    /// authorization.
    pub(super) fn new(host: &Host, digest: &[u8; 32]) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new(vec![host.to_string()])?;
        params.distinguished_name = DistinguishedName::new();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.der().to_vec();
        Ok(Self { certificate, key: Zeroizing::new(key.serialize_der()) })
    }
}

impl Challenges {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key authorization for the path of a request. `None`: it is not that of a pending challenge.
    pub fn http_answer(&self, path: &str) -> Option<String> {
        let token = path.strip_prefix(HTTP_CHALLENGE_PATH)?;
        self.lock().http.get(token).cloned()
    }

    /// What to show to an authority that asks for `name`, in lower case.
    pub fn alpn_certificate(&self, name: &str) -> Option<Arc<AlpnCertificate>> {
        let host = Host::parse(name).ok()?;
        self.lock().alpn.get(&host).map(Arc::clone)
    }

    /// Whether any handshake may be an authority's.
    pub fn is_alpn_pending(&self) -> bool {
        !self.lock().alpn.is_empty()
    }

    pub(super) fn expect_http(self: &Arc<Self>, token: &str, answer: &str) -> PendingChallenge {
        self.lock().http.insert(token.to_owned(), answer.to_owned());
        PendingChallenge { of: Arc::clone(self), key: PendingKey::Token(token.to_owned()) }
    }

    pub(super) fn expect_alpn(
        self: &Arc<Self>,
        host: &Host,
        answer: AlpnCertificate,
    ) -> PendingChallenge {
        self.lock().alpn.insert(host.clone(), Arc::new(answer));
        PendingChallenge { of: Arc::clone(self), key: PendingKey::Host(host.clone()) }
    }
}

enum PendingKey {
    Token(String),
    Host(Host),
}

/// The challenge is answered until this is dropped.
pub(super) struct PendingChallenge {
    of: Arc<Challenges>,
    key: PendingKey,
}

impl Drop for PendingChallenge {
    fn drop(&mut self) {
        let mut pending = self.of.lock();
        match &self.key {
            PendingKey::Token(token) => drop(pending.http.remove(token)),
            PendingKey::Host(host) => drop(pending.alpn.remove(host)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_answered_while_it_is_pending() {
        let all = Arc::new(Challenges::default());
        let host = Host::parse("shop.example.com").unwrap();
        let path = format!("{HTTP_CHALLENGE_PATH}token");
        let http = all.expect_http("token", "token.thumbprint");
        let certificate = AlpnCertificate::new(&host, &[7; 32]).unwrap();
        let alpn = all.expect_alpn(&host, certificate);
        assert_eq!(all.http_answer(&path).as_deref(), Some("token.thumbprint"));
        for other in ["/token", "/.well-known/acme-challenge/", "/.well-known/acme-challenge/x"] {
            assert_eq!(all.http_answer(other), None, "{other}");
        }
        assert!(all.is_alpn_pending());
        assert!(all.alpn_certificate("shop.example.com").is_some());
        assert!(all.alpn_certificate("wiki.example.com").is_none());
        drop((http, alpn));
        assert_eq!(all.http_answer(&path), None);
        assert!(!all.is_alpn_pending());
    }
}
