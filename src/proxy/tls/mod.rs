//! TLS on the listeners: which certificate is shown to whom, its renewal, and the handshake.
//! Makes no certificates, and asks no visitor for one.
mod certificate;
mod certificates;
mod handshake;
mod names;

pub use certificate::{Certificate, CertificateError, CertificateFiles, Part};
pub use certificates::{Certificates, Renewal, doubts};
pub use handshake::{Tls, TlsError};
