//! `POST /oauth/introspect` (RFC 7662).
use std::time::Duration;

use serde_json::{Value, json};

use super::world::{API, SECRET, World, basic, claims, read, refused};
use crate::support::settings::BOB;

const SCOPE: &str = "openid read:orders offline_access";

/// `web`, an API that is asked with the tokens of other clients, and one that has nothing to do with
/// them.
fn world() -> World {
    let stranger = "[[client]]\nid = \"stranger\"\nname = \"Stranger\"\ntype = \"confidential\"\n\
                    secret = \"env:OTHER\"\ngrants = []\n[[client]]\nid = \"other\"";
    World::changed(&[("[[client]]\nid = \"other\"", stranger)])
}

fn ask(world: &World, client: &str, token: &Value) -> Value {
    let token = token.as_str().expect("a token");
    let lines = [("Authorization", &*basic(client, SECRET))];
    let answer = world.form_with("/oauth/introspect", &lines, &[("token", token)]).is(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    read(&answer)
}

/// A login of `spa` for the API.
fn given(world: &World) -> Value {
    let code = world.code_for("spa", BOB);
    let mut body = World::otp("spa", BOB, &code);
    (body["scope"], body["audience"]) = (json!(SCOPE), json!(API));
    read(&world.json("/oauth/token", &body).is(200))
}

fn inactive() -> Value {
    json!({"active": false})
}

#[test]
fn an_api_learns_what_a_token_is_and_when_it_is_over() {
    let world = world();
    let given = given(&world);
    let access = claims(&given["access_token"]);
    let expected = json!({
        "active": true, "iss": world.issuer(), "sub": access["sub"], "aud": access["aud"],
        "client_id": "spa", "scope": SCOPE, "token_type": "Bearer", "exp": access["exp"],
    });
    assert_eq!(ask(&world, "web", &given["access_token"]), expected);
    assert_eq!(ask(&world, "stranger", &given["access_token"]), inactive());
    // A refresh token is its own client's business, and an ID token is no access token.
    for token in [&given["refresh_token"], &given["id_token"], &json!("x"), &json!("a.b.c")] {
        assert_eq!(ask(&world, "web", token), inactive());
    }
    let body = json!({"client_id": "spa", "token": given["refresh_token"]});
    world.json("/oauth/revoke", &body).is(200);
    assert_eq!(ask(&world, "web", &given["access_token"]), inactive());
}

#[test]
fn what_is_over_for_any_reason_is_not_active() {
    let world = world();
    let old = given(&world);
    world.gate.pass(Duration::from_mins(15));
    assert_eq!(ask(&world, "web", &old["access_token"]), inactive());
    let blocked = given(&world);
    assert_eq!(ask(&world, "web", &blocked["access_token"])["active"], true);
    world.block(BOB, true);
    assert_eq!(ask(&world, "web", &blocked["access_token"]), inactive());
}

#[test]
fn a_client_asks_about_its_own_tokens() {
    let world = world();
    let body = json!({
        "grant_type": "client_credentials", "client_id": "web", "client_secret": SECRET,
        "audience": API,
    });
    let own = read(&world.json("/oauth/token", &body).is(200));
    let told = ask(&world, "web", &own["access_token"]);
    assert_eq!((&told["active"], &told["sub"]), (&json!(true), &json!("web@clients")));
    let login = world.log_in("web", BOB, "openid offline_access");
    let told = ask(&world, "web", &login["refresh_token"]);
    let sub = &claims(&login["id_token"])["sub"];
    assert_eq!(
        (&told["active"], &told["sub"], &told["client_id"]),
        (&json!(true), sub, &json!("web"))
    );
    assert!(told.get("token_type").is_none(), "{told}");
    assert_eq!(ask(&world, "stranger", &login["refresh_token"]), inactive());
    assert_eq!(ask(&world, "web", &login["access_token"])["active"], true, "for /userinfo");
}

#[test]
fn who_shows_no_secret_learns_nothing() {
    let world = world();
    let given = given(&world);
    let token = given["access_token"].as_str().unwrap();
    for form in [
        &[("client_id", "spa"), ("token", token)][..],
        &[("client_id", "web"), ("token", token)],
        &[("client_id", "web"), ("client_secret", "wrong"), ("token", token)],
        &[("client_id", "nobody"), ("token", token)],
        &[("token", token)],
    ] {
        refused(world.form("/oauth/introspect", form), 401, "invalid_client", "Unauthorized");
    }
    let bearer = format!("Bearer {token}");
    let answer =
        world.form_with("/oauth/introspect", &[("Authorization", &bearer)], &[("token", token)]);
    refused(answer, 401, "invalid_client", "Unauthorized");
    let form = [("client_id", "web"), ("client_secret", SECRET)];
    let missing = "Missing required parameter: token";
    refused(world.form("/oauth/introspect", &form), 400, "invalid_request", missing);
    world.get("/oauth/introspect", &[]).is(405);
    let told = read(&world.get("/.well-known/openid-configuration", &[]).is(200));
    assert_eq!(told["introspection_endpoint"], format!("{}oauth/introspect", world.issuer()));
}
