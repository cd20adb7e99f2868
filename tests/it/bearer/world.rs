//! A gate with applications that may ask tokens for its sites, and their tokens.
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorcode::domain::{Keyring, ServerSecret};
use doorcode::oauth::{AccessToken, Algorithm, Issuer, KeyUsage, SigningKeys, access_token};
use doorcode::system::{Clock as _, System};
use serde_json::{Value, json};

use crate::people::beside;
use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Answer, exchange};
use crate::support::settings::{OTHER, SECRET};
use crate::support::still::SeededRandom;

pub(super) const HERE: &str = "https://shop.example.com";
/// Another site, whose rule lets everybody in.
pub(super) const DOWN: &str = "https://shop.example.com/down";
pub(super) const ISSUER: &str = "https://shop.example.com/.doorcode";

const CLIENTS: &str = r#"[oauth]
token_algorithm = "ES256"
[[client]]
id = "spa"
name = "Acme App"
audiences = ["https://shop.example.com", "https://shop.example.com/down"]
[[client]]
id = "narrow"
name = "Acme Other App"
audiences = ["https://shop.example.com/down"]
[[client]]
id = "robot"
name = "Reports"
type = "confidential"
secret = "env:OTHER"
grants = ["client_credentials"]
audiences = ["https://shop.example.com"]
[[user]]
"#;
const RULES: &str = r#"allow = ["role:admin"]
[[site.rule]]
path = "/reports/*"
allow = ["client:robot"]
[[site.rule]]
path = "/british/*"
allow = ["country:GB"]
[[site.rule]]
path = "/mixed/*"
allow = ["client:spa", "role:admin"]
"#;

pub(super) fn gate(changes: &[(&str, &str)]) -> Gate {
    let usual = [("[[user]]\n", CLIENTS), ("allow = [\"role:admin\"]\n", RULES)];
    Gate::at(Some(HERE), &[&usual, changes].concat())
}

/// What an application is given for a login.
pub(super) struct Login(Value);

impl Login {
    pub(super) fn access(&self) -> &str {
        self.0["access_token"].as_str().expect("an access token")
    }

    pub(super) fn id_token(&self) -> &str {
        self.0["id_token"].as_str().expect("an ID token")
    }

    pub(super) fn refresh(&self) -> &str {
        self.0["refresh_token"].as_str().expect("a refresh token")
    }

    /// A claim of the access token.
    pub(super) fn claim(&self, name: &str) -> String {
        let claims = parts(self.access()).1;
        claims[name].as_str().unwrap_or_else(|| panic!("no {name} in {claims}")).to_owned()
    }
}

/// Posts to the API as a server does: no cookie, no origin.
#[track_caller]
pub(super) fn api(gate: &Gate, path: &str, body: &Value) -> Answer {
    let (body, host) = (body.to_string(), &HERE["https://".len()..]);
    let head = format!(
        "POST /.doorcode{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    exchange(gate.port, format!("{head}{body}").as_bytes())
}

/// Logs `phone` in at the client `spa`, for one site.
#[track_caller]
pub(super) fn login(gate: &Gate, phone: &str, audience: &str) -> Login {
    let before = gate.texts.messages().len();
    let start = json!({
        "client_id": "spa", "connection": "sms", "phone_number": phone, "send": "code",
    });
    api(gate, "/passwordless/start", &start).is(200);
    let text = gate.texts.text(before + 1).body;
    let code = text.split(' ').next().expect("a code");
    let answer = api(
        gate,
        "/oauth/token",
        &json!({
            "grant_type": "http://auth0.com/oauth/grant-type/passwordless/otp",
            "client_id": "spa", "realm": "sms", "username": phone, "otp": code,
            "audience": audience, "scope": "openid profile offline_access",
        }),
    );
    Login(serde_json::from_slice(&answer.is(200).body).expect("JSON"))
}

/// A token of the client `robot` for itself.
#[track_caller]
pub(super) fn robot(gate: &Gate) -> String {
    let ask = json!({
        "grant_type": "client_credentials", "client_id": "robot", "client_secret": OTHER,
        "audience": HERE,
    });
    let answer = api(gate, "/oauth/token", &ask).is(200);
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    body["access_token"].as_str().expect("an access token").to_owned()
}

/// One request of a program, with these lines beside `Host`.
#[track_caller]
pub(super) fn ask(gate: &Gate, method: &str, target: &str, lines: &[(&str, &str)]) -> Answer {
    let host = &HERE["https://".len()..];
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
    let length = (method == "POST").then_some(&("Content-Length", "0"));
    for (name, value) in length.into_iter().chain(lines) {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head += "\r\n";
    exchange(gate.port, head.as_bytes())
}

pub(super) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[track_caller]
pub(super) fn get(gate: &Gate, target: &str, token: &str) -> Answer {
    ask(gate, "GET", target, &[("Authorization", &bearer(token))])
}

/// Fails unless it is the answer to a token that opens nothing.
#[track_caller]
pub(super) fn is_refused(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 401, "{why}: {answer}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{why}: {answer}");
    let how = answer.header("www-authenticate");
    assert_eq!(how, Some("Bearer error=\"invalid_token\""), "{why}: {answer}");
    assert_eq!(answer.header("location"), None, "{why}: {answer}");
}

/// Asks until the token opens nothing: what others write is learned within half a second.
#[track_caller]
pub(super) fn is_refused_soon(gate: &Gate, token: &str, why: &str) {
    let answer = wait_for(why, || {
        let answer = get(gate, "/orders", token);
        (answer.status != 200).then_some(answer)
    });
    is_refused(&answer, why);
}

/// Header and claims, as anybody can read them.
pub(super) fn parts(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}

/// Signs with the keys of the gate what it would not.
pub(super) fn signed(gate: &Gate, token: &AccessToken<'_>) -> String {
    let keyring = Keyring::new(ServerSecret::new(SECRET).unwrap(), Vec::new());
    let random = Arc::new(SeededRandom::new(9));
    let system = System::new(Arc::clone(&gate.clock) as _, random);
    let wanted = [(KeyUsage::Token, Algorithm::Es256)];
    let store = beside(gate);
    let keys = gate.run(SigningKeys::open(&store, &keyring, &wanted, &system)).unwrap();
    let issuer = Issuer::parse(ISSUER, "/.doorcode").unwrap();
    access_token(&keys, Algorithm::Es256, &issuer, token, gate.clock.now()).unwrap()
}
