//! What a page that no client lists can make its visitor's browser send: forms, and scripts whose
//! requests need no preflight.
use doorcode::web::{Access, routes};
use serde_json::json;

use super::world::{PAGE, Pairs, World, encoded, read, refused};
use crate::support::settings::{ADA, BOB};

const EVIL: &str = "https://evil.example";
/// A page of another client.
const OTHER_CLIENT: &str = "https://other.example.com";

/// What browsers say of a page that the client does not list.
const FOREIGN: [Pairs<'static>; 14] = [
    &[("Origin", EVIL)],
    &[("Origin", "null")],
    &[("Origin", "")],
    &[("Origin", OTHER_CLIENT)],
    &[("Origin", "http://app.example.com")],
    &[("Origin", "https://app.example.com.evil.example")],
    &[("Origin", "file://")],
    &[("Origin", PAGE), ("Origin", EVIL)],
    &[("Origin", "null"), ("Sec-Fetch-Site", "same-origin")],
    &[("Sec-Fetch-Site", "cross-site")],
    &[("Sec-Fetch-Site", "same-site")],
    &[("Sec-Fetch-Site", "none")],
    &[("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
    &[("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "empty")],
];

/// What an endpoint may need, as any of them names it.
const FIELDS: [(&str, &str); 14] = [
    ("client_id", "spa"),
    ("connection", "sms"),
    ("realm", "sms"),
    ("phone_number", BOB),
    ("username", BOB),
    ("phone", BOB),
    ("otp", "123456"),
    ("password", "123456"),
    ("code", "123456"),
    ("verification_code", "123456"),
    ("grant_type", super::world::OTP),
    ("credential_type", super::world::OTP),
    ("token", "x"),
    ("access_token", "x"),
];

/// The rows that applications post to.
fn posted() -> Vec<&'static str> {
    let world = World::start();
    let rows = routes().into_iter().filter(|row| row.access == Access::Client);
    let paths: Vec<_> = rows.map(|row| row.path).collect();
    let takes = |path: &&str| world.form(path, &[]).status != 405;
    paths.into_iter().filter(takes).collect()
}

#[test]
fn no_endpoint_acts_for_a_page_that_its_client_does_not_list() {
    let world = World::start();
    let paths = posted();
    for path in ["/passwordless/start", "/oauth/token", "/oauth/revoke", "/widget/start"] {
        assert!(paths.contains(&path), "{paths:?}");
    }
    let form = encoded(&FIELDS);
    let object: serde_json::Map<_, _> =
        FIELDS.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let object = serde_json::Value::Object(object).to_string();
    for path in paths {
        for lines in FOREIGN {
            for (kind, body) in
                [("application/x-www-form-urlencoded", &form), ("application/json", &object)]
            {
                let lines: Vec<_> = lines.iter().copied().chain([("Content-Type", kind)]).collect();
                let answer = world.ask("POST", path, &lines, body).is(403);
                assert_eq!(answer.header("access-control-allow-origin"), None, "{path} {lines:?}");
                assert!(answer.all("set-cookie").is_empty(), "{path} {lines:?}: {answer}");
                refused(answer, 403, "access_denied", "Origin ");
            }
            let lines: Vec<_> =
                lines.iter().copied().chain([("Content-Type", "text/plain")]).collect();
            for body in [&form, &object] {
                let answer = world.ask("POST", path, &lines, body);
                assert!(matches!(answer.status, 400 | 403), "{path} {lines:?}: {answer}");
            }
        }
    }
    assert_eq!(world.gate.texts.requests(), 0);
}

#[test]
fn a_page_of_the_client_our_own_and_a_program_may_ask_for_a_text() {
    let world = World::start();
    let own = world.gate.origin.clone();
    let welcome: [Pairs<'_>; 7] = [
        &[],
        &[("Origin", PAGE), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")],
        &[("Origin", "https://elsewhere.example.com")],
        &[("Origin", &own), ("Sec-Fetch-Site", "same-origin")],
        // As Node.js's `fetch` asks.
        &[("Sec-Fetch-Mode", "cors")],
        &[("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")],
        &[("User-Agent", "Mozilla/5.0"), ("Referer", "https://evil.example/")],
    ];
    for (n, lines) in welcome.into_iter().enumerate() {
        let phone = format!("+1202555011{n}");
        let form = [("client_id", "spa"), ("connection", "sms"), ("phone_number", &phone)];
        world.form_with("/passwordless/start", lines, &form).is(200);
        assert_eq!(world.gate.texts.text(n + 1).to, phone, "{lines:?}");
    }
}

#[test]
fn a_foreign_page_that_knows_a_code_or_a_token_can_use_neither() {
    let world = World::start();
    let code = world.code_for("spa", ADA);
    for lines in FOREIGN {
        let answer = world.json_with("/oauth/token", lines, &World::otp("spa", ADA, &code));
        refused(answer, 403, "access_denied", "Origin ");
    }
    let mut good = World::otp("spa", ADA, &code);
    good["scope"] = json!("openid offline_access");
    let given = read(&world.json("/oauth/token", &good).is(200));
    let revoke = json!({"client_id": "spa", "token": given["refresh_token"]});
    for lines in FOREIGN {
        let answer = world.json_with("/oauth/revoke", lines, &revoke);
        refused(answer, 403, "access_denied", "Origin ");
    }
    world.refresh(&given["refresh_token"]).is(200);
}
