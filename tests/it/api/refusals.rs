//! What the log says of applications that were refused: why, and nothing that they sent in secret.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::world::{CALLBACK, CLIENTS, OTP, PAGE, Pairs, VERIFIER, asks, encoded, read, told};
use crate::support::browser::Browser;
use crate::support::http::{Answer, exchange, storm};
use crate::support::metrics::scraped;
use crate::support::program::Program;
use crate::support::settings::BOB;

/// What must never be logged, and is sent wherever it fits.
const WRONG_SECRET: &str = "not-the-secret-of-web";
const WRONG_CODE: &str = "835219";
const LOST: &str = "refresh-token-that-nobody-gave";
const FOREIGN: &str = "https://evil.example";

struct World {
    program: Program,
    browser: Browser,
    seen: usize,
}

impl World {
    fn start() -> Self {
        let json = ("[server]\n", "[log]\nformat = \"json\"\n[server]\n");
        let clients = ("[[site]]\nname = \"Down\"\n", CLIENTS);
        let program = Program::changed("info", &[json, clients]);
        let mut browser = program.browser();
        browser.sign_in("/", BOB, &program.texts).is(200);
        Self { program, browser, seen: 0 }
    }

    fn ask(&self, method: &str, path: &str, lines: Pairs<'_>, body: &str) -> Answer {
        exchange(self.program.port, &self.request(method, path, lines, body))
    }

    fn request(&self, method: &str, path: &str, lines: Pairs<'_>, body: &str) -> Vec<u8> {
        let (port, length) = (self.program.port, body.len());
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\n");
        for (name, value) in lines {
            head.extend([name, ": ", value, "\r\n"]);
        }
        format!("{head}Content-Length: {length}\r\n\r\n{body}").into_bytes()
    }

    fn post(&self, path: &str, origin: &str, body: &Value) -> Answer {
        let kind = ("Content-Type", "application/json");
        let lines = [kind, ("Origin", origin)];
        let lines = if origin.is_empty() { &lines[..1] } else { &lines };
        self.ask("POST", &format!("/.doorcode{path}"), lines, &body.to_string())
    }

    fn token(&self, body: &Value) -> Answer {
        self.post("/oauth/token", "", body)
    }

    fn metrics(&self) -> String {
        scraped(self.program.admin).text()
    }

    fn refusals(&self) -> Vec<Value> {
        let log = self.program.printed_to("err");
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines.filter(|line| line["message"] == "client refused").collect()
    }

    /// To the site, in vain.
    #[track_caller]
    fn brings(&self, token: &str) {
        let bearer = format!("Bearer {token}");
        self.ask("GET", "/orders", &[("Authorization", &bearer)], "").is(401);
    }

