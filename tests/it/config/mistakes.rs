//! One wrong thing at a time, and several at once: exactly what is said, and where.
mod acme;
mod captcha;
mod clients;
mod forward_auth;
mod framed_by;
mod identity;
mod listen;
mod login_and_sms;
mod rules;
mod server;
mod shape;
mod site_urls;
mod sites;
mod smpp;
mod sms_channels;
mod sms_providers;
mod tls;
mod upstreams;

use super::{changed, problems};

/// What is changed in the good file, and all that is then said after the file's name.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

const SITE_URL: &str = "url = \"https://shop.example.com\"";

fn assert_said(cases: &[Case<'_>]) {
    for (changes, said) in cases {
        let said: Vec<String> = said.iter().map(|line| format!("my.toml:{line}")).collect();
        assert_eq!(problems(&changed(changes)), said.join("\n"), "{changes:?}");
    }
}

#[test]
fn mistakes_of_every_section_are_told_at_once_in_the_order_of_lines() {
    let said = problems(&changed(&[
        ("127.0.0.1:8000", "here"),
        ("https://shop.example.com/.doorcode", "shop"),
        ("env:SECRET", "env:UNSET"),
        ("\"GB\"", "\"XX\""),
        ("[\"twilio\"]", "[\"twilio\", \"pigeon\"]"),
        ("account_sid = \"AC", "acount_sid = \"AC"),
        ("roles", "role"),
        ("\"Shop\"", "7"),
        ("127.0.0.1:3000", "app"),
        ("/admin/*", "admin"),
        ("role:admin", "roles:admin"),
    ]));
    let lines: Vec<&str> = said.lines().collect();
    let keys = [
        "2:11: server.listen: ",
        "3:14: server.public_url: ",
        "4:10: server.secret: ",
        "7:20: login.countries: ",
        "10:24: sms.providers: ",
        "11:1: sms.twilio.account_sid: is missing",
        "12:1: sms.twilio.acount_sid: is not a key; did you mean `account_sid`?",
        "18:1: user[1].role: is not a key; did you mean `roles`?",
        "21:8: site[1].name: ",
        "23:14: site[1].upstreams: ",
        "25:8: site[1].rule[1].path: ",
        "27:10: site[1].rule[1].allow: ",
    ];
    assert_eq!(lines.len(), keys.len(), "{said}");
    for (line, key) in lines.iter().zip(keys) {
        assert!(line.starts_with(&format!("my.toml:{key}")), "{line}");
    }
}

/// A table that is named may be wrong in itself: what is named wrongly is told in the same run.
#[test]
fn a_reference_to_nothing_is_told_beside_mistakes_in_what_it_may_name() {
    let tables = "[[client]]\nid = \"shop\"\nname = 7\n[[sms.route]]\nclients = [\"shpo\"]\n\
                  countries = [\"FR\"]\nproviders = [\"plivo\"]\n\n[[user]]\nphone = \"+33612345678\"\n[[user]]";
    let said = problems(&changed(&[
        ("auth_token = \"env:TOKEN\"", "auth_token = \"env:UNSET\""),
        ("[login]", "[login]\ntries = 9"),
        ("[[user]]", tables),
        ("\"role:admin\"", "\"client:shpo\""),
    ]));
    let lines: Vec<&str> = said.lines().collect();
    let keys = [
        "7:9: login.tries: ",
        "14:14: sms.twilio.auth_token: ",
        "19:8: client[1].name: ",
        "21:12: sms.route[1].clients: `shpo` is not the id of a [[client]]; did you mean `shop`?",
        "22:14: sms.route[1].countries: FR is not in login.countries",
        "23:14: sms.route[1].providers: `plivo` is not in sms.providers",
        "26:9: user[1].phone: is a number of FR, which login.countries does not serve",
        "38:10: site[1].rule[1].allow: `shpo` is not the id of a [[client]]",
    ];
    assert_eq!(lines.len(), keys.len(), "{said}");
    for (line, key) in lines.iter().zip(keys) {
        assert!(line.starts_with(&format!("my.toml:{key}")), "{line}");
    }
}

#[test]
fn places_count_characters_whatever_ends_the_lines() {
    let text =
        changed(&[("name = \"Shop\"", "\"näme\" = \"é\""), ("[login]", "[login] # é\ntries = 9")]);
    let said = problems(&text);
    assert!(said.starts_with("my.toml:7:9: login.tries: 9 "), "{said}");
    assert_eq!(problems(&text.replace('\n', "\r\n")), said);
}
