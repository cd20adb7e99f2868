//! Requests that two servers could take apart differently: none is hidden in another, whatever is
//! answered. What counts is what the app has read.
use std::time::Duration;

use super::app::{App, Line};
use super::h2::{DATA, END_HEADERS, END_STREAM, End, Frames, HEADERS, ON, fields, frame, get};
use super::websockets::SWITCHED;
use crate::support::gate::Gate;
use crate::support::http::Wire;

/// Reads requests as a server does that knows lengths and chunks, and no more.
fn read(line: &mut Line) {
    while let Some(head) = line.head() {
        let head = head.to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap_or("0\r");
        let length: usize = length.split('\r').next().unwrap_or_default().parse().unwrap_or(0);
        let (mut at, mut bytes) = (0, vec![0; length]);
        while at < length {
            match line.hear(&mut bytes[at..]) {
                0 => return,
                count => at += count,
            }
        }
        if head.contains("chunked") && !line.skip_chunks() {
            return;
        }
        if line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}

fn hidden(host: &str) -> String {
    format!("GET /down/hidden HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

/// Sends it all, reads whatever comes, and looks what the app got.
#[track_caller]
fn hides_nothing(app: &App, gate: &Gate, name: &str, bytes: &[u8]) {
    let mut wire = Wire::to(gate.port);
    wire.hurry(Duration::from_secs(20));
    // A server that has heard enough may close before all is sent.
    let _ = wire.send(bytes);
    let first = wire.answer(false).map_or(0, |answer| answer.status);
    let second = wire.answer(false).map_or(0, |answer| answer.status);
    let heads = app.heads();
    assert!(!heads.iter().any(|head| head.contains("hidden")), "{name}: {first}: {heads:?}");
    assert_eq!(second, 0, "{name}: {first}: a second answer");
    // The next visitor gets their own answer.
    gate.browser().get("/down/next").is(200).says("ok");
}

/// What it is called, the version, the framing, and the bytes after the head.
type Shape = (&'static str, &'static str, &'static str, &'static str);

const SHAPES: &[Shape] = &[
    ("a folded coding", "1.1", "Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n{hidden}"),
    ("a folded length", "1.1", "Content-Length:\r\n 0\r\n", "{hidden}"),
    ("a folded field", "1.1", "X-A: b\r\n Content-Length: 5\r\n", "{hidden}"),
    ("a fold first", "1.1", " Content-Length: 5\r\n", "{hidden}"),
    ("chunks in HTTP/1.0", "1.0", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n{hidden}"),
    ("HTTP/1.0", "1.0", "", "{hidden}"),
    ("HTTP/1.0 kept", "1.0", "Connection: keep-alive\r\n", "{hidden}"),
    ("HTTP/1.2", "1.2", "", "{hidden}"),
    ("HTTP/2.0", "2.0", "", "{hidden}"),
    ("both", "1.1", "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nX{hidden}"),
    ("a coding with a tab", "1.1", "Transfer-Encoding:\tchunked\r\n", "0\r\n\r\n{hidden}"),
    ("a coding in quotes", "1.1", "Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n{hidden}"),
    ("a coding with parameters", "1.1", "Transfer-Encoding: chunked;a=b\r\n", "0\r\n\r\n{hidden}"),
    ("two codings", "1.1", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n{hidden}"),
    ("a coding twice", "1.1", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n{hidden}"),
    (
        "a coding after a bare CR",
        "1.1",
        "X: y\rTransfer-Encoding: chunked\r\n",
        "0\r\n\r\n{hidden}",
    ),
    (
        "a coding after a zero",
        "1.1",
        "X: y\0\r\nTransfer-Encoding: chunked\0\r\n",
        "0\r\n\r\n{hidden}",
    ),
    ("a look-alike", "1.1", "Transfer_Encoding: chunked\r\n", "0\r\n\r\n{hidden}"),
    ("a look-alike of the length", "1.1", "Content.Length: 5\r\n", "{hidden}"),
    ("a length in hex", "1.1", "Content-Length: 0x10\r\n", "{hidden}"),
    ("a length with zeros", "1.1", "Content-Length: 00\r\n", "{hidden}"),
    ("a length with a comma", "1.1", "Content-Length: 0,0\r\n", "{hidden}"),
    ("an endless length", "1.1", "Content-Length: 99999999999999999999999\r\n", "{hidden}"),
    ("a length too long by half", "1.1", "Content-Length: 18446744073709551616\r\n", "{hidden}"),
    (
        "a chunk's extension",
        "1.1",
        "Transfer-Encoding: chunked\r\n",
        "0;a=\"\r\n{chunk}\"\r\n\r\n{hidden}",
    ),
    (
        "a chunk's length with a space",
        "1.1",
        "Transfer-Encoding: chunked\r\n",
        "0 \r\n\r\n{hidden}",
    ),
    (
        "a chunk that is too long",
        "1.1",
        "Transfer-Encoding: chunked\r\n",
        "1\r\nab\r\n0\r\n\r\n{hidden}",
    ),
    (
        "a chunk of 2^64",
        "1.1",
        "Transfer-Encoding: chunked\r\n",
        "10000000000000000\r\n\r\n0\r\n\r\n{hidden}",
    ),
    ("a bare LF after a chunk", "1.1", "Transfer-Encoding: chunked\r\n", "0\n\n{hidden}"),
    ("trailers", "1.1", "Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 5\r\n\r\n{hidden}"),
    ("pipelined", "1.1", "Content-Length: 0\r\n", "{hidden}"),
    (
        "with a body and Connection: Content-Length",
        "1.1",
        "Connection: Content-Length\r\nContent-Length: 3\r\n",
        "abc{hidden}",
    ),
    (
        "with Connection: Transfer-Encoding",
        "1.1",
        "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n",
        "0\r\n\r\n{hidden}",
    ),
];

#[test]
fn no_request_hides_in_another() {
    let app = App::start(read);
    let gate = app.gate(&[]);
    let host = gate.browser().authority;
    let hidden = hidden(&host);
    let length = hidden.len();
    let chunk = format!("{length:x}\r\n{hidden}\r\n0\r\n\r\n");
    for (name, version, fields, body) in SHAPES {
        let body = body.replace("{chunk}", &chunk).replace("{hidden}", &hidden);
        let head = format!("POST /down/x HTTP/{version}\r\nHost: {host}\r\n{fields}\r\n");
        hides_nothing(&app, &gate, name, format!("{head}{body}").as_bytes());
    }
}

#[test]
fn no_request_hides_behind_an_upgrade_that_was_not_made() {
    let app = App::start(read);
    let gate = app.gate(&[]);
    let host = gate.browser().authority;
    let hidden = hidden(&host);
    let length = hidden.len();
    for (name, fields) in [
        ("refused", "Connection: Upgrade\r\nUpgrade: websocket\r\n".to_owned()),
        ("another protocol", "Connection: Upgrade\r\nUpgrade: foo\r\n".to_owned()),
        (
            "HTTP/2",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
                .to_owned(),
        ),
        (
            "with a length",
            format!("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: {length}\r\n"),
        ),
        (
            "in chunks",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n"
                .to_owned(),
        ),
        ("not connected", "Upgrade: websocket\r\n".to_owned()),
        ("two", "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n".to_owned()),
        ("twice", "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n".to_owned()),
    ] {
        for method in ["GET", "POST"] {
            let head = format!("{method} /down/x HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
            hides_nothing(&app, &gate, name, format!("{head}{hidden}").as_bytes());
        }
    }
}

#[test]
fn an_app_that_switches_unasked_opens_no_tunnel() {
    let app = App::start(|line| {
        while line.head().is_some() {
            let _ = line.say(SWITCHED.as_bytes());
        }
    });
    let gate = app.gate(&[]);
    let host = gate.browser().authority;
    for fields in ["", "Connection: Upgrade\r\nUpgrade: foo\r\n"] {
        let mut wire = Wire::to(gate.port);
        wire.hurry(Duration::from_secs(20));
        wire.send(format!("GET /down/x HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n").as_bytes())
            .unwrap();
        let status = wire.answer(false).map_or(0, |answer| answer.status);
        assert!(matches!(status, 0 | 502), "{fields}: {status}");
        let _ = wire.send(hidden(&host).as_bytes());
        assert!(wire.is_closed(), "{fields}");
        assert!(!app.heads().iter().any(|head| head.contains("hidden")), "{fields}");
    }
}

#[test]
fn the_second_of_two_requests_in_one_go_is_not_asked_and_the_connection_says_so() {
    let app = App::start(read);
    let gate = app.gate(&[]);
    let request = gate.browser().request("GET", "/down/x", &[], None);
    let mut wire = Wire::to(gate.port);
    wire.send(&[request.clone(), request.clone()].concat()).unwrap();
    wire.answer(false).unwrap().is(200);
    wire.hurry(Duration::from_secs(20));
    assert!(wire.is_closed(), "a client knows by this that it has to ask again (RFC 9112 §9.3.2)");
    assert_eq!(app.count(), 1);
}

/// Heads that two servers could read in two ways: the lines between request line and blank line.
const TWO_WAYS: [&str; 33] = [
    "Transfer-Encoding: gzip\r\n",
    "Transfer-Encoding: identity\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding: chunked, identity\r\n",
    "Transfer-Encoding: chunked, chunked\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked;q=1\r\n",
    "Transfer-Encoding: \"chunked\"\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding: \x0bchunked\r\n",
    "Transfer-Encoding:\r\n chunked\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Transfer_Encoding: chunked\r\n",
    "Transfer-Encoding: \r\n",
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "Content-Length: 5\r\nContent-Length: 6\r\n",
    "Content-Length: 5, 5\r\n",
    "Content-Length: 05\r\n",
    "Content-Length: +5\r\n",
    "Content-Length: -5\r\n",
    "Content-Length: 0x5\r\n",
    "Content-Length: 5 5\r\n",
    "Content-Length: \r\n",
    "Content-Length : 5\r\n",
    "Content_Length: 5\r\n",
    " Content-Length: 5\r\n",
    "X-A: b\r\n folded\r\n",
    "X-A: b\r\n\tfolded\r\n",
    "X-A: b\rX-B: c\r\n",
    "X-A: b\0c\r\n",
    "X-A: b\nX-B: c\r\n",
    "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n",
];

#[test]
fn a_head_that_can_be_read_in_two_ways_is_refused() {
    let gate = Gate::start();
    let host = gate.browser().authority;
    let with = |lines: &&str| {
        let head = |method| format!("{method} /public/x HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n");
        ["GET", "POST"].map(head)
    };
    let starts = [
        format!("GET /public/x HTTP/1.1\nHost: {host}\n\n"),
        format!("GET /public/x HTTP/1.1\r\nHost: {host}\n\r\n"),
        format!("GET /public/x HTTP/1.2\r\nHost: {host}\r\n\r\n"),
        format!("GET /public/x HTTP/2.0\r\nHost: {host}\r\n\r\n"),
        format!("GET /public/x http/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET /public/x HTTP/1.0\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ];
    let mut taken = Vec::new();
    for head in TWO_WAYS.iter().flat_map(with).chain(starts) {
        let mut wire = Wire::to(gate.port);
        wire.hurry(Duration::from_secs(20));
        wire.send(head.as_bytes()).expect("sent");
        let status = wire.answer(false).map_or(0, |answer| answer.status);
        if status != 400 {
            taken.push((head, status));
        }
    }
    assert!(taken.is_empty(), "{taken:#?}");
    assert_eq!(gate.app.count(), 0, "{:?}", gate.app.seen());
}

/// Over HTTP/2 a body of unknown length may end with a frame that holds nothing, as git's and curl's do.
/// To an app of HTTP/1.1 that is one last chunk: another would be the start of the next request.
#[test]
fn a_body_over_http2_ends_once() {
    let app = App::start(read);
    let gate = app.gate(&[ON]);
    let host = gate.browser().authority;
    let mut head = get(&host, "/down/x");
    head[0] = (":method", "POST");
    let mut frames = Frames::to(gate.port);
    let shapes = [("a=b", 0), ("a=b", 50), ("", 0), ("", 50), ("a=b", 0)];
    for (stream, (body, pause)) in (1..).step_by(2).zip(shapes) {
        frames.send(&frame(HEADERS, END_HEADERS, stream, &fields(&head)));
        if !body.is_empty() {
            frames.send(&frame(DATA, 0, stream, body.as_bytes()));
        }
        std::thread::sleep(Duration::from_millis(pause));
        frames.send(&frame(DATA, END_STREAM, stream, &[]));
        assert_eq!(frames.end_of(stream), End::Answer(true, "ok".to_owned()), "{body:?} {pause}");
    }
    let heads = app.heads();
    let whole = heads.iter().filter(|head| head.starts_with("POST /down/x HTTP/1.1\r\n"));
    assert_eq!(whole.count(), heads.len(), "{heads:?}");
    assert_eq!(heads.len(), shapes.len(), "{heads:?}");
}