    /// Fails unless one line more says this, and of which request.
    #[track_caller]
    fn is_told(&mut self, client: &str, at: &str, error: &str, (why, named): (&str, &str)) {
        let all = self.refusals();
        assert_eq!(all.len(), self.seen + 1, "{why}: {:#?}", &all[self.seen..]);
        self.seen = all.len();
        let line = all.last().expect("a line");
        let text = |name: &str| line[name].as_str().unwrap_or_default();
        assert_eq!([text("client_id"), text("at"), text("error")], [client, at, error], "{line}");
        assert!(text("why").contains(why), "{line}");
        assert_eq!(text("named"), named, "{line}");
        assert_eq!(text("level"), "INFO");
        assert!(line["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{line}");
    }
}

fn otp(changes: &[(&str, &str)]) -> Value {
    let mut body = json!({
        "grant_type": OTP, "client_id": "spa", "username": BOB, "otp": WRONG_CODE, "realm": "sms",
    });
    for (name, value) in changes {
        body[*name] = json!(value);
    }
    body
}

#[test]
fn each_refusal_of_an_endpoint_is_one_line_that_says_why() {
    let mut world = World::start();
    world.token(&otp(&[("client_id", "+12025550177")])).is(401);
    world.is_told("", "/oauth/token", "access_denied", ("no such client_id", ""));
    for secret in [("client_secret", WRONG_SECRET), ("x", "y")] {
        world.token(&otp(&[("client_id", "web"), secret])).is(401);
        let why = if secret.0 == "x" { "did not show its secret" } else { "secret of the client" };
        world.is_told("web", "/oauth/token", "access_denied", (why, ""));
    }
    world.post("/oauth/revoke", "", &json!({"client_id": "none", "token": LOST})).is(401);
    world.is_told("", "/oauth/revoke", "invalid_client", ("no such client_id", ""));
    let api = "https://user:hunter2@wrong.example.com/v1?key=hunter3#hunter4";
    world.token(&otp(&[("audience", api)])).is(403);
    let audience = ("the audience is none", "https://…@wrong.example.com/v1?key=…#…");
    world.is_told("spa", "/oauth/token", "access_denied", audience);
    world.token(&otp(&[("realm", "hunter5")])).is(400);
    world.is_told("spa", "/oauth/token", "invalid_request", ("realm", ""));
    world.token(&otp(&[("grant_type", "hunter6")])).is(403);
    world.is_told("spa", "/oauth/token", "unsupported_grant_type", ("no such grant_type", ""));

    let mut typed = json!({
        "client_id": "spa", "credential_type": OTP, "username": BOB, "otp": WRONG_CODE,
        "realm": "sms",
    });
    world.post("/co/authenticate", FOREIGN, &typed).is(403);
    let foreign = ("the origin is none", FOREIGN);
    world.is_told("spa", "/co/authenticate", "access_denied", foreign);
    typed["client_id"] = json!("none");
    world.post("/co/authenticate", PAGE, &typed).is(401);
    world.is_told("", "/co/authenticate", "unauthorized_client", ("no such client_id", ""));
    for path in ["/widget/start", "/widget/resend", "/widget/verify"] {
        let body = json!({"client_id": "spa", "phone": BOB, "code": WRONG_CODE});
        world.post(path, FOREIGN, &body).is(403);
        world.is_told("spa", path, "access_denied", foreign);
    }
    let bearer = format!("Bearer {LOST}");
    world.ask("GET", "/.doorcode/userinfo", &[("Authorization", &bearer)], "").is(401);
    world.is_told("", "/userinfo", "invalid_token", ("the access token is missing", ""));
    let log = world.program.printed();
    for hidden in [WRONG_SECRET, WRONG_CODE, LOST, "hunter", &BOB[1..], "12025550177"] {
        assert!(!log.contains(hidden), "`{hidden}` is in {log}");
    }
}

#[test]
fn a_code_and_a_refresh_token_that_come_twice_are_told_and_what_they_were_is_not() {
    let mut world = World::start();
    let mut code = || {
        let answer = world.browser.get(&asks(&[("scope", "openid offline_access")])).is(303);
        told(answer.location(), "code").expect("a code")
    };
    let (code, other) = (code(), code());
    let hand_in = |code: &str| {
        json!({
            "grant_type": "authorization_code", "client_id": "spa", "code": code,
            "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
        })
    };
    let given = read(&world.token(&hand_in(&code)).is(200));
    let refresh = |token: &Value| json!({"grant_type": "refresh_token", "client_id": "spa", "refresh_token": token});
    let newer = read(&world.token(&refresh(&given["refresh_token"])).is(200));
    // The one before may come again for a moment, but not the one before that.
    let newer = read(&world.token(&refresh(&newer["refresh_token"])).is(200));
    world.token(&refresh(&given["refresh_token"])).is(403);
    let twice = ("the refresh token came twice", "");
    world.is_told("spa", "/oauth/token", "invalid_grant", twice);
    world.token(&refresh(&newer["refresh_token"])).is(403);
    world.is_told("spa", "/oauth/token", "invalid_grant", ("was revoked", ""));
    world.token(&refresh(&json!(LOST))).is(403);
    world.is_told("spa", "/oauth/token", "invalid_grant", ("Unknown or invalid", ""));
    world.token(&hand_in(&other)).is(200);
    for _ in 0..2 {
        world.token(&hand_in(&other)).is(403);
        world.is_told("spa", "/oauth/token", "invalid_grant", ("the code came twice", ""));
    }

    world.brings(given["access_token"].as_str().expect("a token"));
    world.is_told("", "Shop", "invalid_token", ("another site", ""));
    let issuer = format!("http://localhost:{}/.doorcode/", world.program.port);
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let forged =
        format!("{}.{}.hunter2", part(json!({"alg": "none"})), part(json!({"iss": issuer})));
    world.brings(&forged);
    world.is_told("", "Shop", "invalid_token", ("the token ", ""));

    let log = world.program.printed();
    let texts = [&given, &newer].into_iter().flat_map(|given| {
        ["refresh_token", "access_token", "id_token"].map(|name| given[name].as_str())
    });
    for hidden in texts.flatten().chain([code.as_str(), LOST, &forged, VERIFIER, &BOB[1..]]) {
        assert!(!log.contains(hidden), "`{hidden}` is in {log}");
    }
    let numbers = world.metrics();
    for series in [
        "tokens_given_total{client=\"spa\",grant=\"authorization_code\"} 2",
        "tokens_given_total{client=\"spa\",grant=\"refresh_token\"} 2",
        "tokens_given_total{client=\"spa\",grant=\"passwordless\"} 0",
        "grants_revoked_total{why=\"reused\"} 2",
        "grants_revoked_total{why=\"asked\"} 0",
    ] {
        assert!(numbers.contains(&format!("doorcode_{series}\n")), "no {series} in {numbers}");
    }
    for (message, times) in [
        ("tokens issued", 4),
        ("a refresh token was used twice", 1),
        ("an authorization code was used twice", 1),
    ] {
        assert_eq!(log.matches(message).count(), times, "{message}: {log}");
    }
}

#[test]
fn what_is_named_holds_no_number_code_or_token() {
    let mut world = World::start();
    let (number, code) = (&BOB[1..], "847261");
    for (asked, named) in [
        (BOB.to_owned(), "…"),
        (code.to_owned(), "…"),
        (LOST.to_owned(), "…"),
        ("orders-api".to_owned(), "orders-api"),
        (format!("https://app.example.com/out/+{number}/x"), "https://app.example.com/out/…/x"),
        (format!("https://app.example.com/cb%3Fcode%3D{code}"), "https://app.example.com/…"),
        (format!("https://app.example.com/cb;code={LOST}"), "https://app.example.com/…"),
        (format!("https://{number}.example.com:8443/"), "https://….example.com:8443/"),
        (format!("com.example.app:/cb&code={LOST}"), "…"),
    ] {
        world.token(&otp(&[("audience", &asked)])).is(403);
        let why = ("the audience is none of the client's", named);
        world.is_told("spa", "/oauth/token", "access_denied", why);
    }
    let log = world.program.printed();
    assert!(!log.contains(LOST), "{log}");
    // As a word: six digits may be a part of a random id.
    let words: Vec<&str> = log.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    for hidden in [number, code] {
        assert!(!words.contains(&hidden), "`{hidden}` is in {log}");
    }
}

#[test]
fn a_page_that_may_not_read_the_answer_is_told_to_the_operator() {
    let mut world = World::start();
    let foreign = ("none of the client's origins", FOREIGN);
    let target = "/.doorcode/passwordless/start";
    world.ask("OPTIONS", target, &[("Origin", FOREIGN)], "").is(204);
    world.is_told("", "/passwordless/start", "foreign_origin", foreign);
    let body = json!({"client_id": "spa", "connection": "sms", "phone_number": BOB});
    world.post("/passwordless/start", FOREIGN, &body).is(403);
    world.is_told("spa", "/passwordless/start", "access_denied", foreign);
    let hidden = ("does not name its origin", "");
    world.post("/passwordless/start", "null", &body).is(403);
    world.is_told("spa", "/passwordless/start", "access_denied", hidden);
    world.ask("OPTIONS", target, &[("Origin", PAGE)], "").is(204);
    world.post("/oauth/token", PAGE, &otp(&[("realm", "x")])).is(400);
    world.is_told("spa", "/oauth/token", "invalid_request", ("realm", ""));
}

#[test]
fn what_a_page_tells_a_person_the_log_tells_the_operator() {
    let mut world = World::start();
    let to = "https://app.example.com/callback2?code=hunter2#hunter3";
    let logout = |path: &str, pairs: Pairs<'_>| format!("/.doorcode{path}?{}", encoded(pairs));
    let shown = "https://app.example.com/callback2?code=…#…";
    let listed = |why| (why, shown);
    let pages = [
        (asks(&[("client_id", "hunter4")]), "/authorize", "", ("no such client_id", CALLBACK)),
        (asks(&[("redirect_uri", to)]), "/authorize", "spa", listed("redirect_uri is none")),
        (logout("/v2/logout", &[("returnTo", to)]), "/v2/logout", "", listed("returnTo is none")),
        (
            logout("/v2/logout", &[("returnTo", to), ("client_id", "spa")]),
            "/v2/logout",
            "spa",
            listed("returnTo is none"),
        ),
        (
            logout("/oidc/logout", &[("post_logout_redirect_uri", to), ("client_id", "spa")]),
            "/oidc/logout",
            "spa",
            listed("post_logout_redirect_uri is none"),
        ),
        (
            logout("/oidc/logout", &[("id_token_hint", "hunter5")]),
            "/oidc/logout",
            "",
            ("id_token_hint is no ID token", ""),
        ),
    ];
    for (target, at, client, why) in pages {
        world.browser.get(&target).is(400);
        world.is_told(client, at, "invalid_request", why);
    }
    let redirected: [(Pairs<'_>, _, _); 3] = [
        (
            &[("audience", "https://wrong.example.com/?hunter6")],
            "access_denied",
            ("the audience is none", "https://wrong.example.com/?…"),
        ),
        (&[("response_type", "hunter7")], "unsupported_response_type", ("response_type", "")),
        (&[("login_ticket", "hunter8")], "access_denied", ("login ticket", "")),
    ];
    for (changes, error, why) in redirected {
        world.browser.get(&asks(changes)).is(303);
        world.is_told("spa", "/authorize", error, why);
    }
    // Nobody is signed in, and the client wants no page: the usual answer, and no fault.
    world.program.browser().get(&asks(&[("prompt", "none")])).is(303);
    assert_eq!(world.refusals().len(), world.seen);
    let log = world.program.printed();
    assert!(!log.contains("hunter"), "{log}");
}

#[test]
fn what_keeps_a_url_from_being_one_of_the_clients_is_told() {
    let mut world = World::start();
    let (bye, query) = ("https://app.example.com/bye", "the query");
    let number = format!("+{}=1", &BOB[1..]);
    for (url, named, differs) in [
        // As python-social-auth sends it.
        (format!("{CALLBACK}?redirect_state=hunter1"), "?redirect_state=…", query),
        (format!("{CALLBACK}?{number}"), "?…", query),
        (format!("{CALLBACK}?aHVudGVyMg=="), "?…", query),
        (format!("{CALLBACK}#hunter3"), "#…", "the fragment"),
        (format!("{CALLBACK}/"), "", "the slash at the end"),
        (format!("{CALLBACK}/{WRONG_CODE}"), "", "the path"),
        (CALLBACK.replace("/c", "/C"), "", "upper and lower case"),
        (CALLBACK.replace("https", "http"), "", "the scheme"),
        (format!("{bye}?x=2"), "?x=…", query),
        (bye.replace("app", "www"), "", "the host"),
    ] {
        let out = [("returnTo", url.as_str()), ("client_id", "spa")];
        let (target, at, why) = if url.contains("/bye") {
            (format!("/.doorcode/v2/logout?{}", encoded(&out)), "/v2/logout", "returnTo is none")
        } else {
            (asks(&[("redirect_uri", &url)]), "/authorize", "redirect_uri is none")
        };
        let shown = match url.find(['?', '#']) {
            Some(end) => format!("{}{named}", &url[..end]),
            None => url.replace(WRONG_CODE, "…"),
        };
        world.browser.get(&target).is(400);
        world.is_told("spa", at, "invalid_request", (why, &shown));
        assert_eq!(world.refusals().last().expect("a line")["differs"], differs, "{target}");
    }
    let log = world.program.printed();
    for hidden in ["hunter", "aHVudGVyMg", WRONG_CODE, &BOB[1..]] {
        assert!(!log.contains(hidden), "`{hidden}` is in {log}");
    }
}

#[test]
fn a_code_that_comes_with_another_callback_is_told_with_what_differs() {
    let mut world = World::start();
    let answer = world.browser.get(&asks(&[])).is(303);
    let code = told(answer.location(), "code").expect("a code");
    let body = json!({
        "grant_type": "authorization_code", "client_id": "spa", "code": code,
        "redirect_uri": format!("{CALLBACK}?x=hunter1"), "code_verifier": VERIFIER,
    });
    world.token(&body).is(403);
    let named = format!("{CALLBACK}?x=…");
    let why = ("redirect_uri is not that of /authorize", named.as_str());
    world.is_told("spa", "/oauth/token", "invalid_grant", why);
    assert_eq!(world.refusals().last().expect("a line")["differs"], "the query");
}

#[test]
fn a_flood_of_refusals_is_counted_whole_and_logged_in_part() {
    let mut world = World::start();
    // All at once: so many lines are written in a minute, which is real.
    let json = [("Content-Type", "application/json")];
    let requests = (0..100).map(|n| {
        let body = otp(&[("client_id", &format!("nobody-{n}"))]).to_string();
        world.request("POST", "/.doorcode/oauth/token", &json, &body)
    });
    for answer in storm(world.program.port, &requests.collect::<Vec<_>>()) {
        answer.is(401);
    }
    assert_eq!(world.refusals().len(), 60);
    world.seen = 60;
    world.token(&otp(&[("client_id", "web")])).is(401);
    world.is_told("web", "/oauth/token", "access_denied", ("did not show", ""));

    let numbers = world.metrics();
    for (client, error, count) in
        [("", "access_denied", 100), ("web", "access_denied", 1), ("spa", "invalid_grant", 0)]
    {
        let series = "doorcode_clients_refused_total";
        let line = format!("{series}{{client=\"{client}\",error=\"{error}\"}} {count}\n");
        assert!(numbers.contains(&line), "no {line} in {numbers}");
    }
    assert!(!numbers.contains("nobody"), "{numbers}");
}
