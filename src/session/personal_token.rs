use std::fmt;

use data_encoding::BASE32_NOPAD;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::token_tag::{is_tagged_by_one, tag};
use crate::domain::{Secret, Subkey, TokenDigest};

const SEED: usize = 25;
const TAG: usize = 10;
/// Characters after the prefix: five bits each.
const LENGTH: usize = (SEED + TAG) * 8 / 5;

/// A personal access token: `dcp_` and 56 characters of base32 (RFC 4648 §6, lower case), which programs
/// that look for secrets in source code can find. They hold 200 unpredictable bits and an 80-bit MAC
/// under the server secret, so that a forged or mistyped token is rejected without reading the store.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PersonalToken([u8; SEED + TAG]);

impl PersonalToken {
    /// What every token begins with. No other secret does.
    pub const PREFIX: &str = "dcp_";

    pub(super) fn new(seed: &[u8; SEED], key: &Subkey) -> Self {
        let mut bytes = [0; SEED + TAG];
        bytes[..SEED].copy_from_slice(seed);
        bytes[SEED..].copy_from_slice(&tag::<TAG>(seed, key));
        Self(bytes)
    }

    /// Reads what [`Self::reveal`] wrote; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let written = text.strip_prefix(Self::PREFIX).filter(|written| written.len() == LENGTH)?;
        if written.bytes().any(|b| b.is_ascii_uppercase()) {
            return None;
        }
        let mut bytes = [0; SEED + TAG];
        let upper = Zeroizing::new(written.to_ascii_uppercase());
        let read = BASE32_NOPAD.decode_mut(upper.as_bytes(), &mut bytes).ok()?;
        (read == bytes.len()).then_some(Self(bytes))
    }

    /// The token as its user gets it. The name marks where a secret leaves its type.
    pub fn reveal(&self) -> Secret {
        let upper = Zeroizing::new(BASE32_NOPAD.encode(&self.0));
        Secret::new(format!("{}{}", Self::PREFIX, upper.to_ascii_lowercase()))
    }

    /// What is stored instead of the token.
    pub(super) fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.0)
    }

    /// Whether its MAC is by one of `keys`.
    pub(super) fn is_ours(&self, keys: &[Subkey]) -> bool {
        is_tagged_by_one::<TAG>(&self.0, keys)
    }
}

impl fmt::Debug for PersonalToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalToken(•••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Keyring, ServerSecret};

    fn key(secret: &str) -> Subkey {
        let secret = ServerSecret::new(&secret.repeat(32)).unwrap();
        Keyring::new(secret, Vec::new()).subkeys("personal access token").remove(0)
    }

    #[test]
    fn a_token_is_read_as_it_was_written_and_in_no_other_form() {
        let token = PersonalToken::new(&[7; SEED], &key("k"));
        let text = token.reveal().reveal().to_owned();
        assert_eq!(text.len(), 60);
        let read = PersonalToken::parse(&text).unwrap();
        assert_eq!(read.digest(), token.digest());
        assert!(read.is_ours(&[key("k")]) && !read.is_ours(&[key("l")]));
        assert!(read.is_ours(&[key("l"), key("k")]), "made under the former secret");
        let mut others = vec![
            text.to_uppercase(),
            text.replacen("dcp_", "DCP_", 1),
            text.replacen("dcp_", "", 1),
            format!("{text}a"),
            format!(" {text}"),
            format!("{text}="),
            text.replace(char::is_alphabetic, "1"),
        ];
        others.extend((0..text.len()).map(|end| text[..end].to_owned()));
        for other in others {
            assert!(PersonalToken::parse(&other).is_none(), "{other}");
        }
    }

    #[test]
    fn no_other_character_makes_another_token_of_ours() {
        let text = PersonalToken::new(&[7; SEED], &key("k")).reveal().reveal().to_owned();
        for at in PersonalToken::PREFIX.len()..text.len() {
            for new in ["a", "z", "2", "7"].iter().filter(|new| text[at..=at] != ***new) {
                let other = format!("{}{new}{}", &text[..at], &text[at + 1..]);
                let read = PersonalToken::parse(&other).unwrap();
                assert!(!read.is_ours(&[key("k")]), "{other}");
            }
        }
    }

    #[test]
    fn it_cannot_be_printed() {
        let token = PersonalToken::new(&[7; SEED], &key("k"));
        assert_eq!(format!("{token:?} {:?}", token.reveal()), "PersonalToken(•••) Secret(•••)");
    }
}
