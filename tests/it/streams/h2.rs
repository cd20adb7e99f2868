//! HTTP/2 without TLS, frame by frame: what is asked for, what is hidden, and what drips in.
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use crate::support::gate::Gate;
use crate::support::settings::ADA;

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(super) const ON: (&str, &str) = ("[server]\n", "[server]\nh2c = true\n");

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RESET: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const GOAWAY: u8 = 7;
pub(super) const CONTINUATION: u8 = 9;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const ACK: u8 = 1;

/// A connection that writes frames as a test says, right or wrong (RFC 9113 §4.1).
pub(super) struct Frames(pub(super) TcpStream);

/// What a stream ended with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Whether the status is 200, and the body.
    Answer(bool, String),
    Reset,
    Closed,
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a length").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Literal fields without indexing, names new, nothing compressed (RFC 7541 §6.2.2).
pub(super) fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| {
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 127);
        [&[length.expect("a short text")], text.as_bytes()].concat()
    };
    let field = |(name, value): &(&str, &str)| [&[0][..], &text(name), &text(value)].concat();
    fields.iter().flat_map(field).collect()
}

impl Frames {
    pub(super) fn to(port: u16) -> Self {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
        stream.set_nodelay(true).expect("no delay");
        stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).expect("sent");
        Self(stream)
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        // A server that has heard enough may close before all is sent.
        let _ = self.0.write_all(bytes);
    }

    pub(super) fn next(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).ok()?;
        let stream = u32::from_be_bytes(head[5..].try_into().expect("four bytes"));
        if head[3] == SETTINGS && head[4] & ACK == 0 {
            self.send(&frame(SETTINGS, ACK, 0, &[]));
        }
        Some((head[3], head[4], stream, payload))
    }

    /// Waits for the end of a stream.
    pub(super) fn end_of(&mut self, stream: u32) -> End {
        let (mut good, mut body) = (false, Vec::new());
        while let Some((kind, flags, on, payload)) = self.next() {
            match (kind, on == stream) {
                (GOAWAY, _) => return End::Closed,
                (RESET, true) => return End::Reset,
                // `:status: 200` in the static table (RFC 7541 appendix A).
                (HEADERS, true) => good = payload.first() == Some(&0x88),
                (DATA, true) => body.extend(payload),
                _ => continue,
            }
            if flags & END_STREAM != 0 {
                return End::Answer(good, String::from_utf8_lossy(&body).into_owned());
            }
        }
        End::Closed
    }

    pub(super) fn ask(&mut self, stream: u32, of: &[(&str, &str)]) -> End {
        self.send(&frame(HEADERS, END_STREAM | END_HEADERS, stream, &fields(of)));
        self.end_of(stream)
    }
}

pub(super) fn get<'a>(authority: &'a str, path: &'a str) -> [(&'a str, &'a str); 4] {
    [(":method", "GET"), (":scheme", "http"), (":authority", authority), (":path", path)]
}

#[test]
fn a_head_that_an_app_does_not_answer_is_answered() {
    let gate = Gate::changed(&[ON]);
    let host = gate.browser().authority;
    let mut frames = Frames::to(gate.port);
    for (stream, path) in [(1, "/down/x"), (3, "/orders"), (5, "/.doorcode/nothing")] {
        let mut request = get(&host, path);
        request[0] = (":method", "HEAD");
        assert_eq!(frames.ask(stream, &request), End::Answer(false, String::new()), "{path}");
    }
    let mut request = get(&host, "/public/x");
    request[0] = (":method", "HEAD");
    assert_eq!(frames.ask(7, &request), End::Answer(true, String::new()));
}

