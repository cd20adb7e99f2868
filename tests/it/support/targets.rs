//! Targets as attackers write them.
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

const BASES: [&str; 14] = [
    "/admin",
    "/admin/x",
    "/admin/users/7",
    "/public",
    "/public/x",
    "/public/a/b.css",
    "/public/../admin/x",
    "/public/x/../../admin",
    "/public/./admin",
    "/orders",
    "/administer",
    "/publicity",
    "/.doorcode/me",
    "/",
];

/// Put between two characters.
const PIECES: [&str; 36] = [
    ";",
    ";a=b",
    ";/",
    "//",
    "/",
    "/./",
    "/../",
    "/..;/",
    "..",
    ".",
    "%2e",
    "%2e%2e",
    "%252e",
    "%2f",
    "%252f",
    "%2F",
    "%5c",
    "%255c",
    "..%2f",
    "%2f%2e%2e%2f",
    "%5c..%5c",
    "%2f;%5C",
    "\\",
    "%00",
    "%3b",
    "%253b",
    "%3f",
    "%23",
    "?",
    "?/public/",
    "%",
    "%zz",
    "%c0%af",
    "é",
    "ı",
    "%C4%B1",
];

/// Endless targets, the same ones every time. A quarter have no oddity or one, so that many are
/// let pass.
pub(crate) struct Targets(StdRng);

impl Targets {
    pub(crate) fn new() -> Self {
        Self(StdRng::seed_from_u64(20_260_101))
    }

    /// Another spelling of a letter.
    fn spelled(&mut self, letter: char) -> String {
        match self.0.random_range(0..4_u8) {
            0 if letter.is_ascii() => format!("%{:02x}", letter as u32),
            1 if letter.is_ascii() => format!("%{:02X}", letter as u32),
            2 if letter.is_ascii() => format!("%25{:02x}", letter as u32),
            _ => letter.to_uppercase().collect(),
        }
    }
}

impl Iterator for Targets {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let base = *BASES.choose(&mut self.0)?;
        let oddities = self.0.random_range(0..5_u8);
        let mut target = base.to_owned();
        for _ in 0..oddities {
            let letters: Vec<char> = target.chars().collect();
            let at = self.0.random_range(1..=letters.len());
            target.clear();
            for (index, letter) in letters.iter().enumerate() {
                if index != at {
                    target.push(*letter);
                } else if self.0.random_bool(0.5) {
                    target += PIECES.choose(&mut self.0)?;
                    target.push(*letter);
                } else {
                    target += &self.spelled(*letter);
                }
            }
            if at == letters.len() {
                target += PIECES.choose(&mut self.0)?;
            }
        }
        Some(target)
    }
}

/// Whether `path` is `below` or something in it.
pub(crate) fn is_below(path: &str, below: &str) -> bool {
    path.strip_prefix(below).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
