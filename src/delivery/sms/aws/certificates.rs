//! The certificates that SNS signs with, as it publishes them.
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use x509_parser::prelude::{GeneralName, X509Certificate, parse_x509_pem};

use crate::outbound::HttpAnswer;
use crate::system::Timestamp;

/// Certificates that are remembered. A region has one, and a second one while they change.
const REMEMBERED: usize = 8;

/// After one that could not be had none is asked for. Shorter than SNS waits before it repeats a message.
const PAUSE: Duration = Duration::from_secs(10);

/// The certificates that were asked for. Only good ones are kept, so that nobody can fill the room of others.
#[derive(Debug, Default)]
pub(super) struct SigningCertificates {
    known: Mutex<Vec<Arc<SigningCertificate>>>,
    /// Held while one is asked for; when the last one could not be had.
    asking: tokio::sync::Mutex<Option<Timestamp>>,
}

#[derive(Debug)]
struct SigningCertificate {
    name: String,
    /// `RSAPublicKey` (RFC 8017 A.1.1).
    key: Vec<u8>,
    /// Seconds since 1970.
    not_before: i64,
    not_after: i64,
}

impl SigningCertificates {
    /// The public key of the certificate, which is asked for once. `None`: it cannot be had now, or is none that
    /// signs for SNS now.
    pub(super) async fn key<A>(
        &self,
        name: &str,
        now: Timestamp,
        ask: impl FnOnce() -> A,
    ) -> Option<Vec<u8>>
    where
        A: Future<Output = Option<HttpAnswer>>,
    {
        if let Some(key) = self.remembered(name, now) {
            return Some(key);
        }
        let mut failed = self.asking.lock().await;
        // Somebody else may have got it meanwhile.
        if let Some(key) = self.remembered(name, now) {
            return Some(key);
        }
        if failed.is_some_and(|at| now.since(at) < PAUSE) {
            return None;
        }
        let read = ask().await.and_then(|answer| SigningCertificate::read(name, &answer.body));
        let read = read.filter(|certificate| certificate.is_valid(now));
        *failed = read.is_none().then_some(now);
        let certificate = Arc::new(read?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|other| other.name != name);
        if known.len() == REMEMBERED {
            known.remove(0);
        }
        known.push(Arc::clone(&certificate));
        Some(certificate.key.clone())
    }

    fn remembered(&self, name: &str, now: Timestamp) -> Option<Vec<u8>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|known| known.name == name && known.is_valid(now))?;
        Some(found.key.clone())
    }
}

impl SigningCertificate {
    fn read(name: &str, pem: &[u8]) -> Option<Self> {
        let (_, pem) = parse_x509_pem(pem).ok()?;
        let certificate = pem.parse_x509().ok().filter(signs_for_sns)?;
        let validity = certificate.validity();
        Some(Self {
            name: name.to_owned(),
            key: certificate.public_key().subject_public_key.data.to_vec(),
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
        })
    }

    fn is_valid(&self, now: Timestamp) -> bool {
        (self.not_before..=self.not_after).contains(&(now.as_millis() / 1000))
    }
}

/// Whether it is for a name such as `sns.amazonaws.com` or, in regions that accounts opt in to,
/// `sns-signing.af-south-1.amazonaws.com`. Source: aws-sdk-java-v2, `sns-message-manager`.
fn signs_for_sns(certificate: &X509Certificate<'_>) -> bool {
    let is_sns = |name: &str| {
        let ours = ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"];
        let rest = ours.iter().find_map(|domain| name.strip_suffix(domain)?.strip_suffix('.'));
        rest.is_some_and(|rest| {
            rest == "sns" || rest.starts_with("sns-") || rest.starts_with("sns.")
        })
    };
    let names = certificate.subject_alternative_name().ok().flatten();
    let mut names = names.iter().flat_map(|names| &names.value.general_names);
    names.any(|name| matches!(name, GeneralName::DNSName(name) if is_sns(name)))
}
