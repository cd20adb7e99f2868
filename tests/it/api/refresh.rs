//! Refresh tokens.
use std::time::Duration;

use serde_json::{Value, json};

use super::world::{DAY, World, claims, read, refused};
use crate::support::browser::Browser;
use crate::support::http::storm;
use crate::support::settings::BOB;

const UNKNOWN: &str = "Unknown or invalid refresh token.";
const SCOPE: &str = "openid phone offline_access";

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
    refused(world.refresh(&second["refresh_token"]), 403, "invalid_grant", UNKNOWN);
    refused(world.refresh(&third["refresh_token"]), 403, "invalid_grant", UNKNOWN);
    world.userinfo(&third["access_token"]).is(401);
}

#[test]
fn of_fifty_at_once_one_gets_the_next_and_it_is_worth_nothing() {
    let world = World::start();
    let first = world.log_in("spa", BOB, SCOPE);
    let token = first["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", token)];
    let browser: Browser = world.gate.browser();
    let request = browser.request("POST", "/.doorcode/oauth/token", &[], Some(&form));
    let answers = storm(world.gate.port, &vec![request; 50]);
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