#[test]
fn both_versions_are_served_on_one_port() {
    let gate = Gate::changed(&[ON]);
    let mut ada = gate.browser();
    ada.sign_in("/orders", ADA, &gate.texts).is(200);
    let host = ada.authority.clone();
    let mut frames = Frames::to(gate.port);
    let answer = frames.ask(1, &get(&host, "/public/x?a=b"));
    assert_eq!(answer, End::Answer(true, "the app: GET /public/x?a=b\n".to_owned()));
    assert_eq!(gate.app.last().header("host"), Some(host.as_str()));
    assert_eq!(gate.app.last().header("x-forwarded-for"), Some("127.0.0.1"));
    // Clients may send a cookie in parts (RFC 9113 §8.2.3).
    let session = format!("doorcode={}", ada.session());
    let mut request = get(&host, "/orders").to_vec();
    request.extend([("cookie", "theme=dark"), ("cookie", session.as_str())]);
    let answer = frames.ask(3, &request);
    assert_eq!(answer, End::Answer(true, "the app: GET /orders\n".to_owned()));
    assert_eq!(gate.app.last().header("x-forwarded-phone"), Some(ADA));
    assert_eq!(gate.app.last().all("cookie").join("; "), "theme=dark");
    // Without the cookie, the same connection is nobody's.
    let before = gate.app.count();
    assert!(matches!(frames.ask(5, &get(&host, "/orders")), End::Answer(false, _)));
    assert!(matches!(frames.ask(7, &get(&host, "/.doorcode/signed-out")), End::Answer(true, _)));
    assert_eq!(gate.app.count(), before);
    gate.browser().get("/public/x").is(200);
}

