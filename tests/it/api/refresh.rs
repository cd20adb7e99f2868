//! Refresh tokens.
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Connection as _;

use super::world::{API, DAY, SECRET, World, claims, read, refused};
use crate::support::http::{Answer, exchange, storm};
use crate::support::program::Program;
use crate::support::settings::BOB;

const UNKNOWN: &str = "Unknown or invalid refresh token.";
const SCOPE: &str = "openid phone offline_access";
/// `refresh_token_overlap`.
const OVERLAP: Duration = Duration::from_secs(10);

#[test]
fn each_use_gives_the_next_and_a_second_use_ends_them_all() {
    let world = World::start();
    let first = world.log_in("spa", BOB, SCOPE);
    let second = read(&world.refresh(&first["refresh_token"]).is(200));
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let (was, is) = (claims(&first["id_token"]), claims(&second["id_token"]));
    assert_eq!((&is["sub"], &is["sid"]), (&was["sub"], &was["sid"]));
    assert!(is.get("nonce").is_none());
    assert_eq!(second["scope"], SCOPE);
    let third = read(&world.refresh(&second["refresh_token"]).is(200));
    world.userinfo(&third["access_token"]).is(200);
    world.gate.pass(OVERLAP);
    refused(world.refresh(&second["refresh_token"]), 403, "invalid_grant", UNKNOWN);
    refused(world.refresh(&third["refresh_token"]), 403, "invalid_grant", UNKNOWN);
    world.userinfo(&third["access_token"]).is(401);
}

/// The settings of a client, in its table.
fn with(client: &str, more: &str) -> World {
    let id = format!("id = \"{client}\"");
    World::changed(&[(&id, &format!("{id}\n{more}"))])
}

#[test]
fn within_the_overlap_the_token_before_gives_the_same_next_one() {
    let world = World::start();
    let first = world.log_in("spa", BOB, SCOPE);
    let second = read(&world.refresh(&first["refresh_token"]).is(200));
    world.gate.pass(OVERLAP.saturating_sub(Duration::from_millis(1)));
    let again = read(&world.refresh(&first["refresh_token"]).is(200));
    assert_eq!(again["refresh_token"], second["refresh_token"]);
    assert_ne!(again["access_token"], second["access_token"]);
    world.userinfo(&again["access_token"]).is(200);
    // Using it has not made the overlap longer.
    world.gate.pass(Duration::from_millis(1));
    refused(world.refresh(&first["refresh_token"]), 403, "invalid_grant", UNKNOWN);
    refused(world.refresh(&second["refresh_token"]), 403, "invalid_grant", UNKNOWN);
    world.userinfo(&again["access_token"]).is(401);
}

#[test]
fn only_the_token_before_overlaps() {
    let world = World::start();
    let first = world.log_in("spa", BOB, SCOPE);
    let second = read(&world.refresh(&first["refresh_token"]).is(200));
    let third = read(&world.refresh(&second["refresh_token"]).is(200));
    let again = read(&world.refresh(&second["refresh_token"]).is(200));
    assert_eq!(again["refresh_token"], third["refresh_token"]);
    // Two rotations old: whoever has it was not the client that asked twice.
    refused(world.refresh(&first["refresh_token"]), 403, "invalid_grant", UNKNOWN);
    refused(world.refresh(&third["refresh_token"]), 403, "invalid_grant", UNKNOWN);
}

#[test]
fn the_overlap_can_be_set_and_a_revoked_grant_has_none() {
    let world = with("spa", "refresh_token_overlap = \"45s\"");
    let first = world.log_in("spa", BOB, SCOPE);
    let second = read(&world.refresh(&first["refresh_token"]).is(200));
    world.gate.pass(Duration::from_secs(44));
    world.refresh(&first["refresh_token"]).is(200);
    let body = json!({"client_id": "spa", "token": second["refresh_token"]});
    world.json("/oauth/revoke", &body).is(200);
    refused(world.refresh(&first["refresh_token"]), 403, "invalid_grant", UNKNOWN);
}

/// As oauth2-proxy, Spring and `mod_auth_openidc` do for a browser with several requests at once.
#[test]
fn of_fifty_at_once_all_get_the_same_next_one_and_it_is_good() {
    let world = World::start();
    let first = world.log_in("spa", BOB, SCOPE);
    let answers = fifty(&world, "spa", None, &first["refresh_token"]);
    let given: Vec<Value> = answers.iter().map(|answer| read(&answer.clone().is(200))).collect();
    assert!(given.iter().all(|one| one["refresh_token"] == given[0]["refresh_token"]));
    let next = read(&world.refresh(&given[0]["refresh_token"]).is(200));
    world.userinfo(&next["access_token"]).is(200);
}

