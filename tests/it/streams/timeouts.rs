//! How long an app is waited for, in each of five ways, and what its name leads to.
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use tokio::net::TcpSocket;

use super::app::{App, Line};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::Wire;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn answer_all(line: &mut Line) {
    while line.head().is_some() && line.say(OK).is_ok() {}
}

fn at(port: u16) -> String {
    format!("\"127.0.0.1:{port}\"")
}

/// An address that takes no connection and refuses none: its queue is full and nobody looks at it.
fn deaf(gate: &tokio::runtime::Runtime) -> (u16, tokio::net::TcpListener, Vec<TcpStream>) {
    let _on = gate.enter();
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("bound");
    let listener = socket.listen(1).expect("listening");
    let address = listener.local_addr().expect("bound");
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(500)) {
        waiting.push(stream);
    }
    (address.port(), listener, waiting)
}

#[test]
fn an_app_that_takes_no_connection_is_given_up_after_five_seconds() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (port, _listener, _waiting) = deaf(&runtime);
    let gate = Gate::changed(&[(&at(1), &at(port))]);
    for lines in [&[][..], &[("Accept", "text/event-stream, text/html")]] {
        gate.browser().send("GET", "/down/x", lines, None).is(504);
    }
    let lines = || (gate.access_log().matches("/down/x").count() == 2).then(|| gate.access_log());
    for line in wait_for("two lines", lines).lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        // The clock of the gate stands still: only what is told, not how long it took.
        assert_eq!(line["decision"], "upstream-failed", "{line}");
    }
    gate.browser().get("/public/x").is(200);
}

#[test]
fn an_app_whose_head_drips_in_is_waited_for_no_longer_than_a_silent_one() {
    let app = App::start(|line| {
        if line.head().is_none() || line.say(b"HTTP/1.1 200 OK\r\nX: ").is_err() {
            return;
        }
        while line.say(b"a").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let gate = app.gate(&[("name = \"Down\"\n", "name = \"Down\"\ntimeout = \"1s\"\n")]);
    gate.browser().get("/down/x").is(504);
}

#[test]
fn an_app_that_is_not_there_is_not_waited_for() {
    let gate = Gate::start();
    gate.browser().get("/down/x").is(502);
    gate.browser().get("/public/x").is(200);
}

#[test]
#[ignore = "takes more than a minute; run by tests/long"]
fn an_app_that_reads_nothing_is_given_up_after_a_minute() {
    let app = App::start(|line| {
        line.head();
        std::thread::sleep(Duration::from_secs(100));
    });
    let gate = app.gate(&[("name = \"Down\"\n", "name = \"Down\"\ntimeout = \"10m\"\n")]);
    let host = gate.browser().authority;
    let mut wire = Wire::to(gate.port);
    wire.hurry(Duration::from_secs(90));
    let length = 64 << 20;
    let head = format!("PUT /down/x HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
    wire.send(head.as_bytes()).expect("sent");
    // Until nothing more goes in.
    let _ = wire.send(&vec![b'a'; length]);
    wire.answer(false).expect("an answer").is(504);
}

#[test]
#[ignore = "takes more than a minute; run by tests/long"]
fn a_connection_to_an_app_that_nothing_is_asked_on_is_let_go_after_a_minute() {
    let (ended, end) = std::sync::mpsc::channel();
    let app = App::start(move |line| {
        answer_all(line);
        let _ = ended.send(());
    });
    let gate = app.gate(&[]);
    gate.browser().get("/down/x").is(200);
    end.recv_timeout(Duration::from_secs(30)).expect_err("kept for another request");
    end.recv_timeout(Duration::from_mins(1)).expect("let go");
}

#[test]
fn the_name_of_an_app_is_looked_up_beside_the_requests() {
    let app = App::start(answer_all);
    let named = format!("\"localhost:{}\"", app.port);
    let gate = Gate::changed(&[(&at(1), &named)]);
    // Known within a moment of the start, whoever asks first.
    wait_for("address", || (gate.browser().get("/down/x").status == 200).then_some(()));
}

#[test]
fn a_name_that_leads_nowhere_holds_nobody_up() {
    let gate = Gate::changed(&[(&at(1), "\"no-such-app.invalid:80\"")]);
    for _ in 0..20 {
        gate.browser().get("/down/x").is(502);
        gate.browser().get("/public/x").is(200);
    }
    // Beside one that leads somewhere, it is passed over.
    let app = App::start(answer_all);
    let both = format!("\"no-such-app.invalid:80\", \"127.0.0.1:{}\"", app.port);
    let gate = Gate::changed(&[(&at(1), &both)]);
    for _ in 0..10 {
        gate.browser().get("/down/x").is(200);
    }
}

#[test]
fn an_app_that_comes_back_is_found_at_once() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let gate = Gate::changed(&[(&at(1), &at(port))]);
    gate.browser().get("/down/x").is(502);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port again");
    let app = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().expect("a connection");
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(OK)
    });
    gate.browser().get("/down/x").is(200);
    app.join().expect("a thread").expect("said");
}
