//! Another way for a code, on a page of a client.
use std::time::Duration;

use super::{CLIENTS, PAGE, look, post, read};
use crate::support::browser::code_in;
use crate::support::settings::ADA;
use crate::support::ways::{Ways, ways};
use crate::support::words::word;

#[test]
fn the_element_offers_the_next_way_and_takes_it() {
    let Ways { gate, calls, .. } = ways(&[CLIENTS]);
    let mut browser = gate.browser();
    look(&mut browser, PAGE).is(200);
    let asked = read(&post(&mut browser, "start", &[("phone", ADA)]).is(200));
    let html = asked["html"].as_str().expect("a form");
    assert!(html.contains("name=\"channel\" value=\"voice\""), "{html}");
    let code = code_in(&gate.texts.text(1).body);
    gate.pass(Duration::from_secs(33));
    let form = [("phone", ADA), ("channel", "voice")];
    let answer = read(&post(&mut browser, "resend", &form).is(200));
    let html = answer["html"].as_str().expect("a form");
    assert!(html.contains("A voice reads out your code."), "{html}");
    assert!(html.contains(&word("channel_sms")), "{html}");
    assert_eq!(calls.text(1).body, format!("en-US: {code}"));
    assert_eq!((calls.requests(), gate.texts.requests()), (1, 1));
}
