//! Where a login leads back to, and what is said where that is not what was asked for.
use crate::support::browser::between;
use crate::support::gate::Gate;
use crate::support::settings::ADA;
use crate::support::words::word;

/// A query of exactly `length` bytes behind `path`.
fn long(path: &str, length: usize) -> String {
    let target = format!("{path}?ids={}", "a1%2C+&b=".repeat(length / 9));
    assert!(target.len() >= length);
    target[..length].trim_end_matches('%').to_owned()
        + if target[..length].ends_with('%') { "x" } else { "" }
}

#[test]
fn a_login_leads_back_to_every_address_that_browsers_send_up_to_eight_kibibytes() {
    let gate = Gate::start();
    for target in [
        "/search?q=a|b&f={x}&g=^h`i\\j".to_owned(),
        "/search?q=\"<>'[]%22".replace(['"', '<', '>'], ""),
        "/grafana/d/x|y?var={a,b}|c".to_owned(),
        "/kibana/app?_g=(filters:!(),time:(from:now-1h))&_a=(q:'a|b')".to_owned(),
        "/api/queues/%2F/q".to_owned(),
        long("/report", 2049),
        long("/report", 8192),
        format!("/{}", "p/".repeat(4095)),
    ] {
        let mut ada = gate.browser();
        ada.sign_in(&target, ADA, &gate.texts).is(200);
        assert_eq!(gate.app.last().target, target);
        gate.pass(std::time::Duration::from_mins(2));
    }
}

#[test]
fn an_address_that_is_too_long_to_keep_is_said_to_be_lost() {
    let gate = Gate::start();
    let target = long("/report", 9000);
    let mut ada = gate.browser();
    let number = ada.visit(&target).is(200).says(&word("number_link_lost"));
    drop(number);
    ada.sign_in(&target, ADA, &gate.texts).is(200);
    assert_eq!(gate.app.last().target, "/report");
    // Nothing is lost for who is signed in.
    ada.get(&target).is(200);
    assert_eq!(gate.app.last().target, target);
    let mut other = gate.browser();
    let path = format!("/{}", "p".repeat(9000));
    other.visit(&path).is(200).says(&word("number_link_lost"));
    gate.pass(std::time::Duration::from_mins(2));
    other.sign_in(&path, ADA, &gate.texts).is(200);
    assert_eq!(gate.app.last().target, "/");
}

#[test]
fn a_form_of_another_site_is_said_to_be_lost_to_who_is_signed_in_too() {
    let gate = Gate::start();
    let mut ada = gate.browser();
    ada.sign_in("/orders", ADA, &gate.texts).is(200);
    let own = ada.origin();
    for origin in ["https://idp.example", "null"] {
        let lines = [("Origin", origin), ("Sec-Fetch-Site", "cross-site")];
        let form = [("SAMLResponse", "x"), ("RelayState", "/orders/7")];
        // Browsers add no session cookie to such a form, but to the navigation that follows.
        let before = gate.app.count();
        let answer = gate.browser().send("POST", "/saml/acs", &lines, Some(&form)).is(303);
        let sign_in = ada.here(answer.location());
        let told = ada.get(&sign_in).is(400).says(&word("lost_form_title"));
        let told = told.says(&word("lost_foreign_rule"));
        assert_eq!(gate.app.count(), before);
        let on = between(&told.text(), "class=\"button\" href=\"", "\"").to_owned();
        assert_eq!(on, format!("{own}/"));
        ada.get(&ada.here(&on)).is(200);
        // Who is not signed in is told on the way.
        let mut stranger = gate.browser();
        stranger.visit(&sign_in).is(200).says(&word("number_foreign_form"));
    }
    // One of our own site's, where another tab has signed in meanwhile.
    let referer = format!("{own}/orders/7");
    let lines = [("Referer", referer.as_str())];
    let answer = gate.browser().send("POST", "/orders", &lines, Some(&[])).is(303);
    let told = ada.get(&ada.here(answer.location())).is(400).says(&word("lost_form_title"));
    told.never_says(&word("lost_foreign_rule")).says("/orders/7");
}

#[test]
fn a_rule_lets_forms_of_other_sites_pass() {
    let rule = "path = \"/public/*\"\nallow = [\"public\"]\n";
    let acs = format!(
        "path = \"/saml/acs\"\nmethods = [\"POST\"]\nallow = [\"public\"]\n[[site.rule]]\n{rule}"
    );
    let gate = Gate::changed(&[(rule, &acs)]);
    let mut ada = gate.browser();
    ada.sign_in("/orders", ADA, &gate.texts).is(200);
    let lines = [("Origin", "https://idp.example"), ("Sec-Fetch-Site", "cross-site")];
    // With the session cookie too, as older browsers send it.
    for mut browser in [gate.browser(), ada] {
        browser.send("POST", "/saml/acs", &lines, Some(&[("SAMLResponse", "x")])).is(200);
        assert_eq!(gate.app.last().body, b"SAMLResponse=x");
    }
    gate.browser().get("/saml/acs").is(303);
}
