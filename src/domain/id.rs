use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $bytes]);

        impl $name {
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// Reads what [`fmt::Display`] writes; anything else is `None`.
            pub fn parse(input: &str) -> Option<Self> {
                let hex = input.strip_prefix($prefix)?.as_bytes();
                let mut bytes = [0; $bytes];
                (hex.len() == 2 * $bytes).then_some(())?;
                for (slot, pair) in bytes.iter_mut().zip(hex.chunks(2)) {
                    *slot = (nibble(pair[0])? << 4) | nibble(pair[1])?;
                }
                Some(Self(bytes))
            }

            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

id!(
    /// One person: 96 random bits, written as Auth0 writes users of its `sms` connection.
    UserId,
    12,
    "sms|"
);
id!(
    /// One login in progress.
    AttemptId,
    12,
    ""
);
id!(
    /// One signed-in browser. Names the session in logs and tables; opens nothing.
    SessionId,
    16,
    ""
);
id!(
    /// What a client was given for one login of one person: a family of refresh tokens and the
    /// access tokens made with them. Names it in tables and tokens; opens nothing.
    GrantId,
    16,
    ""
);
