//! Targets as attackers write them, and how servers of several kinds read them. The readers here
//! are written from what those servers do, not from the gate's own.
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

/// A server's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Compares the bytes as they came.
    Plain,
    /// Decodes once, merges slashes, then resolves dots.
    Nginx,
    /// Drops `;…` of each segment, then decodes once and resolves dots.
    Java,
    /// Decodes once and takes `\` for `/` and capitals for small letters.
    CaseFolding,
    /// Decodes until nothing is left to decode, as two servers in a row do.
    DoubleDecoding,
    /// Decodes once and takes `\` for `/`.
    Windows,
    /// The same behind a server that decodes too.
    WindowsBehindAnother,
    /// Takes the path apart at its slashes, then decodes each part.
    Parts,
    /// Decodes separators only, as a proxy, and passes the rest on to one that decodes.
    Unescaping,
}

pub(crate) const KINDS: [Kind; 9] = [
    Kind::Plain,
    Kind::Nginx,
    Kind::Java,
    Kind::CaseFolding,
    Kind::DoubleDecoding,
    Kind::Windows,
    Kind::WindowsBehindAnother,
    Kind::Parts,
    Kind::Unescaping,
];

impl Kind {
    /// The path that such a server serves for a target.
    pub(crate) fn path(self, target: &str) -> String {
        let sent = target.split(['?', '#']).next().unwrap_or_default();
        match self {
            Self::Plain => sent.to_owned(),
            Self::Nginx => resolved(&decoded(sent), true),
            Self::Java => {
                let bare = sent.split('/').map(|part| part.split(';').next().unwrap_or_default());
                resolved(&decoded(&bare.collect::<Vec<_>>().join("/")), false)
            }
            Self::CaseFolding => {
                resolved(&decoded(sent).replace('\\', "/").to_uppercase().to_lowercase(), true)
            }
            Self::DoubleDecoding => resolved(&decoded(&decoded(sent)), true),
            Self::Windows => resolved(&decoded(sent).replace('\\', "/"), true),
            Self::WindowsBehindAnother => {
                resolved(&decoded(&decoded(sent)).replace('\\', "/"), true)
            }
            Self::Parts => {
                // What is a slash only now is part of a name.
                let parts = sent.split('/').map(|part| decoded(part).replace('/', "%2f"));
                resolved(&parts.collect::<Vec<_>>().join("/"), true)
            }
            Self::Unescaping => {
                let plain = ["%2f", "%2F"].iter().fold(sent.to_owned(), |p, e| p.replace(e, "/"));
                let plain = ["%5c", "%5C"].iter().fold(plain, |p, e| p.replace(e, "\\"));
                resolved(&resolved(&plain, true), true)
            }
        }
    }
}

/// Whether `path` is `below` or something in it.
pub(crate) fn is_below(path: &str, below: &str) -> bool {
    path.strip_prefix(below).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A broken escape stays as it is; a NUL ends the text, as it does in C.
fn decoded(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        let byte =
            digits.filter(|_| bytes[at] == b'%').and_then(|d| u8::from_str_radix(d, 16).ok());
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    let end = out.iter().position(|byte| *byte == 0).unwrap_or(out.len());
    String::from_utf8_lossy(&out[..end]).into_owned()
}

fn resolved(path: &str, merges: bool) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => drop(kept.pop()),
            "" if merges => {}
            part => kept.push(part),
        }
    }
    format!("/{}", kept.join("/"))
}
