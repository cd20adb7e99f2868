//! How requests are passed on: to which app, under which name, how often, and for how long.
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::app::{App, Line};
use super::websockets;
use crate::support::browser::WEBSOCKET;
use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Wire, exchange};
use crate::support::settings::{ADA, BOB};
use crate::support::words::word;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const NAME: &str = "name = \"Down\"\n";

fn answer_all(line: &mut Line) {
    while line.head().is_some() && line.say(OK).is_ok() {}
}

/// The target of a request's head.
fn target(head: &str) -> &str {
    head.split(' ').nth(1).unwrap_or_default()
}

fn values<'h>(head: &'h str, name: &str) -> Vec<&'h str> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}

#[test]
fn a_kept_connection_that_died_is_asked_again_on_another_only_for_what_may_be_asked_twice() {
    for (method, body, again) in [
        ("GET", None, true),
        ("HEAD", None, true),
        ("OPTIONS", None, true),
        ("DELETE", None, true),
        ("POST", None, false),
        ("PATCH", None, false),
        ("POST", Some("x"), false),
        ("PUT", Some("x"), false),
    ] {
        // Dies at a later request of a connection, having read it, but once only.
        let died = Arc::new(AtomicBool::new(false));
        let once = Arc::clone(&died);
        let app = App::start(move |line| {
            let mut asked = 0;
            while let Some(head) = line.head() {
                asked += 1;
                if asked > 1 && head.contains("/second") && !once.swap(true, Ordering::SeqCst) {
                    return;
                }
                let bare = head.starts_with("HEAD ");
                line.say(if bare { &OK[..OK.len() - 2] } else { OK }).expect("said");
            }
        });
        let gate = app.gate(&[]);
        let mut browser = gate.browser();
        let length = body.map_or(0, str::len).to_string();
        let lines = [("Content-Length", length.as_str())];
        let mut request = browser.request(method, "/down/second", &lines, None);
        request.extend(body.unwrap_or_default().bytes());
        // A connection is kept a moment after its answer: not every second request is on the first.
        let (answer, before) = wait_for("a kept connection", || {
            browser.get("/down/first").is(200);
            let before = app.count();
            let answer = exchange(gate.port, &request);
            died.load(Ordering::SeqCst).then_some((answer, before))
        });
        let (status, requests) = if again { (200, 2) } else { (502, 1) };
        assert_eq!(answer.status, status, "{method} {body:?}: {answer}");
        assert_eq!(app.count() - before, requests, "{method} {body:?}");
    }
}

#[test]
fn an_upstream_that_cannot_be_reached_is_passed_over() {
    let app = App::start(answer_all);
    let both = format!("\"127.0.0.1:1\", \"127.0.0.1:{}\"", app.port);
    let gate = Gate::changed(&[("\"127.0.0.1:1\"", &both)]);
    for n in 1..=10 {
        gate.browser().post("/down/x", &[]).is(200);
        assert_eq!(app.count(), n);
    }
}

#[test]
fn an_answer_before_the_end_of_a_request_is_passed_on() {
    let app = App::start(|line| {
        if line.head().is_some() {
            line.say(b"HTTP/1.1 409 Conflict\r\nContent-Length: 4\r\n\r\nbusy").expect("said");
            // Closed with the upload unread, which resets it: the answer must not be lost.
            std::thread::sleep(Duration::from_millis(300));
        }
    });
    let gate = app.gate(&[]);
    let host = gate.browser().authority;
    let mut wire = Wire::to(gate.port);
    let head = format!("PUT /down/x HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000\r\n\r\n");
    wire.send(head.as_bytes()).expect("sent");
    wire.send(&[b'a'; 1000]).expect("sent");
    wire.answer(false).expect("an answer").is(409).says("busy");
    assert_eq!(app.count(), 1);
}

#[test]
fn an_app_is_waited_for_as_long_as_its_site_says() {
    let app = App::start(|line| while line.head().is_some() {});
    let gate = app.gate(&[(NAME, "name = \"Down\"\ntimeout = \"1s\"\n")]);
    gate.browser().get("/down/x").is(504).says(&word("try_again"));
    let script = [("Sec-Fetch-Mode", "cors"), ("Accept", "application/json")];
    let told = gate.browser().send("GET", "/down/x", &script, None).is(504);
    assert_eq!(told.header("content-type"), Some("application/problem+json"));
    // As long for a switch of protocols.
    gate.browser().send("GET", "/down/x", &WEBSOCKET, None).is(504);
    assert_eq!(app.count(), 3);
}

#[test]
fn a_websocket_may_be_silent_for_longer_than_an_answer() {
    let app = App::start(websockets::greet_and_echo);
    // Time enough for the app's answer on a busy machine.
    let gate = app.gate(&[(NAME, "name = \"Down\"\ntimeout = \"4s\"\n")]);
    let mut wire = Wire::to(gate.port);
    wire.send(&gate.browser().request("GET", "/down/x", &WEBSOCKET, None)).expect("sent");
    wire.answer(true).expect("an answer").is(101);
    wire.bytes(websockets::GREETING.len());
    std::thread::sleep(Duration::from_secs(6));
    wire.send(b"late").expect("sent");
    assert_eq!(wire.bytes(4), b"late");
}

