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
    /// No answer to the first TLS handshake.
    #[error("no answer to a TLS handshake: for a server without TLS write `redis` for `rediss`")]
    NoHandshake,
    /// An error reply: its code, and its text up to where it may quote what was sent.
    #[error("the server refused a command: {code} {text}")]
    Refused { code: String, text: String },
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
            Self::Refused { code, .. } => OF_THE_CONNECTION.contains(&code.as_str()),
            _ => true,
        }
    }

    /// Whether the server answers, and must not or cannot be used.
    pub fn is_misuse(&self) -> bool {
        !matches!(self, Self::Connection(_) | Self::TimedOut | Self::NoHandshake | Self::BadReply)
    }
}

/// What a server that speaks no TLS does to a handshake.
const WITHOUT_TLS: [&str; 2] = ["InvalidContentType", "tls handshake eof"];

/// The operating system's or the TLS library's text.
fn connection(error: &RedisError) -> RedisFault {
    let mut text = error.to_string();
    if WITHOUT_TLS.iter().any(|sign| text.contains(sign)) {
        text.push_str("; it looks like a server without TLS: `redis://` is for those");
    }
    RedisFault::Connection(text)
}

/// The server's own words: it quotes what it was sent.
fn unquoted(text: &str) -> String {
    match text.split_once(['\'', '`', '"']) {
        Some((own, _)) => format!("{}…", own.trim_end()),
        None => text.to_owned(),
    }
}

impl From<RedisError> for RedisFault {
    fn from(error: RedisError) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        match (error.code(), error.kind()) {
            (Some(code), _) => {
                let text = unquoted(error.detail().unwrap_or_default());
                Self::Refused { code: code.to_owned(), text }
            }
            (None, ErrorKind::Io) => connection(&error),
            (None, ErrorKind::Parse | ErrorKind::UnexpectedReturnType) => Self::BadReply,
            (None, _) => Self::Connection(error.category().to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn of_what_a_server_says_nothing_is_told_that_it_was_sent() {
        for (text, told) in [
            (
                "WRONGPASS invalid username-password pair",
                "WRONGPASS invalid username-password pair",
            ),
            ("unknown command 'X', with args beginning with: 'secret'", "unknown command…"),
            (
                "command not allowed when used memory > 'maxmemory'.",
                "command not allowed when used memory >…",
            ),
        ] {
            assert_eq!(super::unquoted(text), told);
        }
    }
}
