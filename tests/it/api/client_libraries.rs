//! What single libraries need that differs from what the others do.
use serde_json::{Value, json};

use super::world::{CLIENTS, World, claims, read, refused};
use crate::support::http::exchange;
use crate::support::program::Program;
use crate::support::settings::BOB;

/// A token in the query of a GET, as passport-auth0 sends it.
fn by_query(path: &str, token: &str) -> String {
    format!("{path}?access_token={token}")
}

#[test]
fn userinfo_takes_a_token_from_its_query_and_only_one() {
    let world = World::start();
    let given = world.log_in("spa", BOB, "openid phone");
    let token = given["access_token"].as_str().expect("a token");
    let answer = world.get(&by_query("/userinfo", token), &[]).is(200);
    assert_eq!(read(&answer)["phone_number"], BOB);
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");

    world.get("/userinfo", &[]).is(401);
    world.get(&by_query("/userinfo", "e30.e30.e30"), &[]).is(401);
    let bearer = format!("Bearer {token}");
    world.get(&by_query("/userinfo", token), &[("Authorization", &bearer)]).is(401);
    let twice = format!("{}&access_token={token}", by_query("/userinfo", token));
    refused(world.get(&twice, &[]), 400, "invalid_request", "the parameter access_token");
    let posted = world.ask("POST", &by_query("/userinfo", token), &[], "");
    posted.is(401);
}

#[test]
fn no_other_address_takes_a_token_from_a_query() {
    let world = World::start();
    let given = world.log_in("spa", BOB, "openid phone");
    let token = given["access_token"].as_str().expect("a token");
    world.get(&by_query("/me", token), &[]).is(401);
    let mut browser = world.gate.browser();
    browser.get(&by_query("/orders", token)).is(303);
    assert_eq!(world.gate.app.count(), 0);
}

#[test]
fn no_log_holds_what_a_query_held() {
    let clients = ("[[site]]\nname = \"Down\"\n", CLIENTS);
    let program = Program::changed("trace", &[clients]);
    let token = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl";
    let (port, path) = (program.port, by_query("/.doorcode/userinfo", token));
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    exchange(port, request.as_bytes()).is(401);
    let aborted =
        format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 9\r\n\r\n");
    exchange(port, aborted.as_bytes());
    let log = program.printed();
    assert!(log.contains("/.doorcode/userinfo"), "{log}");
    for hidden in [token, "c2lnbmF0dXJl", "access_token="] {
        assert!(!log.contains(hidden), "`{hidden}` is in {log}");
    }
}

#[test]
fn each_scope_of_the_standard_is_granted_though_nobody_has_its_claims() {
    let world = World::start();
    let asked = "openid profile email address phone";
    let given = world.log_in("spa", BOB, asked);
    assert_eq!(given["scope"], asked);
    let claims = claims(&given["id_token"]);
    for name in ["email", "email_verified", "address"] {
        assert_eq!(claims.get(name), None, "{claims}");
    }
    let user = read(&world.userinfo(&given["access_token"]).is(200));
    assert_eq!((&user["phone_number"], user.get("email")), (&json!(BOB), None));
}

#[test]
fn a_client_may_have_the_time_of_a_change_as_a_number() {
    let strict = ("name = \"My SPA\"\n", "name = \"My SPA\"\nnumeric_updated_at = true\n");
    let world = World::changed(&[strict]);
    let both = |client: &str| {
        let given = world.log_in(client, BOB, "openid profile");
        let user = read(&world.userinfo(&given["access_token"]).is(200));
        [claims(&given["id_token"])["updated_at"].clone(), user["updated_at"].clone()]
    };
    assert!(both("spa").iter().all(Value::is_i64));
    assert!(both("web").iter().all(Value::is_string));
}
