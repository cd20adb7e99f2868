//! What a token that is presented does, and what any other credential does.
use super::{DOWN, SHOP, basic, form_of, make, program, signed_in, token, token_on};
use crate::support::gate::Gate;
use crate::support::settings::{ADA, BOB};
use crate::support::tables::personal_tokens;

const FRAME: (&str, &str) = ("Sec-Fetch-Dest", "iframe");

#[test]
fn a_token_is_its_maker_and_the_app_never_sees_it() {
    let gate = Gate::changed(&[SHOP]);
    let mut ada = signed_in(&gate, ADA);
    let token = token(&gate, &mut ada);
    for value in [
        basic("git", &token),
        basic("", &token),
        basic("ada@example.com", &token),
        format!("Bearer {token}"),
        format!("bearer {token}"),
    ] {
        for (method, path) in [("GET", "/orders"), ("PROPFIND", "/dav/"), ("GET", "/admin/x")] {
            program(&gate, method, path, &[("Authorization", &value)]).is(200);
            let seen = gate.app.last();
            assert_eq!(seen.header("x-forwarded-phone"), Some(ADA), "{method} {path}");
            assert_eq!(seen.header("authorization"), None, "{method} {path}");
            assert!(!format!("{seen:?}").contains(&token[..12]));
        }
    }
    // Nobody needs to be known there, and nobody is; where it may be told, it is.
    program(&gate, "GET", "/public/x", &[("Authorization", &basic("a", &token))]).is(200);
    let seen = gate.app.last();
    assert_eq!((seen.header("authorization"), seen.header("x-forwarded-phone")), (None, None));
    program(&gate, "GET", "/maybe/x", &[("Authorization", &basic("a", &token))]).is(200);
    assert_eq!(gate.app.last().header("x-forwarded-phone"), Some(ADA));
    assert!(!gate.access_log().contains(&token[4..]));
}

#[test]
fn the_rules_hold_for_a_token_as_for_its_maker() {
    let rule =
        "[[site.rule]]\npath = \"/near/*\"\nallow = [\"signed-in\"]\nfrom = [\"10.0.0.0/8\"]\n";
    let rules = format!("[[site.rule]]\npath = \"/maybe/*\"\nallow = [\"optional\"]\n{rule}");
    let changes = [SHOP, ("[[site.rule]]\npath = \"/maybe/*\"\nallow = [\"optional\"]\n", &rules)];
    let gate = Gate::changed(&changes);
    let mut bob = signed_in(&gate, BOB);
    let value = basic("x", &token(&gate, &mut bob));
    program(&gate, "GET", "/orders", &[("Authorization", &value)]).is(200);
    let before = gate.app.count();
    program(&gate, "GET", "/admin/x", &[("Authorization", &value)]).is(403);
    program(&gate, "GET", "/near/x", &[("Authorization", &value)]).is(403);
    program(&gate, "GET", "/dav/../admin/x", &[("Authorization", &value)]).is(400);
    let lines = [("Authorization", value.as_str()), ("Destination", "/admin/b")];
    program(&gate, "COPY", "/dav/a", &lines).is(403);
    assert_eq!(gate.app.count(), before);
}

#[test]
fn a_token_that_was_just_made_is_no_recent_login() {
    let fresh = "[[site.rule]]\npath = \"/billing/*\"\nallow = [\"signed-in\"]\nfresh = \"15m\"\n";
    let maybe = "[[site.rule]]\npath = \"/maybe/*\"";
    let gate = Gate::changed(&[SHOP, (maybe, &format!("{fresh}{maybe}"))]);
    let mut ada = signed_in(&gate, ADA);
    ada.get("/billing/x").is(200);
    let value = basic("x", &token(&gate, &mut ada));
    let before = gate.app.count();
    let answer = program(&gate, "GET", "/billing/x", &[("Authorization", &value)]).is(401);
    let challenge = "Bearer error=\"insufficient_user_authentication\", max_age=\"900\"";
    assert_eq!(answer.header("www-authenticate"), Some(challenge));
    assert_eq!(gate.app.count(), before);
}

