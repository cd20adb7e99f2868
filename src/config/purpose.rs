/// What a configuration is read for: a command needs only a part of what the file names, and must not
/// fail for the want of the rest. At three in the morning an operator has the file and the database,
/// and not every secret that the service is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To serve, or to find out whether that would work: everything.
    Serve,
    /// To describe the pages: no secret.
    Pages,
    /// To explain what the rules say: no secret and no other file.
    Rules,
    /// To send texts: the secrets of their providers, and no other file.
    Texts,
    /// To use what is encrypted in the store, numbers and signing keys: `server.secret` too.
    Sealed,
    /// To use the rest of the store, or to ask the server that runs: the store's secret, and no other
    /// file.
    Store,
}

/// What the store itself needs.
const STORE: &str = "store.database_password";

impl Purpose {
    /// Whether the secret that `key` refers to is read.
    pub(super) fn reads_secret(self, key: &str) -> bool {
        match self {
            Self::Serve => true,
            Self::Texts => key.starts_with("sms."),
            Self::Sealed => ["server.secret", STORE].contains(&key),
            Self::Store => key == STORE,
            Self::Pages | Self::Rules => false,
        }
    }

    /// Whether the certificates of `server.tls` and their keys are read.
    pub(super) fn reads_certificates(self) -> bool {
        self == Self::Serve
    }

    /// Whether the files of `[brand]` are read.
    pub(super) fn reads_brand(self) -> bool {
        matches!(self, Self::Serve | Self::Pages)
    }
}
