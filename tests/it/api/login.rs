//! What else clients ask: `/oauth/ro`, `/user/ssodata`, `/userinfo`, settings and keys.
use serde_json::{Value, json};

use super::world::{API, PAGE, SECRET, WRONG, World, claims, read, refused};
use crate::support::browser::unlike;
use crate::support::settings::BOB;

#[test]
fn the_legacy_endpoint_is_by_grant_only_and_has_words_of_its_own() {
    let world = World::start();
    let code = world.code_for("web", BOB);
    let ask = |changes: Value| {
        let mut body = json!({
            "client_id": "web", "client_secret": SECRET, "connection": "sms", "username": BOB,
            "password": code, "grant_type": "password", "scope": "openid", "device": "x",
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        world.json("/oauth/ro", &body)
    };
    for (changes, status, error, text) in [
        (json!({"username": ""}), 400, "invalid_request", "missing username parameter"),
        (json!({"password": null}), 400, "invalid_request", "missing password parameter"),
        (json!({"connection": "x"}), 400, "invalid_request", "the connection was not found"),
        (json!({"client_secret": "x"}), 401, "access_denied", "Unauthorized"),
        (
            json!({"client_id": "spa", "client_secret": null}),
            403,
            "unauthorized_client",
            "Grant type 'http://auth0.com/oauth/legacy/grant-type/ro' not allowed",
        ),
        (json!({"password": unlike(&code, 0)}), 401, "invalid_user_password", WRONG),
    ] {
        refused(ask(changes), status, error, text);
    }
    let given = read(&ask(json!({})).is(200));
    assert_eq!(claims(&given["id_token"])["aud"], "web");
    refused(ask(json!({})), 401, "invalid_user_password", WRONG);
}

#[test]
fn a_client_learns_of_a_user_what_its_scope_says() {
    let world = World::start();
    for (n, (scope, names)) in [
        ("openid", &["sub"][..]),
        ("openid phone", &["phone_number", "phone_number_verified", "sub"]),
        ("openid profile", &["name", "nickname", "picture", "sub", "updated_at"]),
    ]
    .into_iter()
    .enumerate()
    {
        let given = world.log_in("spa", &format!("+1202555012{n}"), scope);
        let told = read(&world.userinfo(&given["access_token"]).is(200));
        let mut has: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
        has.sort_unstable();
        assert_eq!(has, names, "{scope}");
        assert_eq!(told["sub"], claims(&given["id_token"])["sub"]);
        if let Some(picture) = told["picture"].as_str() {
            let path = picture.strip_prefix(&world.issuer()).unwrap();
            world.get(&format!("/{path}"), &[]).is(200);
        }
    }
    let code = world.code_for("spa", BOB);
    let mut body = World::otp("spa", BOB, &code);
    body["scope"] = json!("read:orders");
    body["audience"] = json!(API);
    let given = read(&world.json("/oauth/token", &body).is(200));
    world.userinfo(&given["access_token"]).is(401);
}

#[test]
fn userinfo_takes_an_access_token_by_one_way_and_nothing_else() {
    let world = World::start();
    let given = world.log_in("spa", BOB, "openid");
    let token = given["access_token"].as_str().unwrap();
    world.form("/userinfo", &[("access_token", token)]).is(200);
    let header = format!("Bearer {token}");
    let good = ("Authorization", header.as_str());
    for (lines, body) in [
        (&[good, ("Authorization", "Bearer x")][..], ""),
        (&[good, good], ""),
        (&[good], "x"),
        (&[good], token),
        (&[("Authorization", "Basic YTpi")], token),
    ] {
        let form = [("access_token", body)];
        let answer = world.form_with("/userinfo", lines, &form[usize::from(body.is_empty())..]);
        let how = answer.is(401).header("www-authenticate").map(str::to_owned);
        assert_eq!(how.as_deref(), Some("Bearer error=\"invalid_token\""));
    }
    let header = format!("bearer {token}");
    let lines = [("Authorization", header.as_str()), ("Content-Type", "application/json")];
    world.get("/userinfo", &lines).is(200);
    let id = format!("Bearer {}", given["id_token"].as_str().unwrap());
    for (path, lines) in [
        ("/userinfo".to_owned(), vec![]),
        (format!("/userinfo?access_token={token}"), vec![("Authorization", header.as_str())]),
        ("/userinfo".to_owned(), vec![("Authorization", id.as_str())]),
        ("/userinfo".to_owned(), vec![("Authorization", "Bearer ")]),
        ("/userinfo".to_owned(), vec![("Authorization", "Basic x")]),
    ] {
        let answer = world.get(&path, &lines).is(401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
        assert_eq!(read(&answer)["error"], "invalid_token");
    }
    world.gate.pass(std::time::Duration::from_mins(15));
    world.userinfo(&given["access_token"]).is(401);
}

#[test]
fn a_page_that_the_client_lists_is_told_who_is_signed_in_and_no_other() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let mut ask = |path: &str, origin| {
        let answer = browser.send("GET", path, &[("Origin", origin)], None).is(200);
        read(&answer)
    };
    let told = ask("/.doorcode/user/ssodata?ldaps=1&client_id=spa", PAGE);
    assert_eq!((&told["sso"], &told["lastUsedUsername"]), (&json!(true), &json!(BOB)));
    assert_eq!(told["lastUsedConnection"], json!({"name": "sms", "strategy": "sms"}));
    assert_eq!(told["sessionClients"], json!(["spa"]));
    for (path, origin) in [
        ("/.doorcode/user/ssodata", PAGE),
        ("/.doorcode/user/ssodata?client_id=other", PAGE),
        ("/.doorcode/user/ssodata?client_id=spa", "https://elsewhere.example.com"),
        ("/.doorcode/user/ssodata?client_id=spa", ""),
    ] {
        assert_eq!(ask(path, origin), json!({"sso": false}), "{path} {origin}");
    }
    let stranger = world.get("/user/ssodata?client_id=spa", &[("Origin", PAGE)]).is(200);
    assert_eq!(read(&stranger), json!({"sso": false}));
}

#[test]
fn lock_reads_the_settings_of_its_own_client() {
    let world = World::start();
    let answer = world.get("/client/spa.js?t1795000000000", &[]).is(200);
    assert_eq!(answer.header("content-type"), Some("application/x-javascript"));
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("cross-origin"));
    let text = answer.text();
    let json = text.strip_prefix("Auth0.setClient(").and_then(|rest| rest.strip_suffix(");"));
    let settings: Value = serde_json::from_str(json.unwrap()).unwrap();
    assert_eq!(settings["id"], "spa");
    assert_eq!(settings["strategies"], json!([{"name": "sms", "connections": [{"name": "sms"}]}]));
    for file in ["nobody.js", "spa", "spa.json", "..%2fspa.js"] {
        let answer = world.get(&format!("/client/{file}"), &[]);
        assert!(matches!(answer.status, 400 | 404), "{file}: {answer}");
        answer.never_says("setClient");
    }
    let country = world.get("/user/geoloc/country", &[("Accept-Language", "en-GB")]).is(200);
    assert_eq!(read(&country), json!({"country_code": "GB"}));
}

#[test]
fn what_is_published_is_where_it_says_it_is() {
    let world = World::start();
    let told = read(&world.get("/.well-known/openid-configuration", &[]).is(200));
    let alias = read(&world.get("/.well-known/oauth-authorization-server", &[]).is(200));
    assert_eq!(told, alias);
    assert_eq!(told["issuer"], world.issuer());
    assert_eq!(told["code_challenge_methods_supported"], json!(["S256"]));
    let issuer = world.issuer();
    for (name, there) in told.as_object().unwrap() {
        if !(name.ends_with("_endpoint") || name == "jwks_uri") {
            continue;
        }
        let path = there.as_str().unwrap().strip_prefix(&issuer).unwrap();
        assert_ne!(world.get(&format!("/{path}"), &[]).status, 404, "{name}");
    }
    let given = world.log_in("spa", BOB, "openid");
    let keys = read(&world.get("/.well-known/jwks.json", &[]).is(200));
    for token in [&given["id_token"], &given["access_token"]] {
        let token = token.as_str().unwrap();
        let header = jsonwebtoken::decode_header(token).unwrap();
        let keys = keys["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["kid"] == json!(header.kid)).unwrap();
        assert_eq!((&key["alg"], &key["use"]), (&json!("RS256"), &json!("sig")));
        let key: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.clone()).unwrap();
        let key = jsonwebtoken::DecodingKey::from_jwk(&key).unwrap();
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.set_issuer(&[&issuer]);
        jsonwebtoken::decode::<Value>(token, &key, &rules).unwrap();
    }
}
