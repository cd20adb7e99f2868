//! How apps of several kinds read a target. Written from what such servers do, not from the gate's own
//! readings, which are tested against it.

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppKind {
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

/// All of them.
pub const APP_KINDS: [AppKind; 9] = [
    AppKind::Plain,
    AppKind::Nginx,
    AppKind::Java,
    AppKind::CaseFolding,
    AppKind::DoubleDecoding,
    AppKind::Windows,
    AppKind::WindowsBehindAnother,
    AppKind::Parts,
    AppKind::Unescaping,
];

impl AppKind {
    /// The path that such a server serves for a target as it comes.
    pub fn path(self, target: &str) -> String {
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
