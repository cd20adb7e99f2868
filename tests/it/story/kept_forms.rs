//! A form is not lost over a login: it is kept, and sent afterwards by the person who filled it in.
use std::time::Duration;

use super::fresh::{gate, log_in_again};
use crate::support::browser::{Browser, between};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::{ADA, BOB};
use crate::support::words::word;

const MINUTE: Duration = Duration::from_mins(1);
type Line<'l> = (&'l str, &'l str);

/// What a hidden field could change.
const FORM: &[(&str, &str)] = &[
    ("comment", "one\r\ntwo \"three\" <four> & five 'six' + 7% é 漢\u{202e}"),
    ("tag", "a"),
    ("tag", "b"),
    ("", "no name"),
    ("empty", ""),
];

fn encoded(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// Somebody who logged in an hour ago.
fn long_ago(gate: &Gate, phone: &str) -> Browser {
    let mut browser = gate.browser();
    browser.sign_in("/", phone, &gate.texts).is(200);
    gate.pass(MINUTE * 60);
    browser
}

/// Posts a form, logs in as `phone`, and shows the page that offers to send it.
#[track_caller]
fn posted(gate: &Gate, browser: &mut Browser, form: &[(&str, &str)], phone: &str) -> Answer {
    let before = gate.app.count();
    let asked = browser.post("/billing/pay?to=1", form).is(303);
    assert_eq!(gate.app.count(), before);
    let page = browser.follow(asked).is(200).says(&word("number_form_kept"));
    log_in_again(gate, browser, &page, phone)
}

/// Where the form of the page is sent to, on this host.
fn action(page: &Answer) -> String {
    between(&page.text(), "action=\"/.doorcode/form", "\"").replace("&amp;", "&")
}

/// What a browser would send of its fields.
fn fields(page: &Answer) -> Vec<(String, String)> {
    let text = page.text();
    let fields = text.split("<input type=\"hidden\" name=\"").skip(1);
    let plain = |text: &str| {
        let entities = [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&#13;", "\r"),
            ("&amp;", "&"),
        ];
        entities.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let field = |text: &str| {
        let (name, rest) = text.split_once("\" value=\"").unwrap();
        (plain(name), plain(rest.split_once("\">").unwrap().0))
    };
    fields.map(field).collect()
}

#[test]
fn a_form_that_met_an_old_login_is_sent_after_a_new_one_and_once() {
    let gate = gate();
    let mut ada = long_ago(&gate, ADA);
    let page = posted(&gate, &mut ada, FORM, ADA).is(200).says(&word("kept_form_title"));
    // The app may answer with a redirect to anywhere.
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        !policy.contains("form-action") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    let again = ada.get(&format!("/.doorcode/form{}", action(&page))).is(200);
    assert_eq!(fields(&again), fields(&page));
    let sent = fields(&page);
    let sent: Vec<(&str, &str)> = sent.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(sent, FORM);
    let to = format!("/.doorcode/form{}", action(&page));
    let before = gate.app.count();
    let answer = ada.post(&to, &sent).is(307);
    assert_eq!(ada.here(answer.location()), "/billing/pay?to=1");
    ada.post(&ada.here(answer.location()), &sent).is(200);
    assert_eq!(gate.app.count(), before + 1);
    assert_eq!(gate.app.last().body, encoded(FORM).into_bytes());
    for method in ["GET", "POST"] {
        let form = (method == "POST").then_some(sent.as_slice());
        ada.send(method, &to, &[], form).is(410).says(&word("form_gone_title"));
    }
    assert_eq!(gate.app.count(), before + 1);
}

#[test]
fn a_form_under_which_the_session_ended_is_kept_too() {
    let gate = gate();
    // Unused for longer than a session may be.
    for end in ["idle", "ended elsewhere", "signed out"] {
        let mut ada = gate.browser();
        ada.sign_in("/", ADA, &gate.texts).is(200);
        let cookie = ada.session();
        match end {
            "idle" => gate.pass(Duration::from_hours(24 * 31)),
            "signed out" => drop(ada.post("/.doorcode/sign-out", &[]).is(303)),
            _ => {
                let mut other = gate.browser();
                gate.pass(MINUTE);
                other.sign_in("/", ADA, &gate.texts).is(200);
                other.post("/.doorcode/account/end-others", &[]).is(303);
            }
        }
        gate.pass(MINUTE);
        ada.keep_cookie("doorcode", &cookie);
        let page = posted(&gate, &mut ada, FORM, ADA).is(200).says(&word("kept_form_title"));
        assert_eq!(fields(&page).len(), FORM.len(), "{end}");
        gate.pass(MINUTE);
    }
}

#[test]
fn a_form_is_only_for_who_filled_it_in() {
    let gate = gate();
    let mut ada = long_ago(&gate, ADA);
    // Somebody else logs in at the same browser.
    let told = posted(&gate, &mut ada, FORM, BOB).is(410).says(&word("form_gone_title"));
    let told = told.never_says("three");
    drop(told);
    // Somebody else who knows the address of the form, and does not spend it.
    let mut ada = long_ago(&gate, ADA);
    let mut bob = gate.browser();
    bob.sign_in("/", BOB, &gate.texts).is(200);
    let before = gate.app.count();
    let page = posted(&gate, &mut ada, FORM, ADA).is(200);
    let to = format!("/.doorcode/form{}", action(&page));
    bob.get(&to).is(410).never_says("three");
    bob.post(&to, FORM).is(410);
    gate.browser().get(&to).is(303);
    gate.browser().post(&to, FORM).is(303);
    // A page of another site cannot send it.
    let lines = [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")];
    ada.send("POST", &to, &lines, Some(FORM)).is(403);
    assert_eq!(gate.app.count(), before);
    ada.post(&to, FORM).is(307);
}

#[test]
fn a_form_is_kept_for_ten_minutes() {
    let gate = gate();
    let mut ada = long_ago(&gate, ADA);
    let page = posted(&gate, &mut ada, FORM, ADA).is(200);
    let to = format!("/.doorcode/form{}", action(&page));
    gate.pass(Duration::from_secs(599));
    ada.get(&to).is(200);
    gate.pass(Duration::from_secs(1));
    ada.get(&to).is(410);
    ada.post(&to, FORM).is(410);
}

#[test]
fn a_later_form_of_a_session_replaces_an_earlier_one() {
    let gate = gate();
    let mut ada = long_ago(&gate, ADA);
    let earlier = ada.post("/billing/pay?to=1", FORM).is(303);
    let later = [("comment", "later")];
    let page = posted(&gate, &mut ada, &later, ADA).is(200).says("later");
    assert_eq!(fields(&page).len(), 1);
    page.says("/billing/pay");
    // Who expects the earlier one is not offered the later.
    let sign_in = ada.here(earlier.location());
    ada.visit(&sign_in).is(410).never_says("later");
}

#[test]
fn what_cannot_be_sent_again_is_said_to_be_lost() {
    let gate = gate();
    let ada = long_ago(&gate, ADA);
    let long = "x".repeat(64 * 1024);
    let many = vec![("a", "b"); 1001];
    let cases: [(&str, &[Line<'_>], &[Line<'_>]); 6] = [
        ("long", &[], &[("comment", &long)]),
        ("many fields", &[], &many),
        ("a file", &[("Content-Type", "multipart/form-data; boundary=x")], FORM),
        ("text", &[("Content-Type", "text/plain")], FORM),
        ("no character", &[], &[("comment", "\0")]),
        ("not text", &[("Content-Type", "")], FORM),
    ];
    for (name, lines, form) in cases {
        let mut copy = gate.browser();
        copy.keep_cookie("doorcode", &ada.session());
        let answer = copy.send("POST", "/billing/pay", lines, Some(form)).is(303);
        assert!(answer.location().contains("lost="), "{name}: {answer}");
    }
    // Of nobody that is known: no form of a stranger is kept.
    for cookie in ["", "x", &"A".repeat(54)] {
        let mut stranger = gate.browser();
        stranger.keep_cookie("doorcode", cookie);
        let answer = stranger.post("/billing/pay", FORM).is(303);
        assert!(answer.location().contains("lost="), "{answer}");
    }
    // Of a page of another site.
    let mut copy = gate.browser();
    copy.keep_cookie("doorcode", &ada.session());
    let lines = [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")];
    let answer = copy.send("POST", "/billing/pay", &lines, Some(FORM));
    assert_eq!(answer.status, 403, "{answer}");
}

#[test]
fn a_form_of_another_sites_page_is_not_kept_under_a_session_that_ended_either() {
    let gate = gate();
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    let cookie = ada.session();
    ada.post("/.doorcode/sign-out", &[]).is(303);
    // A page of a neighbour below the same domain: its forms carry the cookie in spite of `SameSite`.
    let foreign = [("Origin", "https://neighbour.example"), ("Sec-Fetch-Site", "same-site")];
    for (lines, is_kept) in [(&foreign[..], false), (&[][..], true)] {
        ada.keep_cookie("doorcode", &cookie);
        let answer = ada.send("POST", "/billing/pay", lines, Some(FORM)).is(303);
        assert_eq!(answer.location().contains("lost="), !is_kept, "{answer}");
        assert_eq!(answer.location().contains("kept"), is_kept, "{answer}");
    }
}

#[test]
fn a_user_who_was_blocked_since_finds_nothing() {
    let gate = gate();
    let mut ada = long_ago(&gate, ADA);
    let mut database = gate.database();
    gate.run(async {
        sqlx::query("UPDATE users SET blocked = 1").execute(&mut database).await.unwrap();
    });
    let answer = ada.post("/billing/pay", FORM).is(303);
    assert!(answer.location().contains("sign-in"), "{answer}");
}
