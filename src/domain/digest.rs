use std::fmt;

use data_encoding::HEXLOWER;
use subtle::ConstantTimeEq as _;

use super::{Subkey, sha256};

/// A digest that is stored or compared in place of the value that it was made of.
macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// A digest that was computed earlier and stored.
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// Lower-case hexadecimal, as the database has it.
            pub fn to_hex(&self) -> String {
                HEXLOWER.encode(&self.0)
            }

            /// Reads what [`Self::to_hex`] wrote; `None` for any other text.
            pub fn from_hex(text: &str) -> Option<Self> {
                let mut bytes = [0; $bytes];
                if text.len() != 2 * $bytes {
                    return None;
                }
                HEXLOWER.decode_mut(text.as_bytes(), &mut bytes).ok()?;
                Some(Self(bytes))
            }

            /// Compares in constant time, for a digest of something that a client has to know.
            pub fn matches(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }

        /// The first four bytes: enough to tell two apart.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({}…)", stringify!($name), HEXLOWER.encode(&self.0[..4]))
            }
        }
    };
}

/// SHA-256 of a value, most often of a random secret: such a digest needs neither key nor salt.
macro_rules! sha256_digest {
    ($(#[$doc:meta])* $name:ident) => {
        digest!($(#[$doc])* $name, 32);

        impl $name {
            pub fn of(value: impl AsRef<[u8]>) -> Self {
                Self(sha256(value.as_ref()))
            }
        }
    };
}

/// HMAC-SHA-256 of several parts, cut to the length of the type. Tells nothing about the parts
/// to a reader without the key, even where they are few enough to try them all.
macro_rules! keyed_digest {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        digest!($(#[$doc])* $name, $bytes);

        impl $name {
            pub fn keyed(key: &Subkey, parts: &[&[u8]]) -> Self {
                let mut short = [0; $bytes];
                short.copy_from_slice(&key.mac(parts)[..$bytes]);
                Self(short)
            }
        }
    };
}

sha256_digest!(
    /// Of a session token.
    TokenDigest
);
sha256_digest!(
    /// Of the text of an access token (JWT).
    AccessTokenDigest
);
sha256_digest!(
    /// Of the value of the cookie that tells browsers apart.
    BrowserDigest
);
sha256_digest!(
    /// Of the text of a hand-over ticket or a login ticket.
    TicketDigest
);
sha256_digest!(
    /// Of the value of the cookie that must accompany a login ticket.
    TicketCookieDigest
);
sha256_digest!(
    /// Of the value of the cookie that must accompany a hand-over ticket. It plays the part of
    /// OAuth's `state` (RFC 6749 §10.12).
    StateCookieDigest
);
sha256_digest!(
    /// Of an authorization code.
    AuthorizationCodeDigest
);
sha256_digest!(
    /// Of the secret that all refresh tokens of a grant share.
    RefreshFamilyDigest
);
sha256_digest!(
    /// Of the secret of a refresh token that each rotation replaces.
    RefreshTokenDigest
);
sha256_digest!(
    /// Who requests a login: a browser, or a client with one of its connections.
    RequesterDigest
);
sha256_digest!(
    /// Of a file's content.
    ContentDigest
);

impl From<BrowserDigest> for RequesterDigest {
    fn from(browser: BrowserDigest) -> Self {
        Self(browser.0)
    }
}

keyed_digest!(
    /// The key of a login attempt: made of the channel, the requester and the phone number.
    AttemptKey,
    32
);
keyed_digest!(
    /// Of an answer that was typed for an attempt.
    AnswerDigest,
    16
);
keyed_digest!(
    /// The key of a counter: made of what is counted and for whom.
    CounterKey,
    16
);
keyed_digest!(
    /// That a browser has signed in with a number: made of the requester and the phone number.
    KnownBrowserTag,
    16
);

keyed_digest!(
    /// A blind index: what an encrypted value is found by. Made of a kind of contact and its value, or
    /// the value's ending.
    BlindIndex,
    16
);
