use redis::{ErrorKind, RedisError};

/// Why Redis could not be used. Quotes neither keys nor values nor passwords.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedisFault {
    #[error("not a URL of a Redis server such as rediss://user:password@redis.example.com:6379/0")]
    BadUrl,
    #[error("the root certificates cannot be read")]
    BadRoots,
    /// Connecting failed, or the connection was lost.
    #[error("{0}")]
    Connection(String),
    #[error("no answer within a second")]
    TimedOut,
    /// An error reply; its code only, since the rest of it may quote what was sent.
    #[error("the server refused a command: {0}")]
    Refused(String),
    #[error("the server answered something else than its protocol says")]
    BadReply,
    #[error(
        "the server deletes what it should keep when its memory is full, since its maxmemory-policy \
         is `{0}`: set maxmemory-policy to `noeviction`"
    )]
    Evicts(String),
    #[error("the server does not tell its maxmemory-policy: let this user run INFO")]
    PolicyUnknown,
    #[error("the server is a replica, which takes no writes: name the primary")]
    Replica,
    #[error("the server is Redis {0}: 6.2 is the oldest that can be used")]
    TooOld(String),
}

/// Codes of replies of a server that is no longer the primary, is not ready, or wants another login.
const OF_THE_CONNECTION: &[&str] = &["READONLY", "MASTERDOWN", "LOADING", "CLUSTERDOWN", "NOAUTH"];

impl RedisFault {
    /// Whether another connection may do better, perhaps to another server.
    pub(in crate::store) fn ends_connection(&self) -> bool {
        match self {
            Self::Refused(code) => OF_THE_CONNECTION.contains(&code.as_str()),
            _ => true,
        }
    }
}

impl From<RedisError> for RedisFault {
    fn from(error: RedisError) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        match (error.code(), error.kind()) {
            (Some(code), _) => Self::Refused(code.to_owned()),
            // The operating system's text.
            (None, ErrorKind::Io) => Self::Connection(error.to_string()),
            (None, ErrorKind::Parse | ErrorKind::UnexpectedReturnType) => Self::BadReply,
            (None, _) => Self::Connection(error.category().to_owned()),
        }
    }
}
