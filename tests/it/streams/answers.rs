//! What apps and clients say that the specification lets be ignored, joined or told otherwise.
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::time::Duration;

use super::app::{App, Line};
use super::h2::{End, Frames, ON, get};
use crate::support::gate::Gate;
use crate::support::http::{Answer, Wire, exchange};

const NAME: &str = "name = \"Down\"\n";
/// Longer than an app takes for an answer on a busy machine.
const TIMEOUT: (&str, &str) = (NAME, "name = \"Down\"\ntimeout = \"4s\"\n");

/// An app that says two events, and nothing for longer than it is waited for in between.
fn events() -> App {
    App::start(|line| {
        let Some(head) = line.head() else { return };
        if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            line.skip_chunks();
        }
        let kind = "Text/Event-Stream; charset=utf-8";
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\ndata: 1\n\n");
        line.say(head.as_bytes()).expect("said");
        std::thread::sleep(Duration::from_secs(7));
        line.say(b"data: 2\n\n").expect("said");
    })
}

#[test]
fn an_event_stream_that_was_not_asked_for_by_name_may_be_silent_too() {
    let app = events();
    let gate = app.gate(&[TIMEOUT, ON]);
    let lines = [("Accept", "*/*"), ("Sec-Fetch-Mode", "cors")];
    let chunked = [lines[0], lines[1], ("Transfer-Encoding", "chunked")];
    let post = [gate.browser().request("POST", "/down/x", &chunked, None), b"0\r\n\r\n".to_vec()];
    for request in [gate.browser().request("GET", "/down/x", &lines, None), post.concat()] {
        exchange(gate.port, &request).is(200).says("data: 1\n\ndata: 2\n\n");
    }
    let host = gate.browser().authority;
    for method in ["GET", "POST"] {
        let mut request = get(&host, "/down/x");
        request[0] = (":method", method);
        let end = Frames::to(gate.port).ask(1, &request);
        assert_eq!(end, End::Answer(true, "data: 1\n\ndata: 2\n\n".to_owned()), "{method}");
    }
}

#[test]
fn a_wish_for_another_protocol_is_ignored_with_a_body_too() {
    let gate = Gate::start();
    let host = gate.browser().authority;
    for wish in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n",
        "Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c, TLS/1.3, websocket\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n",
        "Upgrade: IRC/6.9\r\n",
        "Upgrade: \r\n",
    ] {
        for (framing, body) in [
            ("Content-Length: 3\r\n", "a=b"),
            ("Transfer-Encoding: chunked\r\n", "3\r\na=b\r\n0\r\n\r\n"),
        ] {
            let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
            let head = format!("HTTP/1.1\r\nHost: {host}\r\n{wish}{kind}{framing}\r\n{body}");
            gate.exchange(&format!("POST /public/x {head}")).is(200);
            let seen = gate.app.last();
            assert_eq!(seen.body, b"a=b", "{wish}{framing}");
            assert_eq!((seen.header("upgrade"), seen.header("http2-settings")), (None, None));
            // One of our own paths, as Java's HTTP client asks for a token.
            let answer = gate.exchange(&format!("POST /.doorcode/oauth/token {head}"));
            assert!(answer.text().contains("\"error\""), "{wish}{framing}: {answer}");
            assert!(!answer.text().contains("bad_request"), "{wish}{framing}: {answer}");
        }
        gate.exchange(&format!("GET /public/y HTTP/1.1\r\nHost: {host}\r\n{wish}\r\n")).is(200);
    }
    // A websocket has no body.
    let socket = "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n";
    gate.exchange(&format!("POST /public/x HTTP/1.1\r\nHost: {host}\r\n{socket}\r\na=b")).is(400);
}

/// What a client gets of an app's answer, and the line that it begins with.
fn passed_on(answer: &'static str) -> (String, Answer) {
    let app = App::start(move |line: &mut Line| {
        while line.head().is_some() && line.say(answer.as_bytes()).is_ok() {
            if answer.contains("close") || answer.starts_with("HTTP/1.0") {
                return;
            }
        }
    });
    let gate = app.gate(&[]);
    let request = gate.browser().request("GET", "/down/x", &[], None);
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, gate.port)).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    stream.write_all(&request).expect("sent");
    let mut begin = [0; 8];
    stream.read_exact(&mut begin).expect("an answer");
    (String::from_utf8_lossy(&begin).into_owned(), exchange(gate.port, &request))
}

