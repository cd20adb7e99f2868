//! What libraries of other languages expect, each as it was seen to ask: Spring Security and Nimbus,
//! Java's HTTP client, go-oidc, oauth2-proxy, `mod_auth_openidc`. See docs/recipes.md.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorcode::domain::sha256;
use serde_json::{Value, json};

use super::world::{
    API, CALLBACK, CHALLENGE, SECRET, VERIFIER, World, asks, authorize, basic, claims, encoded,
    read, told,
};
use crate::support::settings::{ADA, BOB};

fn header(token: &Value) -> Value {
    let part = token.as_str().and_then(|token| token.split('.').next()).expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

/// A login of `spa` for the API.
fn given(world: &World) -> Value {
    let code = world.code_for("spa", BOB);
    let mut body = World::otp("spa", BOB, &code);
    (body["scope"], body["audience"]) = (json!("openid offline_access"), json!(API));
    read(&world.json("/oauth/token", &body).is(200))
}

/// Nimbus's `DefaultJOSEObjectTypeVerifier.JWT`, and with it Spring's resource server and okta's
/// starter: "JOSE header typ (type) at+jwt not allowed".
#[test]
fn an_access_token_is_of_the_type_that_nimbus_takes() {
    let id = "id = \"spa\"";
    for (setting, typ) in [("", "JWT"), ("access_token_type = \"at+jwt\"\n", "at+jwt")] {
        let world = World::changed(&[(id, &format!("{id}\n{setting}"))]);
        let given = given(&world);
        let (access, id_token) = (&given["access_token"], &given["id_token"]);
        assert_eq!(header(access)["typ"], typ);
        assert_eq!(header(id_token)["typ"], "JWT");
        let keys = read(&world.get("/.well-known/jwks.json", &[]).is(200));
        let keys = keys["keys"].as_array().unwrap();
        assert!(keys.iter().any(|key| key["kid"] == header(access)["kid"]));
        assert_eq!(claims(access)["iss"], world.issuer());
        assert!(claims(access)["aud"].as_array().unwrap().contains(&json!(API)));
        // An API tells the two apart by `aud`, and we by their claims.
        assert_eq!(claims(id_token)["aud"], "spa");
        world.userinfo(access).is(200);
        world.userinfo(id_token).is(401);
        let revoke = json!({"client_id": "spa", "token": id_token});
        world.json("/oauth/revoke", &revoke).is(200);
        world.userinfo(access).is(200);
    }
}

/// `java.net.http.HttpClient` offers HTTP/2 on every request over plain http, with a body too.
#[test]
fn a_token_request_of_java_s_http_client_is_answered() {
    let world = World::start();
    let body = encoded(&[
        ("grant_type", "client_credentials"),
        ("client_id", "web"),
        ("client_secret", SECRET),
        ("audience", API),
    ]);
    let lines = [
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("HTTP2-Settings", "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"),
        ("Upgrade", "h2c"),
        ("User-Agent", "Java-http-client/21.0.5"),
        ("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8"),
    ];
    let given = read(&world.ask("POST", "/oauth/token", &lines, &body).is(200));
    assert_eq!(claims(&given["access_token"])["sub"], "web@clients");
}

/// go-oidc's `VerifyAccessToken`, `mod_auth_openidc` and Spring check it where it is there; OpenID
/// Connect Core 1.0 §3.1.3.6.
#[test]
fn an_id_token_names_the_access_token_beside_it() {
    let world = World::start();
    let check = |given: &Value| {
        let digest = sha256(given["access_token"].as_str().unwrap().as_bytes());
        let half = URL_SAFE_NO_PAD.encode(&digest[..16]);
        assert_eq!(claims(&given["id_token"])["at_hash"], half);
    };
    let mut browser = world.signed_in(BOB);
    let by_code = super::codes::tokens(&world, &mut browser);
    check(&by_code);
    check(&read(&world.refresh(&by_code["refresh_token"]).is(200)));
    check(&world.log_in("web", ADA, "openid"));
    let answer = browser.get(&asks(&[("response_type", "id_token token")]));
    let told = |name| Value::from(told(answer.location(), name).expect(name));
    check(&json!({"access_token": told("access_token"), "id_token": told("id_token")}));
    let alone = browser.get(&asks(&[("response_type", "id_token")]));
    let alone = super::world::told(alone.location(), "id_token").expect("a token");
    assert!(claims(&json!(alone)).get("at_hash").is_none());
}

/// OpenID Connect Core 1.0 §3.1.2.1: the authorization endpoint takes both.
#[test]
fn a_form_at_authorize_asks_as_a_link_does() {
    let world = World::start();
    let mut browser = world.signed_in(BOB);
    let form = [
        ("client_id", "spa"),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("state", "a b+c&d"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    // From a page of the application, so without the cookie (SameSite=Lax).
    let lines = [("Origin", "https://app.example.com"), ("Sec-Fetch-Site", "cross-site")];
    let mut elsewhere = world.gate.browser();
    let sent = elsewhere.send("POST", "/.doorcode/authorize", &lines, Some(&form)).is(303);
    let target = browser.here(sent.location());
    let answer = browser.get(&target).is(303);
    assert!(answer.location().starts_with(CALLBACK), "{answer}");
    assert_eq!(told(answer.location(), "state").as_deref(), Some("a b+c&d"));
    assert!(told(answer.location(), "code").is_some());
    let twice: Vec<_> = form.into_iter().chain([("client_id", "web")]).collect();
    browser.send("POST", "/.doorcode/authorize", &lines, Some(&twice)).is(400);
    let stranger = world.gate.browser().post("/.doorcode/authorize", &form).is(303);
    assert!(stranger.location().contains("/authorize?"), "{stranger}");
}

/// oauth2-proxy's `--oidc-groups-claim`, and what it and tinyauth demand of an e-mail address.
#[test]
fn roles_and_a_made_up_address_reach_a_client_that_asks() {
    let world = World::start();
    let given = world.log_in("spa", ADA, "openid groups email");
    assert_eq!(given["scope"], "openid groups email");
    assert_eq!(claims(&given["id_token"])["groups"], json!(["admin", "staff"]));
    assert!(claims(&given["id_token"]).get("email").is_none(), "this client did not ask for one");
    assert!(claims(&given["access_token"]).get("groups").is_none());
    let told = read(&world.userinfo(&given["access_token"]).is(200));
    assert_eq!(told["groups"], json!(["admin", "staff"]));
    let given = world.log_in("spa", BOB, "openid offline_access groups");
    assert_eq!(claims(&given["id_token"])["groups"], json!([]));
    let next = read(&world.refresh(&given["refresh_token"]).is(200));
    assert_eq!(claims(&next["id_token"])["groups"], json!([]));
    let given = world.log_in("web", ADA, "openid");
    assert!(claims(&given["id_token"]).get("groups").is_none());

    let id = "id = \"web\"";
    let web = format!("{id}\ngroups = true\nemail_domain = \"users.invalid\"");
    let claim = "[oauth]\ngroups_claim = \"https://acme.example/roles\"";
    let world = World::changed(&[(id, &web), ("[oauth]", claim)]);
    let given = world.log_in("web", ADA, "openid email");
    let user = read(&world.userinfo(&given["access_token"]).is(200));
    for told in [&claims(&given["id_token"]), &user] {
        assert_eq!(told["https://acme.example/roles"], json!(["admin", "staff"]));
        let name = told["sub"].as_str().unwrap().replace("sms|", "");
        assert_eq!(told["email"], format!("{name}@users.invalid"));
        assert_eq!(told["email_verified"], false);
    }
    world.gate.pass(std::time::Duration::from_mins(2));
    let given = world.log_in("web", ADA, "openid phone");
    assert!(claims(&given["id_token"]).get("email").is_none(), "without the scope");
}

/// Spring Boot, oauth2-proxy and `mod_auth_openidc` by default send no `code_challenge` for a client
/// with a secret, or are told to.
#[test]
fn a_client_with_a_secret_uses_pkce_unless_it_is_excepted() {
    let ask = |world: &World, more: &[(&str, &str)]| {
        let mut browser = world.signed_in(BOB);
        let pairs = [
            ("client_id", "web"),
            ("response_type", "code"),
            ("redirect_uri", "https://web.example.com/cb"),
            ("scope", "openid"),
        ];
        let pairs: Vec<_> = pairs.iter().chain(more).copied().collect();
        let location = browser.get(&authorize(&pairs)).is(303).location().to_owned();
        (told(&location, "code"), told(&location, "error_description").unwrap_or_default())
    };
    let redeem = |world: &World, code: &str, verifier: &str| {
        let auth = basic("web", SECRET);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", "https://web.example.com/cb"),
            ("code_verifier", verifier),
        ];
        world.form_with("/oauth/token", &[("Authorization", &auth)], &form).status
    };
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let world = World::start();
    let (code, error) = ask(&world, &[]);
    assert!(code.is_none() && error.starts_with("code_challenge is missing"), "{error}");
    let code = ask(&world, &pkce).0.expect("a code");
    assert_eq!(redeem(&world, &code, VERIFIER), 200);

    let id = "id = \"web\"";
    let world = World::changed(&[(id, &format!("{id}\nrequire_pkce = false"))]);
    let code = ask(&world, &[]).0.expect("a code");
    assert_eq!(redeem(&world, &code, ""), 200);
    let code = ask(&world, &pkce).0.expect("a code");
    assert_eq!(redeem(&world, &code, ""), 403, "whoever began with it ends with it");
}

/// RFC 8414 §3.1: where a client looks that is given an issuer with a path.
#[test]
fn the_metadata_of_an_issuer_with_a_path_is_at_the_root_of_its_host() {
    let world = World::start();
    let usual = read(&world.get("/.well-known/openid-configuration", &[]).is(200));
    assert_eq!(usual["issuer"], world.issuer());
    let get = |path: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", world.gate.port);
        world.gate.exchange(&head)
    };
    for name in ["oauth-authorization-server", "openid-configuration"] {
        let path = format!("/.well-known/{name}/.doorcode");
        assert_eq!(read(&get(&path).is(200)), usual);
        let kept = format!("/.well-known/{name}/other");
        get(&kept).is(401);
        world.get(&format!("/.well-known/{name}/other"), &[]).is(404);
    }
    assert_eq!(world.gate.app.count(), 0);
}
