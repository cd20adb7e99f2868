use std::fmt;

use data_encoding::HEXLOWER;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $bytes]);

        impl $name {
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// Reads what [`fmt::Display`] wrote; `None` for any other text.
            pub fn parse(input: &str) -> Option<Self> {
                let hex = input.strip_prefix($prefix)?.as_bytes();
                let mut bytes = [0; $bytes];
                if hex.len() != 2 * $bytes {
                    return None;
                }
                HEXLOWER.decode_mut(hex, &mut bytes).ok()?;
                Some(Self(bytes))
            }

            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut hex = [0; 2 * $bytes];
                f.write_str($prefix)?;
                f.write_str(HEXLOWER.encode_mut_str(&self.0, &mut hex))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id!(
    /// A user. Random; written as `sms|` and 24 hexadecimal digits, the form of Auth0's user ids
    /// for its `sms` connection.
    UserId,
    12,
    "sms|"
);
id!(
    /// A login attempt.
    AttemptId,
    12,
    ""
);
id!(
    /// A server that runs on a database. Made at its start.
    NodeId,
    12,
    ""
);
id!(
    /// A session. No secret: the session token is what authenticates.
    SessionId,
    16,
    ""
);
id!(
    /// A grant: what one login gave to one client, which is a family of refresh tokens and the
    /// access tokens issued with them. No secret.
    GrantId,
    16,
    ""
);
