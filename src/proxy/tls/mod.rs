//! TLS on the listeners: the choice of certificate by SNI, its reload, and the handshake.
//! Issues no certificates, and asks for no client certificate.
mod certificate;
mod certificates;
mod handshake;
mod names;

pub use certificate::{Certificate, CertificateError, CertificateFiles, CertificatePart};
pub use certificates::{Certificates, Renewal, certificate_warnings};
pub use handshake::{Tls, TlsError};
