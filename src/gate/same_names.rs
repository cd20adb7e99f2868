//! Names that a file system without case takes for one. Such an app finds `/admin` also by `/Admin`,
//! and on Windows by `/admin.`, `/admin::$DATA` or, in letters of other scripts, `/ａdmin`.
use std::borrow::Cow;
use std::ops::RangeInclusive;

use icu_normalizer::DecomposingNormalizerBorrowed;

/// The spellings that rules are compared with, for an app that ignores case: every one that leads
/// such a file system to the file of `path`. All are in lower case, as far as letters are ASCII.
pub(super) fn same_names(path: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let is_usual = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase() && byte != b':';
    let is_simple = path.bytes().all(is_usual) && !path.split('/').any(has_ignored_end);
    let others = if is_simple { Vec::new() } else { other_names(path) };
    let sent = is_simple.then_some(Cow::Borrowed(path));
    sent.into_iter().chain(others.into_iter().map(Cow::Owned))
}

fn other_names(path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for folded in case_foldings(path) {
        let names = [
            by_segment(&folded, without_ignored_end),
            by_segment(&folded, |segment| without_ignored_end(without_stream(segment))),
            // Windows keeps a blank before a slash, but none at the end.
            without_ignored_end(&folded).to_owned(),
            folded,
        ];
        for name in names {
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

/// Whether it can be told which file such a file system finds by `path`. It cannot for a short name
/// (`ADMINI~1`), which stands for any longer one, for a pattern of Windows (`<`, `>` and `"` are `*`, `?`
/// and `.` to some of its functions), for a way out of a directory, and for a part of a file of macOS
/// (`FILE/..namedfork/rsrc`).
pub(super) fn is_certain(path: &str) -> bool {
    let is_certain = |segment: &str| {
        let name = without_stream(segment);
        let is_no_name = without_ignored_end(name).is_empty() || name == "..namedfork";
        name.is_empty() || !(is_no_name || is_short_name(name) || name.contains(['<', '>', '"']))
    };
    same_names(path).all(|path| path.split('/').all(is_certain))
}

/// Lower case; upper case, as NTFS compares; both, since they differ for a few letters; and the ASCII
/// letters that others are taken for.
fn case_foldings(path: &str) -> Vec<String> {
    if path.is_ascii() {
        return vec![path.to_ascii_lowercase()];
    }
    let upper = path.to_uppercase();
    let folded = path.to_lowercase().to_uppercase().to_lowercase();
    vec![path.to_lowercase(), upper.to_ascii_lowercase(), folded, to_ascii(path)]
}

/// Characters that are no part of a name for some file systems (HFS+ ignores some of them): marks
/// above and below letters, and those that Unicode calls default ignorable.
const IGNORED: [RangeInclusive<char>; 18] = [
    '\u{ad}'..='\u{ad}',
    '\u{300}'..='\u{36f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{1ab0}'..='\u{1aff}',
    '\u{1dc0}'..='\u{1dff}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{20d0}'..='\u{20ff}',
    '\u{fe00}'..='\u{fe2f}',
    '\u{feff}'..='\u{feff}',
    '\u{fff0}'..='\u{fff8}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Letters of other scripts as the ASCII letters that they are compatible with (NFKD), as HFS+ and
/// the code pages of Windows take them: `İ` and `ı` as `i`, `ſ` as `s`, `Ｋ` as `k`.
fn to_ascii(path: &str) -> String {
    let letters = DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(path.chars());
    let mut found = String::with_capacity(path.len());
    for letter in letters.filter(|letter| !IGNORED.iter().any(|range| range.contains(letter))) {
        let letter = separator(letter).or_else(|| best_fit(letter)).unwrap_or(letter);
        if letter != '/' || !found.ends_with('/') {
            found.push(letter);
        }
    }
    // `ẞ` has `ß` for its lower case, and that has `SS` for its upper case.
    found.to_lowercase().to_uppercase().to_lowercase()
}

/// Letters and signs that are compatible with no ASCII character, with the one that the code page 1252
/// of Windows takes them for (bestfit1252.txt, which Unicode hosts for Microsoft).
const BEST_FIT: [(char, char); 29] = [
    ('đ', 'd'),
    ('Đ', 'd'),
    ('ħ', 'h'),
    ('Ħ', 'h'),
    ('ł', 'l'),
    ('Ł', 'l'),
    ('ŧ', 't'),
    ('Ŧ', 't'),
    ('ƀ', 'b'),
    ('ƚ', 'l'),
    ('ƶ', 'z'),
    ('ǥ', 'g'),
    ('ɡ', 'g'),
    ('α', 'a'),
    ('δ', 'd'),
    ('ε', 'e'),
    ('π', 'p'),
    ('σ', 's'),
    ('τ', 't'),
    ('φ', 'f'),
    ('Γ', 'g'),
    ('Θ', 't'),
    ('Σ', 's'),
    ('Φ', 'f'),
    ('Ω', 'o'),
    ('∞', '8'),
    ('∶', ':'),
    ('∼', '~'),
    ('−', '-'),
];

fn best_fit(letter: char) -> Option<char> {
    BEST_FIT.iter().find(|(known, _)| *known == letter).map(|(_, ascii)| *ascii)
}

/// What code pages take for a separator beside `/`.
const fn separator(letter: char) -> Option<char> {
    match letter {
        '\\' | '\u{2044}' | '\u{2215}' | '\u{2216}' | '\u{29f5}' | '\u{29f8}' | '¥' | '₩' => {
            Some('/')
        }
        _ => None,
    }
}

fn by_segment(path: &str, change: impl Fn(&str) -> &str) -> String {
    path.split('/').map(change).collect::<Vec<_>>().join("/")
}

fn has_ignored_end(segment: &str) -> bool {
    segment.ends_with(['.', ' '])
}

/// Windows drops dots and blanks at the end of a name.
fn without_ignored_end(segment: &str) -> &str {
    segment.trim_end_matches(['.', ' '])
}

/// NTFS: `name:stream:type` is a stream of the file `name`, or its directory.
fn without_stream(segment: &str) -> &str {
    match segment.split_once(':') {
        Some((name, _)) if !name.is_empty() => name,
        _ => segment,
    }
}

/// The name that FAT, NTFS and Samba give a file beside its own: at most eight characters, the last of
/// them a `~` with digits (Samba: or one or two letters), and an extension.
fn is_short_name(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or_default();
    let Some((start, end)) = stem.rsplit_once('~') else { return false };
    let numbered = !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
    let is_mangled = matches!((start.len(), end.len()), (6, 1) | (5, 2));
    let mangled = is_mangled && end.bytes().all(|byte| byte.is_ascii_alphanumeric());
    !start.is_empty() && stem.chars().count() <= 8 && (numbered || mangled)
}