#[test]
fn a_token_is_for_its_site_alone() {
    let gate = Gate::changed(&[SHOP, DOWN]);
    let mut ada = signed_in(&gate, ADA);
    let down = format!("{}/down", gate.origin);
    let rules = "[[site.rule]]\npath = \"/*\"\nallow = [\"public\"]\n";
    // The other site has to ask who calls.
    let other = Gate::changed(&[SHOP, DOWN, (rules, "")]);
    let mut eve = signed_in(&other, ADA);
    let there = format!("{}/down", other.origin);
    let theirs = token_on(&make(&mut eve, "a", &there, "7").is(200));
    program(&other, "GET", "/orders", &[("Authorization", &basic("a", &theirs))]).is(401);
    program(&other, "GET", "/down/x", &[("Authorization", &basic("a", &theirs))]).is(502);
    let own = token(&other, &mut eve);
    program(&other, "GET", "/down/x", &[("Authorization", &basic("a", &own))]).is(401);
    // One that is public in every part has nothing to give.
    assert!(!ada.get(super::TOKENS).is(200).text().contains(&format!("value=\"{down}\"")));
    // One of another server, under the same secret: it was made here as far as its form tells.
    program(&gate, "GET", "/orders", &[("Authorization", &basic("a", &own))]).is(401);
}

