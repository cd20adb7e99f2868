//! Somebody who is signed in already, and who is told so.
use serde_json::Value;

use super::{PAGE, assert_not_shared, assert_shared, gate, look, read, script, texted, verify};
use crate::support::browser::Browser;
use crate::support::gate::Gate;
use crate::support::settings::BOB;

const LOOK: &str = "/.doorcode/widget/start?client_id=spa";

fn signed_in(gate: &Gate) -> Browser {
    let (mut browser, code) = texted(gate, BOB);
    verify(&mut browser, BOB, &code).is(200);
    browser
}

#[test]
fn the_page_learns_that_somebody_is_signed_in_and_not_who() {
    let gate = gate(&[]);
    let mut browser = signed_in(&gate);
    let answer = look(&mut browser, PAGE).is(200);
    assert_shared(&answer);
    let told = read(&answer);
    assert_eq!((&told["state"], &told["html"]), (&"signed-in".into(), &Value::Null), "{told}");
    let body = answer.text();
    let secrets = [browser.session(), BOB.to_owned(), "123456".to_owned(), "sms|".to_owned()];
    for secret in secrets {
        assert!(!body.contains(&secret), "{secret} in {body}");
    }
    browser.post("/.doorcode/sign-out", &[]).is(303);
    assert_eq!(read(&look(&mut browser, PAGE).is(200))["state"], "number");
}

#[test]
fn no_other_page_learns_it() {
    let gate = gate(&[]);
    let mut browser = signed_in(&gate);
    for origin in ["https://evil.example", "https://other.example.com"] {
        let answer = browser.send("GET", LOOK, &script(origin, "same-site"), None).is(403);
        assert_not_shared(&answer);
        assert!(!answer.text().contains("signed-in"), "{answer}");
    }
    let away = browser.send("GET", LOOK, &script(PAGE, "cross-site"), None).is(200);
    assert_eq!(read(&away)["state"], "elsewhere", "its cookies do not come");
    // A page's image or script names no origin, a sandboxed frame none that is one: what they see
    // is the same for all.
    let mut nobody = gate.browser();
    look(&mut nobody, PAGE).is(200);
    for (origin, site) in [("", "same-site"), ("", "none"), ("", ""), ("null", "same-site")] {
        let lines = [("Origin", origin), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Site", site)];
        let known = browser.send("GET", LOOK, &lines, None).is(200);
        let unknown = nobody.send("GET", LOOK, &lines, None).is(200);
        assert_eq!(read(&known)["state"], "number", "{site}");
        assert_eq!(read(&known)["html"].as_str(), read(&unknown)["html"].as_str(), "{site}");
        assert_not_shared(&known);
    }
}

#[test]
fn a_page_of_the_login_pages_own_origin_learns_it_too() {
    let gate = gate(&[]);
    let mut browser = signed_in(&gate);
    let lines = [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "same-origin")];
    let told = read(&browser.send("GET", LOOK, &lines, None).is(200));
    assert_eq!((&told["state"], &told["site"]), (&"signed-in".into(), &"/.doorcode".into()));
}
