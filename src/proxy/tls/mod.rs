//! TLS on the listeners: the choice of certificate by SNI, its reload, and the handshake.
//! Issues no certificates, and asks for none: `acme` does.
mod certificate;
mod certificates;
mod challenge;
mod client_roots;
mod expected;
mod handshake;
mod hello;
mod names;
mod obtained;

pub use certificate::{
    Certificate, CertificateError, CertificateFiles, CertificatePart, certificate_end,
};
pub use certificates::{Certificates, Renewal, certificate_warnings};
pub use client_roots::{ClientRoots, ClientRootsError};
pub(super) use handshake::ClientCertificate;
pub use handshake::{CertificateRequests, Tls, TlsError};
