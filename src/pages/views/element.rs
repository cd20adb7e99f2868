use aws_lc_rs::digest::{SHA384, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::packed::squeezed;

/// The source of the element, with a placeholder for the style sheet.
const ELEMENT: &str = include_str!("../../../static/assets/widget.js");
/// Its TypeScript declarations.
pub(super) const TYPES: &str = include_str!("../../../static/assets/widget.d.ts");

/// How rules begin that are for parts of pages which the element does not have.
const OF_PAGES_ALONE: [&str; 3] = ["footer ", ".sessions ", ".secret "];

/// The script of the element, with the style sheet of our pages in it. Nested, the sheet applies to
/// nothing outside the element (CSS Nesting 1 §2); its rules for `:root` apply to the element.
pub(super) fn script(sheet: &str) -> String {
    let sheet = by_theme(&of_the_element(sheet).replace(":root", "&"));
    squeezed(ELEMENT).replacen("\"base.css\"", &Value::from(sheet).to_string(), 1)
}

/// The sheet without the rules of [`OF_PAGES_ALONE`]. Only those that have a line of their own, as in
/// ours.
fn of_the_element(sheet: &str) -> String {
    let is_pages = |line: &str| {
        let ends = line.ends_with('}') && line.matches(['{', '}']).count() == 2;
        ends && OF_PAGES_ALONE.iter().any(|start| line.starts_with(start))
    };
    sheet.lines().filter(|line| !is_pages(line)).flat_map(|line| [line, "\n"]).collect()
}

/// The sheet with its rules for dark systems selected by the attribute `theme` too. `:where` adds no
/// specificity, so that later rules, such as those of a brand that is always light, still win.
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

/// Splits at the next media rule for dark systems: before, condition, body, after.
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

/// JSON as a JavaScript expression that can stand in a `<script>` without ending it.
pub(crate) fn for_script(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
