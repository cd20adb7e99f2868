//! What an app's answers and a visitor's requests lose on their way.
use crate::support::gate::Gate;
use crate::support::http::Wire;
use crate::support::settings::ADA;

#[test]
fn an_answer_without_a_body_tells_no_length_of_one() {
    let gate = Gate::start();
    let browser = gate.browser();
    for (path, line) in
        [("/public/a", "Content-Length: 0"), ("/public/b", "Transfer-Encoding: chunked")]
    {
        gate.app.answers(path, &format!("HTTP/1.1 204 No Content\r\n{line}\r\nX-Mine: 1\r\n\r\n"));
        let mut wire = Wire::to(gate.port);
        for _ in 0..2 {
            wire.send(&browser.request("GET", path, &[], None)).unwrap();
            let answer = wire.answer(false).unwrap().is(204);
            assert_eq!(answer.header("content-length"), None, "{answer}");
            assert_eq!(answer.header("transfer-encoding"), None, "{answer}");
            assert_eq!(answer.header("x-mine"), Some("1"), "{answer}");
        }
    }
}

#[test]
fn an_app_that_switches_protocols_unasked_is_not_followed() {
    let gate = Gate::start();
    let switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                    Upgrade: websocket\r\n\r\nsecret bytes";
    gate.app.answers("/public/switch", switched);
    for method in ["GET", "POST"] {
        let page = gate.browser().send(method, "/public/switch", &[], Some(&[])).is(502);
        page.never_says("secret bytes");
    }
    gate.browser().get("/public/x").is(200);
}

#[test]
fn where_rules_ask_for_methods_a_request_has_its_own_and_no_other() {
    let only_get = ("path = \"/public/*\"", "path = \"/public/*\"\nmethods = [\"GET\"]");
    let (strict, open) = (Gate::changed(&[only_get]), Gate::start());
    for name in [
        "X-HTTP-Method-Override",
        "x_http_method_override",
        "X-Http.Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
    ] {
        for (gate, kept) in [(&strict, false), (&open, true)] {
            let before = gate.app.count();
            gate.browser().send("GET", "/public/x", &[(name, "DELETE")], None).is(200);
            assert_eq!(gate.app.count(), before + 1);
            let seen = gate.app.last();
            assert_eq!(seen.method, "GET");
            assert_eq!(seen.header(name).is_some(), kept, "{name}: {seen:?}");
        }
    }
    let before = strict.app.count();
    strict.browser().send("DELETE", "/public/x", &[], Some(&[])).is(303);
    assert_eq!(strict.app.count(), before);
    let mut ada = strict.browser();
    ada.sign_in("/", ADA, &strict.texts).is(200);
    ada.send("GET", "/orders", &[("X-HTTP-Method-Override", "DELETE")], None).is(200);
    assert_eq!(strict.app.last().header("x-http-method-override"), None, "whoever asks");
}
