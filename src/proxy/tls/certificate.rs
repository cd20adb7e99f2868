use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{Error, InconsistentKeys};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

use super::names::Names;
use crate::domain::ContentDigest;
use crate::system::Timestamp;

/// Limit for a file, bytes: more than any chain or key has.
const LARGEST: u64 = 1024 * 1024;

/// A row of `server.tls`: PEM files (RFC 7468).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, followed by its intermediates.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificatePart {
    Certificate,
    Key,
}

impl fmt::Display for CertificatePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::Key => "key without a passphrase",
        })
    }
}

/// Why a certificate cannot be used. No text holds any part of a key.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("cannot read {}: {why}", path.display())]
    Unreadable { part: CertificatePart, path: PathBuf, why: io::Error },
    #[error("{} has no {part} in PEM form (-----BEGIN …)", path.display())]
    Absent { part: CertificatePart, path: PathBuf },
    #[error("{} is broken: {why}", path.display())]
    Broken { part: CertificatePart, path: PathBuf, why: String },
    #[error("{} is not the key of the certificate in {}", key.display(), certificate.display())]
    Mismatch { certificate: PathBuf, key: PathBuf },
}

impl CertificateError {
    /// The file at fault.
    pub const fn part(&self) -> CertificatePart {
        match self {
            Self::Unreadable { part, .. }
            | Self::Absent { part, .. }
            | Self::Broken { part, .. } => *part,
            Self::Mismatch { .. } => CertificatePart::Key,
        }
    }
}

/// A certificate chain and its key.
#[derive(Clone)]
pub struct Certificate {
    pub(super) files: CertificateFiles,
    pub(super) shown: Arc<CertifiedKey>,
    pub(super) names: Names,
    /// Not before and not after, both included.
    pub(super) valid: (Timestamp, Timestamp),
    /// Contents of both files, to notice a change.
    pub(super) digest: ContentDigest,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads both files.
    ///
    /// # Errors
    /// What is wrong with each of the two, not with the first only.
    pub fn read(files: &CertificateFiles) -> Result<Self, Vec<CertificateError>> {
        let CertificateFiles { certificate: path, key: key_path } = files;
        let shown = contents(CertificatePart::Certificate, path)
            .and_then(|text| Ok((ContentDigest::of(&text), Shown::of(path, &text)?)));
        let key = contents(CertificatePart::Key, key_path)
            .and_then(|text| Ok((ContentDigest::of(&text), key(key_path, &text)?)));
        match (shown, key) {
            (Ok((one, shown)), Ok((two, key))) => {
                let digest = ContentDigest::of([*one.as_bytes(), *two.as_bytes()].concat());
                Self::of(files, shown, key, digest).map_err(|why| vec![why])
            }
            (shown, key) => Err([shown.err(), key.err()].into_iter().flatten().collect()),
        }
    }

    /// A chain and its key in one text, for a certificate that has no files of its own. Messages call it
    /// `name`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of_text(name: &Path, text: &[u8]) -> Result<Self, CertificateError> {
        let files = CertificateFiles { certificate: name.to_owned(), key: name.to_owned() };
        let (shown, key) = (Shown::of(name, text)?, key(name, text)?);
        Self::of(&files, shown, key, ContentDigest::of(text))
    }

    fn of(
        files: &CertificateFiles,
        shown: Shown,
        key: Arc<dyn SigningKey>,
        digest: ContentDigest,
    ) -> Result<Self, CertificateError> {
        let Shown { chain, names, valid } = shown;
        let shown = CertifiedKey::new(chain, key);
        match shown.keys_match() {
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
            Err(Error::InconsistentKeys(_)) => {
                let CertificateFiles { certificate, key } = files.clone();
                return Err(CertificateError::Mismatch { certificate, key });
            }
            Err(why) => {
                return Err(broken(
                    CertificatePart::Certificate,
                    &files.certificate,
                    why.to_string(),
                ));
            }
        }
        Ok(Self { files: files.clone(), shown: Arc::new(shown), names, valid, digest })
    }
}

/// The contents of a certificate file.
struct Shown {
    chain: Vec<CertificateDer<'static>>,
    names: Names,
    valid: (Timestamp, Timestamp),
}

impl Shown {
    fn of(path: &Path, text: &[u8]) -> Result<Self, CertificateError> {
        let part = CertificatePart::Certificate;
        let parsed = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>();
        let chain = parsed.map_err(|why| broken(part, path, why.to_string()))?;
        let Some(first) = chain.first() else {
            return Err(CertificateError::Absent { part, path: path.to_owned() });
        };
        let read = X509Certificate::from_der(first);
        let (_, read) = read.map_err(|why| broken(part, path, why.to_string()))?;
        let (names, valid) = (Names::of(&read), validity(&read));
        Ok(Self { chain, names, valid })
    }
}

fn contents(part: CertificatePart, path: &Path) -> Result<Zeroizing<Vec<u8>>, CertificateError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(why) => Err(CertificateError::Unreadable { part, path: path.to_owned(), why }),
    }
}

fn key(path: &Path, text: &[u8]) -> Result<Arc<dyn SigningKey>, CertificateError> {
    let key = PrivateKeyDer::from_pem_slice(text).map_err(|why| match why {
        pem::Error::NoItemsFound => {
            CertificateError::Absent { part: CertificatePart::Key, path: path.into() }
        }
        // The error's own text may hold a part of the file.
        _ => broken(CertificatePart::Key, path, "not PEM".to_owned()),
    })?;
    any_supported_type(&key).map_err(|_| {
        broken(
            CertificatePart::Key,
            path,
            "not a key of RSA, ECDSA (P-256 to P-521) or Ed25519".to_owned(),
        )
    })
}

fn broken(part: CertificatePart, path: &Path, why: String) -> CertificateError {
    CertificateError::Broken { part, path: path.to_owned(), why }
}

/// When a certificate, in DER, ends; `None`: it is none.
pub fn certificate_end(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(validity(&certificate).1)
}

fn validity(certificate: &X509Certificate<'_>) -> (Timestamp, Timestamp) {
    let (from, to) = (certificate.validity().not_before, certificate.validity().not_after);
    let at = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1000));
    (at(from.timestamp()), at(to.timestamp()))
}
