//! Doorcode with a few clients, and what their SDKs send to it.
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorcode::domain::{AttemptReference, PhoneNumber};
use doorcode::store::UserStore as _;
use doorcode::system::Clock as _;
use serde_json::{Value, json};

use crate::support::browser::{Browser, Line};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::settings::OTHER;

pub(super) const OTP: &str = "http://auth0.com/oauth/grant-type/passwordless/otp";
pub(super) const WRONG: &str = "Wrong phone number or verification code.";
pub(super) const API: &str = "https://api.example.com";
pub(super) const PAGE: &str = "https://app.example.com";
pub(super) const CALLBACK: &str = "https://app.example.com/callback";
/// Parameters, or header lines.
pub(super) type Pairs<'a> = &'a [(&'a str, &'a str)];

/// The secret of `web`.
pub(super) const SECRET: &str = OTHER;
/// RFC 7636 Appendix B.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(super) const DAY: Duration = Duration::from_hours(24);

pub(super) const CLIENTS: &str = r#"[oauth]
logout_urls = ["https://www.example.com/bye"]
[[client]]
id = "spa"
name = "My SPA"
callbacks = ["https://app.example.com/callback", "https://app.example.com/other?x=1", "https://elsewhere.example.com/callback"]
web_origins = ["https://app.example.com"]
logout_urls = ["https://app.example.com/bye", "https://app.example.com/bye?x=1"]
grants = ["passwordless", "authorization_code", "refresh_token", "implicit"]
audiences = ["https://api.example.com"]
scopes = ["read:orders"]
[[client]]
id = "web"
name = "My server"
type = "confidential"
secret = "env:OTHER"
callbacks = ["https://web.example.com/cb"]
grants = ["passwordless", "authorization_code", "refresh_token", "client_credentials", "ro"]
audiences = ["https://api.example.com"]
scopes = ["read:orders", "write:orders"]
trust_forwarded_for = true
[[client]]
id = "other"
name = "Another"
callbacks = ["https://other.example.com/callback"]
web_origins = ["https://other.example.com"]
[[client]]
id = "bare"
name = "Without texts"
callbacks = ["https://bare.example.com/callback"]
grants = ["authorization_code"]
[[site]]
name = "Down"
"#;

pub(super) struct World {
    pub(super) gate: Gate,
}

impl World {
    pub(super) fn start() -> Self {
        Self::changed(&[])
    }

    pub(super) fn changed(changes: &[(&str, &str)]) -> Self {
        let clients = ("[[site]]\nname = \"Down\"\n", CLIENTS);
        let changes: Vec<_> = [clients].into_iter().chain(changes.iter().copied()).collect();
        Self { gate: Gate::changed(&changes) }
    }

    pub(super) fn issuer(&self) -> String {
        format!("{}/.doorcode/", self.gate.origin)
    }

