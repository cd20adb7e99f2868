//! Certificates by ACME (RFC 8555): accounts, orders, challenges, renewal, and the folder that keeps them.
//! Opens no listener and knows no TLS handshake: `proxy` answers the challenges that are pending here.
mod account;
mod challenges;
mod error;
mod folder;
mod history;
mod http;
mod keeper;
mod order;
mod schedule;
mod settings;
mod status;

pub use challenges::{AlpnCertificate, Challenges, HTTP_CHALLENGE_PATH, TLS_ALPN_PROTOCOL};
pub use folder::{AcmeFolder, FolderError};
pub use keeper::{CertificateKeeper, KeeperDeps, ShownCertificates};
pub use schedule::Validity;
pub use settings::{AcmeDirectory, AcmeSettings, ChallengeKind, Roots};
pub use status::AcmeStatus;