#[test]
fn an_app_on_a_unix_socket_is_reached() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            std::thread::spawn(move || {
                let mut bytes = [0; 8192];
                while let Ok(count @ 1..) = stream.read(&mut bytes) {
                    let head = String::from_utf8_lossy(&bytes[..count]).into_owned();
                    let socket = head.to_ascii_lowercase().contains("upgrade: websocket");
                    let answer = if socket { websockets::SWITCHED.as_bytes() } else { OK };
                    if stream.write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    let named = format!("\"unix:{}\"", path.display());
    let gate = Gate::changed(&[("\"127.0.0.1:1\"", &named)]);
    for _ in 0..3 {
        gate.browser().get("/down/x").is(200).says("ok");
    }
    gate.browser().send("GET", "/down/x", &WEBSOCKET, None).is(101);
    drop(folder);
    gate.browser().send("GET", "/down/y", &WEBSOCKET, None).is(502);
}

#[test]
fn an_app_gets_the_host_that_its_site_names() {
    let app = App::start(answer_all);
    let gate = app.gate(&[(NAME, "name = \"Down\"\nsend_host = \"app.internal:3000\"\n")]);
    let browser = gate.browser();
    gate.browser().get("/down/x").is(200);
    let absolute = format!("{}/down/y", browser.origin());
    gate.browser().get(&absolute).is(200);
    for (head, path) in app.heads().iter().zip(["/down/x", "/down/y"]) {
        assert_eq!(target(head), path);
        assert_eq!(values(head, "host"), ["app.internal:3000"], "{head}");
        assert_eq!(values(head, "x-forwarded-host"), [browser.authority.as_str()], "{head}");
    }
    gate.browser().get("/public/x").is(200);
    assert_eq!(gate.app.last().header("host"), Some(browser.authority.as_str()), "other sites");
}

#[test]
fn an_app_gets_paths_without_that_of_its_site_and_is_judged_by_the_whole() {
    let app = App::start(|line| {
        while line.head().is_some() {
            let answer = "HTTP/1.1 302 Found\r\nLocation: /next\r\nSet-Cookie: a=b; Path=/next\r\n\
                          Content-Length: 0\r\n\r\n";
            line.say(answer.as_bytes()).expect("said");
        }
    });
    let gate = app.gate(&[
        (NAME, "name = \"Down\"\nstrip_prefix = true\n"),
        ("path = \"/*\"\nallow = [\"public\"]\n", "path = \"/admin/*\"\nallow = [\"role:admin\"]\n[[site.rule]]\npath = \"/*\"\nallow = [\"public\"]\n"),
    ]);
    for (asked, sent) in [
        ("/down", "/"),
        ("/down/", "/"),
        ("/down?a=/down/b", "/?a=/down/b"),
        ("/down/a%20b;c/d?e=%2f", "/a%20b;c/d?e=%2f"),
        ("/down/down/x", "/down/x"),
        ("/down/x//y", "/x//y"),
    ] {
        let answer = gate.browser().send("GET", asked, &[("X-Forwarded-Prefix", "/evil")], None);
        let answer = answer.is(302);
        // What the app says of paths is its own business, as the reference says.
        assert_eq!(answer.location(), "/next");
        assert_eq!(answer.header("set-cookie"), Some("a=b; Path=/next"));
        let head = app.heads().pop().expect("a request");
        assert_eq!(target(&head), sent, "{asked}");
        assert_eq!(values(&head, "x-forwarded-prefix"), ["/down"], "{asked}");
    }
    let before = app.count();
    let mut bob = gate.browser();
    bob.sign_in("/orders", BOB, &gate.texts).is(200);
    for (asked, status) in [
        ("/down/admin", 403),
        ("/down/admin/x", 403),
        ("/down/%61dmin", 403),
        ("/down/;/admin", 400),
        ("/down//admin", 400),
        ("/down///admin", 400),
        ("/down//evil.example/admin", 400),
        ("/down/..", 400),
        ("/down/../admin", 400),
        ("/down%2fadmin", 400),
        ("//down/admin", 400),
    ] {
        let answer = bob.get(asked);
        assert_eq!(answer.status, status, "{asked}: {answer}");
        assert_eq!(app.count(), before, "{asked} reached the app: {:?}", app.heads().pop());
    }
    let mut ada = gate.browser();
    ada.sign_in("/orders", ADA, &gate.texts).is(200);
    ada.get("/down/admin/x").is(302);
    assert_eq!(target(&app.heads().pop().expect("a request")), "/admin/x");
}

#[test]
fn other_methods_are_told_which_there_are() {
    let gate = Gate::start();
    let host = gate.browser().authority;
    for method in ["TRACE", "FROB", "get", "PROPFINDS"] {
        let answer = gate.exchange(&format!("{method} /public/x HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        let answer = answer.is(405);
        let allowed = answer.header("allow").unwrap_or_default();
        assert!(allowed.starts_with("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, "), "{allowed}");
        assert!(allowed.contains(", PROPFIND, ") && !allowed.contains("TRACE"), "{allowed}");
    }
    gate.exchange(&format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n")).is(405);
    assert_eq!(gate.app.count(), 0);
}