#[test]
fn what_an_app_says_twice_or_by_an_older_version_is_said_once_and_by_ours() {
    for (answer, status, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", 200, "ok"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nConnection: close\r\n\r\nok", 200, "ok"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 02\r\nConnection: close\r\n\r\nok", 200, "ok"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\nConnection: close\r\n\r\nok", 502, ""),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok", 200, "ok"),
        ("HTTP/1.1 204 No Content\r\nTransfer-Encoding: identity\r\n\r\n", 204, ""),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok"),
        ("HTTP/1.0 404 Not Found\r\n\r\nok", 404, "ok"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nConnection: close\r\n\r\nok",
            200,
            "ok",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\
             Connection: close\r\n\r\nok",
            200,
            "ok",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
             2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n",
            200,
            "ok",
        ),
        // Its end cannot be told: better no answer than one that hangs.
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok", 502, ""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\nok", 502, ""),
    ] {
        let (version, passed) = passed_on(answer);
        assert_eq!((version.as_str(), passed.status), ("HTTP/1.1", status), "{answer}: {passed}");
        assert!(passed.text().contains(body), "{answer}: {passed}");
        let lengths = passed.all("content-length");
        let is_plain = |length: &&str| length.parse() == Ok(passed.body.len());
        assert!(lengths.len() < 2 && lengths.iter().all(is_plain), "{answer}: {passed}");
        assert_eq!(passed.header("trailer"), None, "{answer}: {passed}");
        assert_ne!(passed.header("transfer-encoding"), Some("identity"), "{answer}: {passed}");
    }
}

#[test]
fn an_http_1_0_client_gets_no_informational_answer() {
    let app = App::start(|line| {
        while line.head().is_some() {
            let early =
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
            line.say(early.as_bytes()).expect("said");
            line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").expect("said");
        }
    });
    let gate = app.gate(&[]);
    let host = gate.browser().authority;
    let expects = "Expect: 100-continue\r\nContent-Length: 3\r\n";
    for (path, version, fields, body) in [
        ("/down/x", "1.0", "", ""),
        ("/down/x", "1.0", expects, "a=b"),
        ("/.doorcode/oauth/token", "1.0", expects, "a=b"),
        ("/down/x", "1.1", "Connection: close\r\n", ""),
    ] {
        let request = format!("POST {path} HTTP/{version}\r\nHost: {host}\r\n{fields}\r\n{body}");
        let mut stream =
            TcpStream::connect((Ipv4Addr::LOCALHOST, gate.port)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let informed = answer.contains(" 103 ") || answer.contains(" 100 ");
        assert_eq!(informed, version == "1.1", "{path} {fields}: {answer}");
        assert!(answer.contains("\r\n\r\n"), "{path} {fields}: {answer}");
    }
    assert!(!app.heads().concat().to_lowercase().contains("expect"), "{:?}", app.heads());
}

#[test]
fn a_client_that_closes_its_side_gets_all_of_an_answer_that_goes_on() {
    let app = App::start(|line| {
        while line.head().is_some() {
            line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n").expect("said");
            for part in [b"a", b"b", b"c", b"d"] {
                line.say(part).expect("said");
                std::thread::sleep(Duration::from_millis(2500));
            }
        }
    });
    let gate = app.gate(&[]);
    let request = gate.browser().request("GET", "/down/x", &[], None);
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, gate.port)).expect("connected");
    stream.write_all(&request).expect("sent");
    stream.shutdown(Shutdown::Write).expect("closed");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("an answer");
    assert!(said.ends_with("\r\n\r\nabcd"), "{said}");
}

#[test]
fn a_client_that_closes_its_side_gets_its_answer() {
    let gate = Gate::start();
    let host = gate.browser().authority;
    gate.app.slows("/public/slow", Duration::from_millis(500));
    for request in [
        format!("GET /public/x HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET /public/slow HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("POST /public/slow HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\n\r\na=b"),
        format!("GET /.doorcode/login HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    ] {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, gate.port)).expect("connected");
        stream.write_all(request.as_bytes()).expect("sent");
        stream.shutdown(Shutdown::Write).expect("closed");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a limit");
        let mut answer = String::new();
        // Nothing more is waited for: the connection is closed after the answer.
        stream.read_to_string(&mut answer).expect("an answer and the end");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{request}: {answer}");
    }
    // A body that its client stopped in is none.
    let before = gate.app.count();
    let mut wire = Wire::to(gate.port);
    let part = format!("POST /public/x HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9\r\n\r\na=b");
    wire.send(part.as_bytes()).expect("sent");
    drop(wire);
    gate.exchange(&format!("GET /public/y HTTP/1.1\r\nHost: {host}\r\n\r\n")).is(200);
    assert_eq!(gate.app.count(), before + 1);
}
