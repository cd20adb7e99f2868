use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::domain::ContentDigest;

/// The authorities whose certificates the visitors of a site show: `site.client_certificates`. Read once,
/// at start.
#[derive(Clone)]
pub struct ClientRoots {
    pub(super) store: Arc<RootCertStore>,
    id: ContentDigest,
}

/// Why a file of authorities cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientRootsError {
    #[error("cannot read {}: {why}", path.display())]
    Unreadable { path: PathBuf, why: io::Error },
    #[error("{} has no certificate in PEM form (-----BEGIN CERTIFICATE)", path.display())]
    Empty { path: PathBuf },
    #[error("{} is broken: {why}", path.display())]
    Broken { path: PathBuf, why: String },
}

impl fmt::Debug for ClientRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRoots").field("id", &self.id).finish_non_exhaustive()
    }
}

impl ClientRoots {
    /// Reads a file of certificates.
    ///
    /// # Errors
    /// When it cannot be read, or has none, or one that is broken.
    pub fn read(path: &Path) -> Result<Self, ClientRootsError> {
        let broken = |why: String| ClientRootsError::Broken { path: path.to_owned(), why };
        let unreadable = |why| ClientRootsError::Unreadable { path: path.to_owned(), why };
        let text = std::fs::read(path).map_err(unreadable)?;
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&text) {
            let certificate = certificate.map_err(|why| broken(why.to_string()))?;
            store.add(certificate).map_err(|why| broken(why.to_string()))?;
        }
        if store.is_empty() {
            return Err(ClientRootsError::Empty { path: path.to_owned() });
        }
        Ok(Self { store: Arc::new(store), id: ContentDigest::of(&text) })
    }

    /// Tells them from other authorities.
    pub const fn id(&self) -> ContentDigest {
        self.id
    }
}
