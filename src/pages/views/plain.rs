//! Pages without brand, sheet or script, for hosts that are not ours: what a stranger finds there
//! must tell nothing of the configuration.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::message::MessagePage;
use crate::domain::sha256;
use crate::words::{Language, Safe};

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;margin:12vh auto;max-width:26rem;\
    padding:0 1.5rem;overflow-wrap:anywhere}h1{font-size:1.5rem;line-height:1.25}";

/// More links than this are opened first, as at the foot of the other pages.
const MOST_SHOWN: usize = 6;

/// The whole HTML document: the heading and text of a message, which names nobody, and `links`
/// to the same page in other languages.
pub(super) fn html(language: &Language, links: &str, page: &MessagePage<'_>) -> String {
    let [heading, text] = page.words().map(|key| language.say(key).map(Safe::into_string));
    let (heading, text) = (heading.unwrap_or_default(), text.unwrap_or_default());
    let links = if links.lines().count() > MOST_SHOWN {
        let languages = language.say("languages").map(Safe::into_string).unwrap_or_default();
        format!("<details><summary>{languages}</summary>\n{links}</details>\n")
    } else {
        format!("<p>\n{links}</p>\n")
    };
    let (tag, direction) = (language.tag(), language.direction().as_str());
    format!(
        "<!doctype html>\n<html lang=\"{tag}\" dir=\"{direction}\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{heading}</title>\n\
         <style>{STYLE}</style>\n<main>\n<h1>{heading}</h1>\n<p>{text}</p>\n</main>\n{links}</html>\n"
    )
}

/// The value of `Content-Security-Policy`: nothing but the style (CSP Level 3 §2.3.1).
pub(super) fn policy() -> String {
    let style = STANDARD.encode(sha256(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}