    /// A request of no browser, byte for byte.
    pub(super) fn ask(&self, method: &str, path: &str, lines: &[Line<'_>], body: &str) -> Answer {
        let port = self.gate.port;
        let length = body.len();
        let lines: String =
            lines.iter().flat_map(|(name, value)| [*name, ": ", *value, "\r\n"]).collect();
        let head = format!("{method} /.doorcode{path} HTTP/1.1\r\nHost: localhost:{port}\r\n");
        self.gate.exchange(&format!("{head}Content-Length: {length}\r\n{lines}\r\n{body}"))
    }

    pub(super) fn get(&self, path: &str, lines: &[Line<'_>]) -> Answer {
        self.ask("GET", path, lines, "")
    }

    pub(super) fn json(&self, path: &str, body: &Value) -> Answer {
        self.json_with(path, &[], body)
    }

    pub(super) fn json_with(&self, path: &str, lines: &[Line<'_>], body: &Value) -> Answer {
        let kind = ("Content-Type", "application/json");
        let lines: Vec<_> = [kind].into_iter().chain(lines.iter().copied()).collect();
        self.ask("POST", path, &lines, &body.to_string())
    }

    pub(super) fn form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.form_with(path, &[], form)
    }

    pub(super) fn form_with(
        &self,
        path: &str,
        lines: &[Line<'_>],
        form: &[(&str, &str)],
    ) -> Answer {
        let kind = ("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8");
        let lines: Vec<_> = [kind].into_iter().chain(lines.iter().copied()).collect();
        self.ask("POST", path, &lines, &encoded(form))
    }

    /// Asks for a code as a client does; the code that was texted.
    #[track_caller]
    pub(super) fn code_for(&self, client: &str, phone: &str) -> String {
        self.attempt_for(client, phone).0
    }

    /// The same, and the reference of the attempt.
    #[track_caller]
    pub(super) fn attempt_for(&self, client: &str, phone: &str) -> (String, String) {
        let before = self.gate.texts.messages().len();
        let mut body = json!({"client_id": client, "connection": "sms", "phone_number": phone});
        if client == "web" {
            body["client_secret"] = json!(SECRET);
        }
        let begun = read(&self.json("/passwordless/start", &body).is(200));
        let text = self.gate.texts.text(before + 1).body;
        let id = AttemptReference::parse(begun["_id"].as_str().expect("an id")).expect("an id");
        (text.split(' ').next().expect("a code").to_owned(), id.in_groups())
    }

    /// What a client hands in for a number and a code.
    pub(super) fn otp(client: &str, phone: &str, code: &str) -> Value {
        let mut body = json!({
            "grant_type": OTP, "client_id": client, "username": phone, "otp": code, "realm": "sms",
        });
        if client == "web" {
            body["client_secret"] = json!(SECRET);
        }
        body
    }

    /// A login without a browser; what it gave.
    #[track_caller]
    pub(super) fn log_in(&self, client: &str, phone: &str, scope: &str) -> Value {
        let code = self.code_for(client, phone);
        let mut body = Self::otp(client, phone, &code);
        body["scope"] = json!(scope);
        read(&self.json("/oauth/token", &body).is(200))
    }

    pub(super) fn refresh(&self, token: &Value) -> Answer {
        let body =
            json!({"grant_type": "refresh_token", "client_id": "spa", "refresh_token": token});
        self.json("/oauth/token", &body)
    }

    pub(super) fn userinfo(&self, token: &Value) -> Answer {
        let token = format!("Bearer {}", token.as_str().expect("a token"));
        self.get("/userinfo", &[("Authorization", &token)])
    }

    /// A browser that is signed in.
    #[track_caller]
    pub(super) fn signed_in(&self, phone: &str) -> Browser {
        let mut browser = self.gate.browser();
        browser.sign_in("/", phone, &self.gate.texts).is(200);
        browser
    }

    /// What an operator does.
    pub(super) fn block(&self, phone: &str, blocked: bool) {
        let phone = PhoneNumber::from_store(phone).expect("a number");
        let store = crate::people::beside(&self.gate);
        let now = self.gate.clock.now();
        self.gate
            .run(store.set_blocked(&phone.into(), blocked, now))
            .expect("written")
            .expect("a user");
    }
}

pub(super) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

pub(super) fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// `/authorize` with these parameters.
pub(super) fn authorize(pairs: &[(&str, &str)]) -> String {
    format!("/.doorcode/authorize?{}", encoded(pairs))
}

/// What `spa` asks for in every good request, each of `changes` made in it; an empty value takes
/// the parameter away.
pub(super) fn asks(changes: &[(&str, &str)]) -> String {
    let usual = [
        ("client_id", "spa"),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("state", "~.-a+/b=&c"),
        ("nonce", "n+1="),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let kept = usual.iter().filter(|(name, _)| !changes.iter().any(|(other, _)| other == name));
    let pairs: Vec<_> =
        kept.chain(changes).copied().filter(|(_, value)| !value.is_empty()).collect();
    authorize(&pairs)
}

/// The value of a parameter that an answer took to the client.
pub(super) fn told(location: &str, name: &str) -> Option<String> {
    let (_, pairs) = location.rsplit_once('#').or_else(|| location.split_once('?'))?;
    let mut pairs = url::form_urlencoded::parse(pairs.as_bytes());
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// The JSON of an answer.
#[track_caller]
pub(super) fn read(answer: &Answer) -> Value {
    assert!(
        answer.header("content-type").unwrap_or_default().starts_with("application/json"),
        "{answer}"
    );
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("no JSON: {answer}"))
}

/// Fails unless the answer is this refusal. `text` is how its description begins.
#[track_caller]
pub(super) fn refused(answer: Answer, status: u16, error: &str, text: &str) {
    let answer = answer.is(status);
    let body = read(&answer);
    assert_eq!(body["error"], error, "{answer}");
    let described = body["error_description"].as_str().unwrap_or_default();
    assert!(described.starts_with(text), "`{text}` does not begin {described}");
    assert_eq!(answer.header("www-authenticate"), None, "it would hide the error from an SDK");
}

/// The claims of a token, unverified.
#[track_caller]
pub(super) fn claims(token: &Value) -> Value {
    let part = token.as_str().and_then(|token| token.split('.').nth(1)).expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}
