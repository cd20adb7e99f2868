//! Requests that pages of other origins make in a person's name.
use crate::support::browser::flow_of;
use crate::support::gate::Gate;
use crate::support::settings::ADA;

#[test]
fn a_page_of_another_origin_cannot_act_for_somebody_who_is_signed_in() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    browser.sign_in("/", ADA, &gate.texts).is(200);
    let before = gate.app.count();
    let own = browser.origin();
    let other_port = format!("http://localhost:{}", gate.admin);
    let other_scheme = own.replace("http:", "https:");
    for origin in ["https://evil.example", "null", "", &other_port, &other_scheme, "x"] {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let lines = [("Origin", origin), ("Sec-Fetch-Site", "cross-site")];
            browser.send(method, "/orders", &lines, Some(&[("a", "b")])).is(403);
        }
    }
    for site in ["cross-site", "same-site"] {
        let lines = [("Origin", ""), ("Sec-Fetch-Site", site)];
        browser.send("POST", "/orders", &lines, Some(&[])).is(403);
    }
    browser.send("POST", "/orders", &[("Origin", &own), ("Origin", "b")], Some(&[])).is(403);
    assert_eq!(gate.app.count(), before);

    browser.post("/orders", &[("a", "b c")]).is(200);
    assert_eq!(gate.app.last().body, b"a=b+c");
    let typed = [("Origin", ""), ("Sec-Fetch-Site", "none")];
    browser.send("POST", "/orders", &typed, Some(&[])).is(200);
    let link = [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")];
    browser.send("GET", "/orders", &link, None).is(200);
}

#[test]
fn a_websocket_of_another_origin_is_not_opened() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    browser.sign_in("/", ADA, &gate.texts).is(200);
    let before = gate.app.count();
    for origin in ["https://evil.example", "null", ""] {
        let lines = [
            ("Connection", "Upgrade"),
            ("Upgrade", "WebSocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-Fetch-Mode", "websocket"),
            ("Origin", origin),
        ];
        browser.send("GET", "/socket", &lines, None).is(403);
    }
    assert_eq!(gate.app.count(), before);
}

#[test]
fn no_other_origin_can_ask_for_a_text_type_a_code_or_sign_out() {
    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/");
    let flow = flow_of(&number);
    let evil = [("Origin", "https://evil.example")];
    let form = [("flow", flow.as_str()), ("phone", ADA), ("code", "123456")];
    for path in ["login", "code", "resend", "sign-out"] {
        let path = format!("/.doorcode/{path}");
        browser.send("POST", &path, &evil, Some(&form)).is(403);
        browser.send("POST", &path, &[("Origin", "null")], Some(&form)).is(403);
        let old_browser =
            [("Origin", ""), ("Sec-Fetch-Site", ""), ("Referer", "https://evil.example/")];
        browser.send("POST", &path, &old_browser, Some(&form)).is(403);
    }
    assert_eq!(gate.texts.requests(), 0);

    browser.sign_in("/", ADA, &gate.texts).is(200);
    browser.send("POST", "/.doorcode/sign-out", &evil, Some(&[])).is(403);
    browser.get("/.doorcode/sign-out").is(200);
    browser.get("/").is(200);
}

#[test]
fn nobody_is_sent_to_another_host_after_a_login() {
    let gate = Gate::start();
    for target in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/%5cevil.example/",
        "/%2f/evil.example/",
        "javascript:alert(1)",
        "/x/../..//evil.example",
        "/\tx",
        "",
    ] {
        let mut browser = gate.browser();
        let query: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
        let begin = format!("/.doorcode/sign-in?return_to={query}");
        browser.sign_in(&begin, ADA, &gate.texts).is(200).says("the app: GET /\n");
    }
}
