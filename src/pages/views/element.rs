use aws_lc_rs::digest::{SHA384, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::assets::squeezed;

/// Waits for the sheet and the issuer.
const ELEMENT: &str = include_str!("../../../static/assets/widget.js");
/// What TypeScript is told of it.
pub(super) const TYPES: &str = include_str!("../../../static/assets/widget.d.ts");

/// The script of the element, with the sheet of our pages in it: nested, it is for nothing outside
/// (CSS Nesting 1 §2), and what it says of the whole page is said of the element.
pub(super) fn script(sheet: &str) -> String {
    let sheet = by_theme(&sheet.replace(":root", "&"));
    squeezed(ELEMENT).replacen("\"base.css\"", &Value::from(sheet).to_string(), 1)
}

/// The sheet with what it says of dark systems said by the attribute `theme` too. `:where` leaves
/// the last word to what comes last, such as a brand that is always light.
fn by_theme(sheet: &str) -> String {
    let (mut out, mut rest) = (String::new(), sheet);
    while let Some((before, condition, body, after)) = next_dark(rest) {
        let light = "{&:where(:not([theme=light])){";
        let dark = "}}&:where([theme=dark]){color-scheme:dark;";
        let forced = "}&:where([theme=light]){color-scheme:light}";
        out.extend([before, condition, light, body, dark, body, forced]);
        rest = after;
    }
    out + rest
}

/// What precedes the next rule for dark systems, its condition, what is in it, and what follows.
fn next_dark(sheet: &str) -> Option<(&str, &str, &str, &str)> {
    let rules = sheet.match_indices("@media").map(|(at, _)| at);
    rules.filter_map(|at| parts(sheet, at)).find(|(_, condition, ..)| {
        let plain: String = condition.split_whitespace().collect();
        plain == "@media(prefers-color-scheme:dark)"
    })
}

fn parts(sheet: &str, at: usize) -> Option<(&str, &str, &str, &str)> {
    let open = at + sheet[at..].find('{')?;
    let mut depth = 0_usize;
    let close = sheet[open..].char_indices().find_map(|(i, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(open + i)
    })?;
    Some((&sheet[..at], &sheet[at..open], &sheet[open + 1..close], &sheet[close + 1..]))
}

pub(super) fn integrity(script: &str) -> String {
    let hash = digest(&SHA384, script.as_bytes());
    format!("sha384-{}", STANDARD.encode(hash))
}

/// JSON that is the same as a script and ends no `<script>`.
pub(crate) fn for_script(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
