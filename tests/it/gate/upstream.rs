//! What the servers behind a gate may make of a path: each step is one that some server takes.
use std::collections::BTreeSet;

use proptest::prelude::*;

/// Every path that `raw` becomes when an upstream takes these steps in any order and as often as
/// it likes, but decodes twice at most.
pub(super) fn all_paths(raw: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([raw.to_owned()]);
    let mut level = found.clone();
    for decodings in 0..=2 {
        loop {
            let steps =
                [drop_parameters, turn_backslashes, merge_slashes, drop_trailing_slash, cut_query];
            let next = level.iter().flat_map(|path| steps.map(|step| step(path)));
            let next: BTreeSet<String> = next.filter(|path| !level.contains(path)).collect();
            if next.is_empty() {
                break;
            }
            level.extend(next);
        }
        found.extend(level.iter().cloned());
        if decodings < 2 {
            let decoders = [decode, decode_parts, decode_letters, decode_separators];
            let decoded = level.iter().flat_map(|path| decoders.map(|decode| decode(path)));
            level = decoded.collect();
        }
    }
    found
}

fn decode(path: &str) -> String {
    percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// Takes the path apart at what is a slash now, then decodes each part.
fn decode_parts(path: &str) -> String {
    let kept = path.replace("%2f", "%252f").replace("%2F", "%252F");
    decode(&kept.replace("%5c", "%255c").replace("%5C", "%255C"))
}

/// Normalises as RFC 3986 §6.2.2.2 says.
fn decode_letters(path: &str) -> String {
    let mut path = path.to_owned();
    for letter in (0x21..0x7f_u8).filter(|b| b.is_ascii_alphanumeric() || b"-._~".contains(b)) {
        let plain = char::from(letter).to_string();
        path = path.replace(&format!("%{letter:02x}"), &plain);
        path = path.replace(&format!("%{letter:02X}"), &plain);
    }
    path
}

fn decode_separators(path: &str) -> String {
    let path = path.replace("%2f", "/").replace("%2F", "/");
    path.replace("%5c", "\\").replace("%5C", "\\")
}

fn turn_backslashes(path: &str) -> String {
    path.replace('\\', "/")
}

fn drop_parameters(path: &str) -> String {
    let mut kept = String::new();
    let mut inside = false;
    for c in path.chars() {
        inside = c == ';' || (inside && c != '/');
        if !inside {
            kept.push(c);
        }
    }
    kept
}

fn merge_slashes(path: &str) -> String {
    let mut path = path.to_owned();
    while path.contains("//") {
        path = path.replace("//", "/");
    }
    path
}

fn drop_trailing_slash(path: &str) -> String {
    let bare = path.trim_end_matches('/');
    if bare.is_empty() { "/".to_owned() } else { bare.to_owned() }
}

/// What is left when a decoded path is taken apart once more.
fn cut_query(path: &str) -> String {
    path.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// Targets made of the pieces that servers disagree about.
pub(super) fn targets() -> impl Strategy<Value = String> {
    const MILD: &[&str] = &[
        "/", "/", "/", "a", "b", "c", "admin", "%61", "%2561", ";", ";x", "%3b", "%253b", ";x=1/",
        "//", "é", "%c3%a9", "%25", "%7E", "%3f", "%253F", "%23",
    ];
    const HOSTILE: &[&str] = &[
        ".", "..", "%2e", "%252e", "..;", "%2f", "%252f", "%25252f", "\\", "%5c", "%00", "%0a",
        "%ff", "%c2%85", "#", " ", "%zz", "%", "%3f", "%23",
    ];
    let piece = prop_oneof![9 => prop::sample::select(MILD), 1 => prop::sample::select(HOSTILE)];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| format!("/{}", pieces.concat()))
}
