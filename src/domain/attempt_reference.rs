use std::fmt;
use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};

use super::AttemptId;

const BYTES: usize = 5;
/// Characters of a reference.
const LENGTH: usize = 8;

/// The start of an attempt's id in eight characters of Crockford's base32
/// (<https://www.crockford.com/base32.html>), for people to read out: no letter is taken for another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttemptReference([u8; BYTES]);

static CROCKFORD: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification.translate.from.push_str("abcdefghjkmnpqrstvwxyzOoIiLl");
    specification.translate.to.push_str("ABCDEFGHJKMNPQRSTVWXYZ001111");
    specification.ignore.push_str("- ");
    specification.encoding().ok()
});

impl AttemptReference {
    /// Reads a reference in letters of either case, with blanks or dashes anywhere, or a whole
    /// attempt id as the log has it.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(id) = AttemptId::parse(&text.trim().to_ascii_lowercase()) {
            return Some(id.into());
        }
        // Of a text that was copied.
        let text = text.replace(['\u{2010}', '\u{2011}', '\u{2013}', '\u{2014}'], "-");
        let bytes = CROCKFORD.as_ref()?.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// With a dash in the middle, as pages show it: `7K3M-9Q2D`.
    pub fn in_groups(self) -> String {
        let text = self.to_string();
        let (first, second) = text.split_at(LENGTH / 2);
        format!("{first}-{second}")
    }
}

impl AttemptReference {
    /// The start of the ids in the log that have this reference.
    pub fn start_of_id(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}

impl From<AttemptId> for AttemptReference {
    fn from(id: AttemptId) -> Self {
        let mut start = [0; BYTES];
        start.copy_from_slice(&id.as_bytes()[..BYTES]);
        Self(start)
    }
}

impl fmt::Display for AttemptReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; LENGTH];
        match CROCKFORD.as_ref() {
            Some(crockford) => f.write_str(crockford.encode_mut_str(&self.0, &mut text)),
            None => Err(fmt::Error),
        }
    }
}

impl fmt::Debug for AttemptReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{AttemptId, AttemptReference};

    #[test]
    fn a_reference_is_read_as_people_write_it() {
        let id = AttemptId::from_bytes([0x00, 0x44, 0x32, 0x14, 0xc7, 9, 9, 9, 9, 9, 9, 9]);
        let reference = AttemptReference::from(id);
        let text = reference.to_string();
        for spelling in [
            text.clone(),
            text.to_lowercase(),
            reference.in_groups(),
            format!(" {} {} ", &text[..4], &text[4..]),
            text.replace('0', "O").replace('1', "l"),
            reference.in_groups().replace('-', "–"),
            id.to_string(),
            format!("{} ", id.to_string().to_uppercase()),
        ] {
            assert_eq!(AttemptReference::parse(&spelling), Some(reference), "{spelling}");
        }
        assert!(id.to_string().starts_with(&reference.start_of_id()));
        for none in ["", "0123", "0123456U", "012345678", "0123456!", "é1234567"] {
            assert_eq!(AttemptReference::parse(none), None, "{none}");
        }
    }
}