#[test]
fn cookies_that_come_in_parts_reach_the_app_in_one_header() {
    let gate = Gate::changed(&[ON]);
    let mut ada = gate.browser();
    ada.sign_in("/orders", ADA, &gate.texts).is(200);
    let host = ada.authority.clone();
    let session = format!("doorcode={}", ada.session());
    let parts = ["theme=dark", session.as_str(), "csrftoken=x; a=b", "", "last=1"];
    let mut frames = Frames::to(gate.port);
    // On a public path nobody looks for a session, and ours is taken out all the same.
    for (stream, path) in [(1, "/orders"), (3, "/public/x")] {
        let cookies = parts.map(|part| ("cookie", part));
        let request = [&get(&host, path)[..], &cookies[..]].concat();
        assert!(matches!(frames.ask(stream, &request), End::Answer(true, _)), "{path}");
        let cookies = "theme=dark; csrftoken=x; a=b; last=1";
        assert_eq!(gate.app.last().all("cookie"), [cookies], "{path}");
        let lines = parts.map(|part| format!("Cookie: {part}\r\n")).concat();
        gate.exchange(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n")).is(200);
        assert_eq!(gate.app.last().all("cookie"), [cookies], "{path} over HTTP/1.1");
    }
}

#[test]
fn an_encoded_slash_passes_and_hides_nothing_over_the_newer_version_too() {
    let gate = Gate::changed(&[ON]);
    let host = gate.browser().authority;
    for target in ["/public/%2F/q", "/public/@scope%2fname", "/public/a%5Cb", "/public/a%252Fb"] {
        let end = Frames::to(gate.port).ask(1, &get(&host, target));
        assert!(matches!(end, End::Answer(true, _)), "{target}: {end:?}");
        assert_eq!(gate.app.last().target, target);
    }
    let before = gate.app.count();
    for target in ["/public%2F..%2Forders", "/public/..%5Corders", "/public%2F%00", "/admin%2Fx"] {
        Frames::to(gate.port).ask(1, &get(&host, target));
        assert_eq!(gate.app.count(), before, "{target}");
    }
}

#[test]
fn a_body_arrives_whole_whether_or_not_its_length_is_said() {
    let gate = Gate::changed(&[ON]);
    let host = gate.browser().authority;
    let mut frames = Frames::to(gate.port);
    for (stream, length) in [(1, Some("5")), (3, None)] {
        let mut request = get(&host, "/public/up").to_vec();
        request[0].1 = "POST";
        request.extend(length.map(|length| ("content-length", length)));
        frames.send(&frame(HEADERS, END_HEADERS, stream, &fields(&request)));
        frames.send(&frame(DATA, END_STREAM, stream, b"hello"));
        assert!(matches!(frames.end_of(stream), End::Answer(true, _)), "{length:?}");
        assert_eq!(gate.app.last().body, b"hello", "{length:?}");
    }
}

#[test]
fn without_the_key_there_is_only_the_older_version() {
    let gate = Gate::start();
    let host = gate.browser().authority;
    assert_eq!(Frames::to(gate.port).ask(1, &get(&host, "/public/x")), End::Closed);
    assert_eq!(gate.app.count(), 0);
}

/// A field of a request, by its place in [`get`], and what stands there instead.
type Change = (usize, Field);
type Field = (&'static str, &'static str);

const CHANGES: &[Change] = &[
    (0, (":method", "GET /public/hidden HTTP/1.1\r\n\r\n")),
    (0, (":method", "CONNECT")),
    (0, (":method", "TRACE")),
    (0, (":method", "get")),
    (1, (":scheme", "http\r\nX: hidden")),
    (2, (":authority", "")),
    (2, (":authority", "evil.example")),
    (2, (":authority", "user@localhost")),
    (2, (":authority", "localhost\r\nX-A: hidden")),
    (2, (":authority", "localhost hidden")),
    (3, (":path", "/public/x HTTP/1.1\r\nHost: a\r\n\r\nGET /public/hidden")),
    (3, (":path", "/public/hidden x")),
    (3, (":path", "/public/x\r\nX-A: hidden")),
    (3, (":path", "/public/\thidden")),
    (3, (":path", "/public/\0hidden")),
    (3, (":path", "/public/x#hidden")),
    (3, (":path", "public/hidden")),
    (3, (":path", "")),
    (3, (":path", "*")),
    (3, (":path", "http://evil.example/public/hidden")),
    (3, (":path", "//evil.example/public/hidden")),
    (3, (":path", "/public/../admin/hidden")),
    (3, (":path", "/orders/hidden")),
];

/// What is sent beside the usual fields.
const ADDITIONS: &[&[Field]] = &[
    &[("transfer-encoding", "chunked")],
    &[("transfer-encoding", "identity")],
    &[("connection", "x-a"), ("x-a", "hidden")],
    &[("keep-alive", "timeout=5")],
    &[("proxy-connection", "close")],
    &[("upgrade", "websocket")],
    &[("te", "gzip")],
    &[("content-length", "5")],
    &[("content-length", "-1")],
    &[("content-length", "0"), ("content-length", "5")],
    &[("host", "evil.example")],
    &[("host", "localhost"), ("host", "localhost")],
    &[("x-a", "b\r\nX-Hidden: hidden")],
    &[("x-a", "b\nhidden")],
    &[("x-a", "b\0hidden")],
    &[("x-a: b\r\nx-hidden", "hidden")],
    &[("x-a b", "hidden")],
    &[("X-Upper", "hidden")],
    &[("", "hidden")],
    &[(":path", "/public/hidden")],
    &[(":foo", "hidden")],
    &[("x-a", "b"), (":authority", "localhost")],
    &[("transfer_encoding", "chunked")],
];

#[test]
fn nothing_hides_in_what_the_older_version_cannot_say() {
    let gate = Gate::changed(&[ON]);
    let host = gate.browser().authority;
    let split = format!("{host}\r\nX: y");
    let good = |path| get(&host, path).to_vec();
    let changed = |change: Change| {
        let mut fields = good("/public/x");
        fields[change.0] = change.1;
        fields
    };
    let with = |more: &[(&'static str, &'static str)]| {
        let mut fields = good("/public/x");
        fields.extend(more);
        fields
    };
    let mut cases: Vec<(String, Vec<(&str, &str)>)> = Vec::new();
    for change in CHANGES {
        cases.push((format!("{:?}", change.1), changed(*change)));
    }
    for more in ADDITIONS {
        cases.push((format!("{more:?}"), with(more)));
    }
    let mut divided = good("/public/x");
    divided[2].1 = &split;
    cases.push(("an authority of two lines".to_owned(), divided));
    for (name, fields) in cases {
        let before = gate.app.count();
        let end = Frames::to(gate.port).ask(1, &fields);
        for seen in &gate.app.seen()[before..] {
            let told = format!("{seen:?}");
            assert!(!told.contains("hidden"), "{name}: {end:?}: {told}");
            assert_eq!(seen.all("transfer-encoding"), Vec::<&str>::new(), "{name}: {told}");
            assert_eq!(seen.header("host"), Some(host.as_str()), "{name}: {told}");
        }
        // What still passes is one whole, harmless request.
        let passed = gate.app.count() - before;
        let harmless = matches!(&end, End::Answer(true, _)) && passed == 1;
        assert!(passed == 0 || harmless, "{name}: {end:?}, {passed} at the app");
        if passed == 0 {
            assert!(!matches!(end, End::Answer(true, _)), "{name}: {end:?}");
        }
    }
}

#[test]
fn a_body_is_not_longer_or_shorter_than_it_says() {
    let gate = Gate::changed(&[ON]);
    let host = gate.browser().authority;
    let hidden = format!("hello GET /public/hidden HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for (said, body) in [("5", hidden.as_str()), ("0", &hidden), ("500", "hello")] {
        let mut request = get(&host, "/public/up").to_vec();
        request[0].1 = "POST";
        request.push(("content-length", said));
        let mut frames = Frames::to(gate.port);
        frames.send(&frame(HEADERS, END_HEADERS, 1, &fields(&request)));
        frames.send(&frame(DATA, END_STREAM, 1, body.as_bytes()));
        let end = frames.end_of(1);
        assert!(!matches!(end, End::Answer(true, _)), "{said}: {end:?}");
        let seen = gate.app.seen();
        assert!(!seen.iter().any(|seen| seen.target.contains("hidden")), "{said}: {seen:?}");
    }
    // What is said to be empty is asked without what came after all.
    let seen = gate.app.seen();
    assert!(seen.len() < 2 && seen.iter().all(|seen| seen.body.is_empty()), "{seen:?}");
    gate.browser().get("/public/next").is(200).says("the app: GET /public/next");
}

#[test]
fn a_head_that_drips_in_is_cut_off_in_the_newer_version_too() {
    let gate = Gate::changed(&[ON]);
    let host = gate.browser().authority;
    let whole = fields(&get(&host, "/public/x"));
    std::thread::scope(|scope| {
        for preface in [0, 3, PREFACE.len()] {
            let (port, whole) = (gate.port, &whole);
            scope.spawn(move || {
                let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
                stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
                let mut frames = Frames(stream);
                frames.send(&PREFACE[..preface]);
                if preface == PREFACE.len() {
                    frames.send(&frame(SETTINGS, 0, 0, &[]));
                    frames.send(&frame(HEADERS, END_STREAM, 1, &whole[..9]));
                }
                let mut sent = 0;
                // A frame each quarter of a second, never the last.
                while sent < 120 {
                    let drop = frame(CONTINUATION, 0, 1, &fields(&[("a", "b")]));
                    let drop = if preface == PREFACE.len() { &drop[..] } else { b"" };
                    if frames.0.write_all(drop).is_err() {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(250));
                    sent += 1;
                    frames.0.set_nonblocking(true).expect("set");
                    let ended = matches!(frames.0.peek(&mut [0]), Ok(0));
                    frames.0.set_nonblocking(false).expect("set");
                    if ended {
                        break;
                    }
                    if preface == PREFACE.len() {
                        // What the server says of itself.
                        frames.0.set_nonblocking(true).expect("set");
                        let _ = frames.0.read(&mut [0; 1024]);
                        frames.0.set_nonblocking(false).expect("set");
                    }
                }
                assert!(sent < 100, "{preface}: not cut off after {sent} quarters of a second");
            });
        }
    });
    assert_eq!(gate.app.count(), 0);
}
