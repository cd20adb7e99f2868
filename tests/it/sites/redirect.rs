//! Plain http beside https, which leads there and nowhere else.
use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Answer, Wire, exchange};
use crate::support::ports::free_port;

const SHOP: &str = "https://shop.example.com";

fn gate(more: &str) -> (Gate, u16) {
    gate_beside("https://down.example.com:8443", more)
}

/// `down`: where the second site is.
fn gate_beside(down: &str, more: &str) -> (Gate, u16) {
    let port = free_port();
    let server = format!("[server]\nredirect_listen = [\"127.0.0.1:{port}\"]\n{more}");
    let changes = [
        ("[server]\n", server.as_str()),
        ("https://shop.example.com/.doorcode", "https://auth.example.com"),
        ("https://shop.example.com/down", down),
    ];
    let gate = Gate::at(Some(SHOP), &changes);
    wait_for("a listener", || Wire::try_to(port).ok());
    (gate, port)
}

fn ask(port: u16, line: &str, host: &str) -> Answer {
    exchange(port, format!("{line} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
}

#[test]
fn a_page_of_a_site_is_found_by_https() {
    let (gate, port) = gate("");
    for (line, host, location) in [
        ("GET /", "shop.example.com", "https://shop.example.com/"),
        ("GET /a/b?c=d&e", "shop.example.com", "https://shop.example.com/a/b?c=d&e"),
        ("GET /a", "SHOP.example.com:80", "https://shop.example.com/a"),
        ("GET /a", "shop.example.com:8080", "https://shop.example.com/a"),
        ("POST /a", "shop.example.com", "https://shop.example.com/a"),
        ("GET /x", "down.example.com", "https://down.example.com:8443/x"),
        ("GET //evil.example/x", "shop.example.com", "https://shop.example.com//evil.example/x"),
        ("GET /%2e%2e/@evil", "shop.example.com", "https://shop.example.com/%2e%2e/@evil"),
        ("GET http://shop.example.com/a", "shop.example.com", "https://shop.example.com/a"),
        ("GET http://shop.example.com", "shop.example.com", "https://shop.example.com/"),
        ("GET /login", "auth.example.com", "https://auth.example.com/login"),
        ("GET /.doorcode/login", "shop.example.com", "https://shop.example.com/.doorcode/login"),
    ] {
        let answer = ask(port, line, host).is(308);
        assert_eq!(answer.location(), location, "{line} {host}");
        assert_eq!(answer.header("strict-transport-security"), None, "not over http");
        assert_eq!(answer.header("connection"), Some("close"));
    }
    assert_eq!(gate.app.count(), 0);
}

#[test]
fn it_leads_to_no_other_host() {
    let (gate, port) = gate("");
    for host in ["evil.example", "shop.example.com.evil.example", "localhost"] {
        let answer = ask(port, "GET /", host).is(404);
        assert_eq!(answer.header("location"), None, "{host}");
    }
    for head in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: \r\n\r\n",
        "GET / HTTP/1.1\r\nHost: evil.example@shop.example.com\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: shop.example.com\r\nHost: a\r\n\r\n",
        "GET http://evil.example/ HTTP/1.1\r\nHost: shop.example.com\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: shop.example.com\r\n\r\n",
        "\u{16}\u{3}\u{1}\r\n\r\n",
    ] {
        let mut wire = Wire::to(port);
        wire.send(head.as_bytes()).expect("sent");
        // What cannot be read at all is not answered.
        let led = wire.answer(false).is_ok_and(|answer| answer.status != 400);
        assert!(!led, "{head}");
    }
    // What is no path never follows the host.
    for target in [".evil.example/", "@evil.example/", ":80@evil.example/", "evil.example:80"] {
        let answer = ask(port, &format!("GET {target}"), "shop.example.com");
        let location = answer.header("location");
        assert!(location.is_none_or(|to| to == format!("{SHOP}/")), "{target}: {answer}");
    }
    assert_eq!(gate.app.count(), 0);
}

#[test]
fn of_several_ports_the_usual_one_is_led_to_and_plain_http_is_not() {
    let (_gate, port) = gate_beside("https://shop.example.com:8443/down", "");
    for path in ["/a", "/down/a"] {
        let answer = ask(port, &format!("GET {path}"), "shop.example.com").is(308);
        assert_eq!(answer.location(), format!("{SHOP}{path}"));
    }
    let (_gate, port) = gate_beside("http://localhost:8081", "");
    assert_eq!(ask(port, "GET /a", "localhost").is(404).header("location"), None);
}

#[test]
fn a_balancer_may_be_before_it() {
    let (_gate, port) = gate("proxy_protocol_from = [\"127.0.0.1\"]\n");
    let mut wire = Wire::to(port);
    let header = "PROXY TCP4 203.0.113.9 10.0.0.1 4000 80\r\n";
    let request = format!("{header}GET /a HTTP/1.1\r\nHost: shop.example.com\r\n\r\n");
    wire.send(request.as_bytes()).expect("sent");
    assert_eq!(
        wire.answer(false).expect("an answer").is(308).location(),
        "https://shop.example.com/a"
    );
}
