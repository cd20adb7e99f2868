//! Personal access tokens: how they are made, presented, scoped and ended.
mod challenge;
mod ended;
mod git;
mod page;
mod presented;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::browser::{Browser, between};
use crate::support::gate::Gate;
use crate::support::http::{Answer, exchange};

const TOKENS: &str = "/.doorcode/account/tokens";
/// The app of the stories takes tokens, and another site on the same origin does.
pub(crate) const SHOP: (&str, &str) =
    ("name = \"Shop\"\n", "name = \"Shop\"\npersonal_access_tokens = true\n");
const DOWN: (&str, &str) =
    ("name = \"Down\"\n", "name = \"Down\"\npersonal_access_tokens = true\n");

/// What a browser that is signed in gets when it asks for a token.
pub(crate) fn make(browser: &mut Browser, name: &str, site: &str, days: &str) -> Answer {
    let page = browser.get(TOKENS).is(200);
    let form = form_of(&page);
    let fields = [("form", form.as_str()), ("name", name), ("site", site), ("days", days)];
    browser.post(TOKENS, &fields)
}

fn form_of(page: &Answer) -> String {
    between(&page.text(), "name=\"form\" value=\"", "\"").to_owned()
}

/// The token on the page that shows it.
#[track_caller]
pub(crate) fn token_on(page: &Answer) -> String {
    let text = page.text();
    let at = text.find("dcp_").unwrap_or_else(|| panic!("no token in {page}"));
    text[at..at + 60].to_owned()
}

/// A token of somebody who is signed in, for the site of the whole origin.
#[track_caller]
pub(crate) fn token(gate: &Gate, browser: &mut Browser) -> String {
    token_on(&make(browser, "git", &gate.origin, "30").is(200))
}

fn signed_in(gate: &Gate, phone: &str) -> Browser {
    let mut browser = gate.browser();
    browser.sign_in("/orders", phone, &gate.texts).is(200);
    browser
}

pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// A request as a program sends it.
fn program(gate: &Gate, method: &str, path: &str, lines: &[(&str, &str)]) -> Answer {
    program_at(gate.port, &gate.origin, method, path, lines)
}

pub(crate) fn program_at(
    port: u16,
    origin: &str,
    method: &str,
    path: &str,
    lines: &[(&str, &str)],
) -> Answer {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n");
    for (name, value) in lines {
        head.extend([*name, ": ", *value, "\r\n"]);
    }
    exchange(port, format!("{head}\r\n").as_bytes())
}
