use crate::support::gate::Gate;
use crate::support::http::Answer;

const SHOP: &str = "https://shop.example.com";
const YEAR: Option<&str> = Some("max-age=31536000");

/// What a host is said to be, by path.
#[track_caller]
fn said(gate: &Gate, host: &str, path: &str) -> Option<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n");
    let answer: Answer = gate.exchange(&request);
    answer.header("strict-transport-security").map(str::to_owned)
}

#[test]
fn a_host_with_https_is_said_to_have_nothing_else_whatever_is_answered() {
    let gate = Gate::at(Some(SHOP), &[]);
    gate.app.adds("/public/own", &["Strict-Transport-Security: max-age=9; includeSubDomains"]);
    for path in ["/public/x", "/orders", "/down/x", "/.doorcode/me", "/.doorcode/x", "/x/%2e%2e/"] {
        let expected = if path == "/x/%2e%2e/" { None } else { YEAR };
        assert_eq!(said(&gate, "shop.example.com", path).as_deref(), expected, "{path}");
    }
    let own = said(&gate, "shop.example.com", "/public/own");
    assert_eq!(own.as_deref(), Some("max-age=9; includeSubDomains"), "the app may know better");
    assert_eq!(said(&gate, "other.example.com", "/"), None, "not ours to say");

    let plain = Gate::start();
    let host = plain.browser().authority;
    for path in ["/public/x", "/orders", "/.doorcode/me"] {
        assert_eq!(said(&plain, &host, path), None, "{path} came by plain http");
    }
}

#[test]
fn each_site_and_the_login_pages_have_their_own_word() {
    let gate = Gate::at(
        Some(SHOP),
        &[
            ("https://shop.example.com/.doorcode", "https://auth.example.com"),
            ("[server]\n", "[server]\nhsts = \"2d\"\n"),
            ("name = \"Down\"\n", "name = \"Down\"\nhsts = \"off\"\n"),
            ("name = \"Shop\"\n", "name = \"Shop\"\nhsts = \"0s\"\n"),
        ],
    );
    for (host, path, expected) in [
        ("auth.example.com", "/login", Some("max-age=172800")),
        ("auth.example.com", "/assets/nothing", Some("max-age=172800")),
        ("shop.example.com", "/public/x", Some("max-age=0")),
        ("shop.example.com", "/.doorcode/me", Some("max-age=0")),
        ("shop.example.com", "/down/x", None),
    ] {
        assert_eq!(said(&gate, host, path).as_deref(), expected, "{host}{path}");
    }
}