#[test]
fn a_confidential_client_rotates_only_when_it_is_asked_to() {
    let (mut web, ask) = (Vec::new(), "rotate_refresh_tokens = true");
    for world in [World::start(), with("web", ask)] {
        let first = world.log_in("web", BOB, SCOPE);
        let answers = fifty(&world, "web", Some(SECRET), &first["refresh_token"]);
        let given = answers.iter().map(|answer| read(&answer.clone().is(200)));
        let next: Vec<Value> = given.map(|given| given["refresh_token"].clone()).collect();
        assert!(next.iter().all(|one| *one == next[0]), "{next:?}");
        world.gate.pass(OVERLAP);
        let again = fifty(&world, "web", Some(SECRET), &first["refresh_token"]);
        web.push((next[0] == first["refresh_token"], again[0].status));
    }
    assert_eq!(web, [(true, 200), (false, 403)]);
}

/// Fifty refreshes at once with one token.
fn fifty(world: &World, client: &str, secret: Option<&str>, token: &Value) -> Vec<Answer> {
    let token = token.as_str().expect("a token");
    let mut form =
        vec![("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
    form.extend(secret.map(|secret| ("client_secret", secret)));
    let request = world.gate.browser().request("POST", "/.doorcode/oauth/token", &[], Some(&form));
    storm(world.gate.port, &vec![request; 50])
}

#[test]
fn without_an_overlap_of_fifty_at_once_one_gets_the_next_and_it_is_worth_nothing() {
    let world = with("spa", "refresh_token_overlap = \"0s\"");
    let first = world.log_in("spa", BOB, SCOPE);
    let answers = fifty(&world, "spa", None, &first["refresh_token"]);
    let good: Vec<Value> = answers.iter().filter(|a| a.status == 200).map(read).collect();
    assert_eq!(good.len(), 1);
    assert!(answers.iter().all(|a| matches!(a.status, 200 | 403)), "{answers:?}");
    refused(world.refresh(&good[0]["refresh_token"]), 403, "invalid_grant", UNKNOWN);
    world.userinfo(&good[0]["access_token"]).is(401);
}

#[test]
fn a_narrower_scope_is_given_and_a_wider_one_is_not() {
    let world = World::start();
    let first = world.log_in("spa", BOB, SCOPE);
    let ask = |token: &Value, scope: &str| {
        let body = json!({
            "grant_type": "refresh_token", "client_id": "spa", "refresh_token": token,
            "scope": scope, "redirect_uri": "https://app.example.com/callback",
        });
        world.json("/oauth/token", &body)
    };
    let bad = ask(&first["refresh_token"], "a\"b");
    refused(bad, 400, "invalid_scope", "scope has a character");
    let next = read(&ask(&first["refresh_token"], "openid profile read:orders").is(200));
    assert_eq!(next["scope"], "openid", "and the mistake before has cost nothing");
    assert!(claims(&next["id_token"]).get("phone_number").is_none());
    let next = read(&ask(&next["refresh_token"], "").is(200));
    assert_eq!(next["scope"], SCOPE, "what was granted stays");
}

#[test]
fn it_ends_when_it_is_not_used_and_in_the_end_anyway() {
    let world = World::changed(&[(
        "scopes = [\"read:orders\"]\n[[client]]\nid = \"web\"",
        "scopes = [\"read:orders\"]\nrefresh_token_idle = \"2d\"\nrefresh_token_lifetime = \"5d\"\n[[client]]\nid = \"web\"",
    )]);
    let mut token = world.log_in("spa", BOB, SCOPE)["refresh_token"].clone();
    for _ in 0..4 {
        world.gate.pass(DAY);
        token = read(&world.refresh(&token).is(200))["refresh_token"].clone();
    }
    world.gate.pass(DAY);
    refused(world.refresh(&token), 403, "invalid_grant", UNKNOWN);
    let token = world.log_in("spa", BOB, SCOPE)["refresh_token"].clone();
    world.gate.pass(DAY * 2 + Duration::from_secs(1));
    refused(world.refresh(&token), 403, "invalid_grant", UNKNOWN);
}

#[test]
fn who_is_blocked_is_told_in_the_words_that_sign_a_page_out() {
    let world = World::start();
    let first = world.log_in("spa", BOB, SCOPE);
    world.block(BOB, true);
    refused(world.refresh(&first["refresh_token"]), 403, "invalid_grant", "user is blocked");
    world.userinfo(&first["access_token"]).is(401);
}

#[test]
fn signing_out_ends_what_was_given_in_that_session() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let given = super::codes::tokens(&world, &mut browser);
    world.refresh(&given["refresh_token"]).is(200);
    browser.get("/.doorcode/v2/logout?client_id=spa").is(302);
    let again = super::codes::tokens_fail(&world, &mut browser);
    assert_eq!(again, "login_required");
    world.userinfo(&given["access_token"]).is(401);
}

#[test]
fn another_client_s_token_and_one_without_the_grant_are_refused() {
    let world = World::start();
    let token = &world.log_in("spa", BOB, SCOPE)["refresh_token"];
    for (client, status, error, text) in [
        ("other", 403, "invalid_grant", UNKNOWN),
        ("bare", 403, "unauthorized_client", "Grant type 'refresh_token' not allowed"),
        ("web", 401, "access_denied", "Unauthorized"),
    ] {
        let body =
            json!({"grant_type": "refresh_token", "client_id": client, "refresh_token": token});
        refused(world.json("/oauth/token", &body), status, error, text);
    }
    for nonsense in [json!("x"), json!("x".repeat(5000)), token.as_str().unwrap()[1..].into()] {
        refused(world.refresh(&nonsense), 403, "invalid_grant", UNKNOWN);
    }
    world.refresh(token).is(200);
}

#[test]
fn revoking_one_ends_its_login_and_is_the_same_for_a_token_that_is_not() {
    let world = World::start();
    let given = world.log_in("spa", BOB, SCOPE);
    let revoke = |client: &str, token: &Value| {
        world.json("/oauth/revoke", &json!({"client_id": client, "token": token}))
    };
    for (client, token) in [("other", &given["refresh_token"]), ("spa", &json!("unknown"))] {
        assert!(revoke(client, token).is(200).body.is_empty());
    }
    world.userinfo(&given["access_token"]).is(200);
    assert!(revoke("spa", &given["refresh_token"]).is(200).body.is_empty());
    refused(world.refresh(&given["refresh_token"]), 403, "invalid_grant", UNKNOWN);
    world.userinfo(&given["access_token"]).is(401);

    world.gate.pass(Duration::from_mins(2));
    let given = world.log_in("spa", BOB, SCOPE);
    assert!(revoke("other", &given["access_token"]).is(200).body.is_empty());
    world.userinfo(&given["access_token"]).is(200);
    revoke("spa", &given["access_token"]).is(200);
    world.userinfo(&given["access_token"]).is(401);
    refused(world.refresh(&given["refresh_token"]), 403, "invalid_grant", UNKNOWN);

    refused(revoke("nobody", &json!("x")), 401, "invalid_client", "Unauthorized");
    refused(revoke("web", &json!("x")), 401, "invalid_client", "Unauthorized");
    refused(revoke("spa", &Value::Null), 400, "invalid_request", "Missing required parameter");
}

#[test]
fn a_token_that_nobody_gave_or_that_is_over_waits_for_no_writer() {
    let world = World::start();
    let given = world.log_in("spa", BOB, SCOPE);
    world.gate.pass(Duration::from_mins(2));
    let over = world.log_in("spa", BOB, SCOPE);
    let revoke =
        |token: &Value| world.json("/oauth/revoke", &json!({"client_id": "spa", "token": token}));
    revoke(&over["refresh_token"]).is(200);
    let gid = claims(&given["access_token"])["gid"].as_str().expect("a grant").to_owned();
    let mut other = world.gate.database();
    let held = world.gate.run(other.begin_with("BEGIN IMMEDIATE")).expect("the writer");
    let invented = Value::from("A".repeat(86));
    for token in [&invented, &gid.into(), &over["refresh_token"]] {
        refused(world.refresh(token), 403, "invalid_grant", UNKNOWN);
        revoke(token).is(200);
    }
    revoke(&over["access_token"]).is(200);
    world.refresh(&given["refresh_token"]).is(503);
    world.gate.run(held.rollback()).expect("the end");
    world.refresh(&given["refresh_token"]).is(200);
}

#[test]
fn who_knows_a_token_of_the_family_only_in_part_ends_it_or_does_nothing() {
    let world = World::start();
    let token = world.log_in("spa", BOB, SCOPE)["refresh_token"].clone();
    let text = token.as_str().unwrap();
    let flip = |at: usize| {
        let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        Value::from([&text[..at], other, &text[at + 1..]].concat())
    };
    for stranger in [flip(0), text[..43].into(), text[43..].into(), format!("{text}A").into()] {
        refused(world.refresh(&stranger), 403, "invalid_grant", UNKNOWN);
    }
    let next = read(&world.refresh(&token).is(200));
    // Somebody had this family's first half.
    refused(world.refresh(&flip(60)), 403, "invalid_grant", UNKNOWN);
    refused(world.refresh(&next["refresh_token"]), 403, "invalid_grant", UNKNOWN);
    world.userinfo(&next["access_token"]).is(401);
}

#[test]
fn a_token_is_for_the_audience_of_its_login() {
    let world = World::start();
    let code = world.code_for("spa", BOB);
    let mut body = World::otp("spa", BOB, &code);
    body["scope"] = json!(SCOPE);
    body["audience"] = json!(API);
    let first = read(&world.json("/oauth/token", &body).is(200));
    let ask = |token: &Value, audience: &str| {
        let body = json!({
            "grant_type": "refresh_token", "client_id": "spa", "refresh_token": token,
            "audience": audience,
        });
        world.json("/oauth/token", &body)
    };
    let other = ask(&first["refresh_token"], "https://other.example.com");
    let text = "The refresh token is not for the audience https://other.example.com";
    refused(other, 400, "invalid_target", text);
    let next = read(&ask(&first["refresh_token"], API).is(200));
    let userinfo = format!("{}userinfo", world.issuer());
    assert_eq!(claims(&next["access_token"])["aud"], json!([API, userinfo]));
    let next = read(&ask(&next["refresh_token"], &userinfo).is(200));
    assert_eq!(claims(&next["access_token"])["aud"], json!([API, userinfo]));

    world.gate.pass(Duration::from_mins(2));
    let bare = world.log_in("spa", BOB, SCOPE);
    let text = "The refresh token is not for the audience https://api.example.com";
    refused(ask(&bare["refresh_token"], API), 400, "invalid_target", text);
    world.refresh(&bare["refresh_token"]).is(200);
}

/// A restart with another file, on the same database.
#[test]
fn what_a_client_may_not_have_any_more_is_not_given_again() {
    const MAY: &str = "audiences = [\"https://api.example.com\"]\nscopes = [\"read:orders\"]\n";
    let client =
        format!("[[client]]\nid = \"spa\"\nname = \"My SPA\"\n{MAY}[[site]]\nname = \"Down\"\n");
    let mut program = Program::changed("info", &[("[[site]]\nname = \"Down\"\n", &client)]);
    let ask = |program: &Program, path: &str, body: &Value| {
        let (port, body) = (program.port, body.to_string());
        let length = body.len();
        let head = format!("POST /.doorcode{path} HTTP/1.1\r\nHost: localhost:{port}\r\n");
        let head = format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n");
        exchange(port, format!("{head}\r\n{body}").as_bytes())
    };
    let start = json!({"client_id": "spa", "connection": "sms", "phone_number": BOB});
    ask(&program, "/passwordless/start", &start).is(200);
    let text = program.texts.text(1).body;
    let mut body = World::otp("spa", BOB, text.split(' ').next().expect("a code"));
    body["scope"] = json!("openid read:orders offline_access");
    body["audience"] = json!(API);
    let first = read(&ask(&program, "/oauth/token", &body).is(200));
    assert_eq!(first["scope"], body["scope"]);
    let refresh = |program: &Program, token: &Value| {
        let body =
            json!({"grant_type": "refresh_token", "client_id": "spa", "refresh_token": token});
        ask(program, "/oauth/token", &body)
    };
    let again = |program: &mut Program, changes: &[(&str, &str)]| {
        program.kill();
        program.rewrite("my.toml", changes);
        program.start_again("info");
    };
    again(&mut program, &[("scopes = [\"read:orders\"]\n", "")]);
    let next = read(&refresh(&program, &first["refresh_token"]).is(200));
    assert_eq!(next["scope"], "openid offline_access");
    assert_eq!(claims(&next["access_token"])["scope"], "openid offline_access");

    again(&mut program, &[("audiences = [\"https://api.example.com\"]\n", "")]);
    refused(refresh(&program, &next["refresh_token"]), 403, "invalid_grant", UNKNOWN);
    again(&mut program, &[("name = \"My SPA\"\n", &format!("name = \"My SPA\"\n{MAY}"))]);
    let back = read(&refresh(&program, &next["refresh_token"]).is(200));
    assert_eq!(back["scope"], "openid read:orders offline_access", "the refusal cost nothing");
}
