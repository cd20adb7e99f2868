//! What says that it is ours and opens nothing, whatever else the request holds.
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorcode::domain::{ClientId, Scope, SessionId, UserId};
use doorcode::oauth::{AccessToken, AccessTokenType, Subject};
use serde_json::Value;

use super::world::{HERE, ask, bearer, gate, get, is_refused, login, parts, signed};
use crate::support::settings::{ADA, BOB};

/// `token` with another header.
fn headed(token: &str, change: impl Fn(&mut Value)) -> String {
    let mut header = parts(token).0;
    change(&mut header);
    let rest = token.split_once('.').unwrap().1;
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}

#[test]
fn nothing_forged_opens_a_site_nor_does_a_cookie_beside_it() {
    let gate = gate(&[]);
    let ada = login(&gate, ADA, HERE);
    let good = ada.access();
    get(&gate, "/orders", good).is(200);
    let assertion = gate.app.last().header("x-doorcode-assertion").expect("one").to_owned();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let unsigned = headed(good, |header| header["alg"] = "none".into());
    let unsigned = unsigned.rsplit_once('.').unwrap().0.to_owned() + ".";
    let other = login(&gate, BOB, HERE);
    let bobs = other.access().rsplit_once('.').unwrap().0;
    let mut browser = gate.browser();
    browser.sign_in("/orders", BOB, &gate.texts).is(200);
    let cookie = format!("__Host-doorcode={}", browser.cookie("__Host-doorcode").expect("his"));
    let before = gate.app.count();
    for (why, token) in [
        ("an ID token", ada.id_token().to_owned()),
        ("an assertion", assertion),
        ("alg none", unsigned),
        ("without a signature", format!("{message}.")),
        ("somebody else's claims", format!("{bobs}.{signature}")),
        ("a key that nobody has", headed(good, |header| header["kid"] = "theirs".into())),
        ("a key of its own", headed(good, |h| h["jku"] = "https://evil.example/keys".into())),
        ("another algorithm", headed(good, |header| header["alg"] = "HS256".into())),
        ("another kind", headed(good, |header| header["typ"] = "JWT".into())),
    ] {
        let token = bearer(&token);
        let lines = [("Authorization", &*token), ("Cookie", &*cookie)];
        is_refused(&ask(&gate, "GET", "/orders", &lines), why);
        is_refused(&ask(&gate, "POST", "/maybe/x", &lines), why);
        let page = [lines[0], lines[1], ("Accept", "text/html"), ("Sec-Fetch-Mode", "navigate")];
        is_refused(&ask(&gate, "GET", "/orders", &page), why);
    }
    assert_eq!(gate.app.count(), before);
}

#[test]
fn two_authorizations_and_what_is_longer_than_any_of_ours_are_refused() {
    let gate = gate(&[]);
    let ada = login(&gate, ADA, HERE);
    let good = bearer(ada.access());
    let long = format!("Bearer {}", "a".repeat(8 * 1024 + 1));
    for (why, lines) in [
        ("twice", &[("Authorization", good.as_str()), ("Authorization", &good)][..]),
        ("one foreign", &[("Authorization", "Basic YTpi"), ("authorization", &good)]),
        ("too long", &[("Authorization", &long)]),
    ] {
        is_refused(&ask(&gate, "GET", "/orders", lines), why);
        assert_eq!(gate.app.count(), 0, "{why}");
    }
}

/// The same for the client itself, which no login is behind.
fn own(token: AccessToken<'_>) -> AccessToken<'_> {
    AccessToken { subject: Subject::Client, session: None, grant: None, ..token }
}

type Change = fn(&mut AccessToken<'_>);

/// What is signed by us and still good for nothing.
const CHANGES: &[(&str, Change)] = &[
    ("another user than the session's", |t| {
        t.subject = Subject::User(UserId::from_bytes([7; 12]));
    }),
    ("no session", |t| t.session = None),
    ("no grant", |t| t.grant = None),
    ("no such grant", |t| t.grant = Some("07070707070707070707070707070707")),
    ("what is no grant", |t| t.grant = Some("grant-1")),
    ("with a slash", |t| t.audiences = vec![format!("{HERE}/")]),
    ("for a place within the site", |t| t.audiences = vec![format!("{HERE}/orders")]),
    ("for nobody", |t| t.audiences = Vec::new()),
    ("in other letters", |t| t.audiences = vec![HERE.to_uppercase()]),
];

#[test]
fn what_a_token_says_must_still_be_so() {
    let gate = gate(&[]);
    let ada = login(&gate, ADA, HERE);
    let (grant, scope) = (ada.claim("gid"), Scope::parse("openid").unwrap());
    let client = |id| ClientId::parse(id).unwrap();
    let (spa, narrow, gone) = (client("spa"), client("narrow"), client("gone"));
    let token = |client| AccessToken {
        token_type: AccessTokenType::Jwt,
        client,
        subject: Subject::User(UserId::parse(&ada.claim("sub")).unwrap()),
        session: SessionId::parse(&ada.claim("sid")),
        grant: Some(&grant),
        audiences: vec!["https://elsewhere.example".to_owned(), HERE.to_owned()],
        scope: &scope,
        lifetime: Duration::from_mins(1),
        id: "x",
    };
    get(&gate, "/orders", &signed(&gate, &token(&spa))).is(200);
    for (why, client) in [
        ("a client that is gone", &gone),
        ("a client that may ask for no token of this site any more", &narrow),
    ] {
        is_refused(&get(&gate, "/orders", &signed(&gate, &token(client))), why);
        let own = own(token(client));
        is_refused(&get(&gate, "/maybe/x", &signed(&gate, &own)), why);
    }
    let own = own(token(&spa));
    get(&gate, "/maybe/x", &signed(&gate, &own)).is(200);
    for (why, change) in CHANGES {
        let mut changed = token(&spa);
        change(&mut changed);
        is_refused(&get(&gate, "/orders", &signed(&gate, &changed)), why);
    }
    assert_eq!(gate.app.count(), 2);
    get(&gate, "/orders", ada.access()).is(200);
}