#[test]
fn where_no_tokens_are_taken_none_passes_and_all_else_is_as_before() {
    let gate = Gate::changed(&[SHOP]);
    let mut ada = signed_in(&gate, ADA);
    let token = token(&gate, &mut ada);
    let off = Gate::start();
    let before = off.app.count();
    for value in [basic("a", &token), format!("Bearer {token}")] {
        let answer = program(&off, "GET", "/orders", &[("Authorization", &value)]).is(401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
    assert_eq!(off.app.count(), before);
    program(&off, "GET", "/public/x", &[("Authorization", &basic("a", &token))]).is(200);
    assert_eq!(off.app.last().header("authorization"), None);
    off.browser().visit("/.doorcode/account/tokens").is(200).says("name=\"phone\"");
}

#[test]
fn another_login_in_the_same_header_is_the_apps() {
    for gate in [Gate::start(), Gate::changed(&[SHOP])] {
        let mut ada = signed_in(&gate, ADA);
        for value in [basic("a", "b"), "Bearer abc".to_owned(), "Negotiate YII".to_owned()] {
            let lines = [("Authorization", value.as_str())];
            ada.send("GET", "/orders", &lines, None).is(200);
            assert_eq!(gate.app.last().header("authorization"), Some(value.as_str()));
            program(&gate, "GET", "/public/x", &lines).is(200);
            assert_eq!(gate.app.last().header("authorization"), Some(value.as_str()));
            program(&gate, "GET", "/orders", &lines).is(401);
        }
    }
}

#[test]
fn a_wrong_token_is_refused_whatever_else_there_is() {
    let gate = Gate::changed(&[SHOP]);
    let mut ada = signed_in(&gate, ADA);
    let token = token(&gate, &mut ada);
    let last = if token.ends_with('a') { "b" } else { "a" };
    let before = gate.app.count();
    for wrong in [
        token[..59].to_owned(),
        format!("{}{last}", &token[..59]),
        format!("{token}a"),
        token.to_uppercase().replacen("DCP_", "dcp_", 1),
        "dcp_".to_owned(),
        format!("dcp_{}", "a".repeat(56)),
        format!("dcp_{}", "a".repeat(4000)),
    ] {
        for value in [basic("x", &wrong), format!("Bearer {wrong}"), basic(&wrong, "")] {
            let answer = program(&gate, "GET", "/orders", &[("Authorization", &value)]).is(401);
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.starts_with("Basic realm="), "{challenge}");
            // A session of the same browser does not help it.
            ada.send("GET", "/orders", &[("Authorization", &value)], None).is(401);
        }
    }
    let value = basic("x", &token);
    let twice = [("Authorization", value.as_str()), ("Authorization", "Basic YTpi")];
    program(&gate, "GET", "/orders", &twice).is(401);
    program(&gate, "GET", "/orders", &[("Authorization", &basic(&token, "x-oauth-basic"))]).is(401);
    assert_eq!(gate.app.count(), before);
}

#[test]
fn a_token_wins_over_the_session_that_comes_with_it() {
    let gate = Gate::changed(&[SHOP]);
    let (mut ada, mut bob) = (signed_in(&gate, ADA), signed_in(&gate, BOB));
    let token = token(&gate, &mut ada);
    bob.send("GET", "/orders", &[("Authorization", &basic("a", &token))], None).is(200);
    assert_eq!(gate.app.last().header("x-forwarded-phone"), Some(ADA));
}

#[test]
fn pages_of_other_origins_cannot_use_a_password_that_a_browser_keeps() {
    let gate = Gate::changed(&[SHOP]);
    let mut ada = signed_in(&gate, ADA);
    let value = basic("a", &token(&gate, &mut ada));
    let token = ("Authorization", value.as_str());
    let before = gate.app.count();
    for (method, more) in [
        ("POST", &[("Origin", "https://evil.example")][..]),
        ("POST", &[("Origin", "null")]),
        ("DELETE", &[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")]),
        ("POST", &[("Referer", "https://evil.example/")]),
        ("GET", &[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")]),
        ("GET", &[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")]),
        ("GET", &[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")]),
        ("GET", &[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), FRAME]),
        ("GET", &[("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "no-cors")]),
    ] {
        let answer = program(&gate, method, "/orders", &[&[token], more].concat());
        assert_eq!(answer.status, 403, "{method} {more:?}");
    }
    assert_eq!(gate.app.count(), before);
    for (method, more) in [
        ("POST", &[][..]),
        ("DELETE", &[("User-Agent", "git/2")]),
        ("GET", &[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")]),
        ("GET", &[("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "no-cors")]),
        ("POST", &[("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "cors")]),
        ("GET", &[("Sec-Fetch-Mode", "cors")]),
    ] {
        program(&gate, method, "/orders", &[&[token], more].concat()).is(200);
    }
}

#[test]
fn a_token_opens_none_of_our_own_pages() {
    let gate = Gate::changed(&[SHOP]);
    let mut ada = signed_in(&gate, ADA);
    let form = form_of(&ada.get(super::TOKENS).is(200));
    let token = token(&gate, &mut ada);
    for value in [basic("a", &token), format!("Bearer {token}")] {
        let lines = [("Authorization", value.as_str())];
        for path in ["/.doorcode/me", "/.doorcode/account", super::TOKENS] {
            program(&gate, "GET", path, &lines).is(401);
        }
        program(&gate, "POST", "/.doorcode/account/end-others", &lines).is(401);
        program(&gate, "GET", "/.doorcode/userinfo", &lines).is(401);
        let body = [("form", form.as_str()), ("name", "a"), ("site", &gate.origin), ("days", "1")];
        gate.browser().send("POST", super::TOKENS, &lines, Some(&body)).is(303);
    }
    assert_eq!(gate.count(personal_tokens::ALL), 1, "a token made another one");
}

#[test]
fn a_token_that_is_known_needs_no_database_and_a_forged_one_neither() {
    let gate = Gate::changed(&[SHOP]);
    let mut ada = signed_in(&gate, ADA);
    let [value, unseen] = [(); 2].map(|()| basic("a", &token(&gate, &mut ada)));
    program(&gate, "GET", "/orders", &[("Authorization", &value)]).is(200);
    let mut beside = gate.database();
    gate.run(async {
        sqlx::query("ALTER TABLE personal_access_tokens RENAME TO away")
            .execute(&mut beside)
            .await
            .unwrap();
    });
    program(&gate, "GET", "/orders", &[("Authorization", &value)]).is(200);
    let before = gate.app.count();
    program(&gate, "GET", "/orders", &[("Authorization", &unseen)]).is(503);
    assert_eq!(gate.app.count(), before, "who cannot be looked up does not pass");
    for n in 0..50 {
        let forged = format!("dcp_{}{n:04}", "a".repeat(52)).replace(['0', '1', '8', '9'], "b");
        program(&gate, "GET", "/orders", &[("Authorization", &basic("a", &forged))]).is(401);
    }
}
