//! The headers of other products, whose apps work behind the gate unchanged.
use doorcode::gate::{PRESETS, Preset};
use doorcode::system::Clock as _;
use jsonwebtoken::Algorithm;
use serde_json::json;

use super::verifier::Verifier;
use crate::support::gate::Gate;
use crate::support::settings::ADA;
use crate::support::upstream::Seen;

fn gate(identity: &str) -> Gate {
    Gate::changed(&[("name = \"Shop\"", &format!("name = \"Shop\"\nidentity = {identity}"))])
}

/// All that the app was told and no browser sent.
fn told(seen: &Seen) -> Vec<(String, String)> {
    const OTHERS: [&str; 12] = [
        "host",
        "user-agent",
        "accept",
        "accept-language",
        "sec-fetch-mode",
        "sec-fetch-site",
        "connection",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-request-id",
    ];
    let lower = seen.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    let mut told: Vec<_> = lower.filter(|(name, _)| !OTHERS.contains(&name.as_str())).collect();
    told.sort();
    told
}

/// What stands in the file, and all headers that then come.
type Case = (&'static str, &'static [(&'static str, &'static str)]);

const CASES: &[Case] = &[
    (
        "\"default\"",
        &[
            ("x-doorcode-assertion", "JWT"),
            ("x-forwarded-groups", "admin,staff"),
            ("x-forwarded-phone", ADA),
            ("x-forwarded-preferred-username", ADA),
            ("x-forwarded-user", "USER"),
        ],
    ),
    (
        "\"oauth2-proxy\"",
        &[
            ("x-auth-request-groups", "admin,staff"),
            ("x-auth-request-preferred-username", ADA),
            ("x-auth-request-user", "USER"),
            ("x-forwarded-groups", "admin,staff"),
            ("x-forwarded-preferred-username", ADA),
            ("x-forwarded-user", "USER"),
        ],
    ),
    (
        "\"authelia\"",
        &[("remote-groups", "admin,staff"), ("remote-name", ADA), ("remote-user", "USER")],
    ),
    (
        "\"pomerium\"",
        &[
            ("x-pomerium-claim-groups", "admin,staff"),
            ("x-pomerium-claim-name", ADA),
            ("x-pomerium-claim-user", "USER"),
            ("x-pomerium-jwt-assertion", "JWT"),
        ],
    ),
    ("\"cloudflare\"", &[("cf-access-jwt-assertion", "JWT")]),
    (
        "{ X-Acme-User = \"sub\", x_team = \"groups\", X-Tel = \"phone_number\", \
         X-Login = \"sid\", X-Proof = \"assertion\", X-Mail = \"none\" }",
        &[
            ("x-acme-user", "USER"),
            ("x-login", "SESSION"),
            ("x-proof", "JWT"),
            ("x-tel", ADA),
            ("x_team", "admin,staff"),
        ],
    ),
];

/// What is different for every server, by its kind.
fn kind(value: &str) -> &str {
    match value {
        value if value.starts_with("sms|") => "USER",
        value if value.split('.').count() == 3 => "JWT",
        value if value.len() == 32 => "SESSION",
        value => value,
    }
}

#[test]
fn an_app_gets_exactly_the_headers_of_its_preset() {
    for (identity, expected) in CASES {
        let gate = gate(identity);
        gate.browser().sign_in("/", ADA, &gate.texts).is(200);
        let told = told(&gate.app.last());
        let told = told.iter().map(|(name, value)| (name.as_str(), kind(value)));
        assert_eq!(told.collect::<Vec<_>>(), *expected, "{identity}");
    }
    let named =
        |preset: &&Preset| CASES.iter().any(|(name, _)| name.trim_matches('"') == preset.name);
    assert_eq!(PRESETS.iter().filter(named).count(), PRESETS.len(), "each is in the table");
}

#[test]
fn an_app_that_verifies_pomeriums_assertion_finds_issuer_audience_and_keys_at_its_own_host() {
    let gate = gate("\"pomerium\"");
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    let seen = gate.app.last();
    let answer = gate.browser().get("/.well-known/pomerium/jwks.json").is(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"), "{answer}");
    let host = ada.authority.as_str();
    let now = gate.clock.now().as_millis() / 1000;
    let app = Verifier::new(&answer.text(), host, host);
    let assertion = seen.header("x-pomerium-jwt-assertion").expect("an assertion");
    let (header, claims) = app.read(assertion, now).expect("good");
    let user = seen.header("x-pomerium-claim-user");
    let expected = json!({
        "iss": host, "aud": host, "sub": user, "user": user, "name": ADA, "phone_number": ADA,
        "sid": claims["sid"], "groups": ["admin", "staff"], "iat": now, "exp": now + 120,
    });
    assert_eq!((claims, header.typ.as_deref()), (expected, Some("JWT")));
    assert_eq!(gate.app.count(), 1, "the keys are ours to show");
    gate.browser().get("/.well-known/pomerium/other").is(303);
    gate.browser().get("/.well-known/pomerium").is(303);
}

#[test]
fn only_where_it_is_expected_does_a_sites_host_show_pomeriums_keys() {
    let gate = Gate::start();
    gate.browser().get("/.well-known/pomerium/jwks.json").is(303);
    gate.browser().sign_in("/.well-known/pomerium/jwks.json", ADA, &gate.texts).is(200);
    assert_eq!(gate.app.last().target, "/.well-known/pomerium/jwks.json", "the app's own");
}

#[test]
fn an_app_that_verifies_the_assertion_of_cloudflare_access_finds_rsa_keys_and_no_others() {
    let gate = gate("\"cloudflare\"");
    gate.browser().sign_in("/", ADA, &gate.texts).is(200);
    let issuer = format!("{}/.doorcode", gate.origin);
    let keys = gate.browser().get("/.doorcode/cdn-cgi/access/certs").is(200).text();
    // Where Cloudflare answers that path itself.
    let other = gate.browser().get("/.doorcode/.well-known/cloudflare/jwks.json").is(200).text();
    assert_eq!(other, keys);
    let set: serde_json::Value = serde_json::from_str(&keys).expect("JSON");
    let kinds: Vec<_> = set["keys"].as_array().unwrap().iter().map(|key| &key["kty"]).collect();
    assert_eq!(kinds, ["RSA"], "{set}");
    let names: Vec<&str> = set["keys"][0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["alg", "e", "kid", "kty", "n", "use", "x5c", "x5t", "x5t#S256"],
        "no private part"
    );
    let app = Verifier::new(&keys, &issuer, &gate.origin);
    let app = Verifier { algorithm: Algorithm::RS256, ..app };
    let seen = gate.app.last();
    let assertion = seen.header("cf-access-jwt-assertion").expect("an assertion");
    let now = gate.clock.now().as_millis() / 1000;
    let (_, claims) = app.read(assertion, now).expect("good");
    let expected = json!({
        "iss": issuer, "aud": [gate.origin], "sub": claims["sub"], "type": "app",
        "phone_number": ADA, "groups": ["admin", "staff"], "iat": now, "exp": now + 120,
    });
    assert_eq!(claims, expected, "no e-mail address, for there is none");
    let both = gate.browser().get("/.doorcode/.well-known/jwks.json").is(200).text();
    assert_eq!(both.matches("\"kty\"").count(), 2, "{both}");
}
