//! Clients that send or take so slowly that they hold a place for nothing, and those that only look so.
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use tokio::time::Instant;

use super::app::App;
use super::h2::{DATA, END_HEADERS, END_STREAM, Frames, HEADERS, ON, SETTINGS, fields, frame, get};
use crate::support::gate::Gate;

/// Longer than the grace of a minute, and what a busy machine adds.
const GIVEN_UP_WITHIN: Duration = Duration::from_secs(150);
const WINDOW_UPDATE: u8 = 8;

/// Says a large answer at once, or takes whole requests.
fn app() -> App {
    App::start(|line| {
        while let Some(head) = line.head() {
            let body = vec![b'a'; 64 << 20];
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            if head.starts_with("POST") {
                while line.hear(&mut [0; 1024]) > 0 {}
                return;
            }
            if line.say(answer.as_bytes()).is_err() || line.say(&body).is_err() {
                return;
            }
        }
    })
}

fn connect(gate: &Gate) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, gate.port)).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a limit");
    stream.set_nodelay(true).expect("no delay");
    stream
}

/// Sends a byte each five seconds until nobody listens.
fn drips_over_http1(gate: &Gate) -> Duration {
    let host = gate.browser().authority;
    let mut stream = connect(gate);
    let head = format!("POST /down/x HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("sent");
    let start = Instant::now();
    while start.elapsed() < GIVEN_UP_WITHIN {
        std::thread::sleep(Duration::from_secs(5));
        let mut answer = [0; 12];
        if stream.write_all(b"a").is_err() {
            break;
        }
        stream.set_read_timeout(Some(Duration::from_millis(10))).expect("a limit");
        if stream.read(&mut answer).is_ok() {
            assert_eq!(&answer, b"HTTP/1.1 408");
            break;
        }
    }
    start.elapsed()
}

fn drips_over_http2(gate: &Gate) -> Duration {
    let host = gate.browser().authority;
    let mut request = get(&host, "/down/x").to_vec();
    request[0].1 = "POST";
    let mut frames = Frames::to(gate.port);
    frames.send(&frame(HEADERS, END_HEADERS, 1, &fields(&request)));
    let mut dripping = frames.0.try_clone().expect("the same connection");
    let start = Instant::now();
    let drip = std::thread::spawn(move || {
        while start.elapsed() < GIVEN_UP_WITHIN {
            std::thread::sleep(Duration::from_secs(5));
            if dripping.write_all(&frame(DATA, 0, 1, b"a")).is_err() {
                return;
            }
        }
    });
    frames.0.set_read_timeout(Some(GIVEN_UP_WITHIN + GIVEN_UP_WITHIN)).expect("a limit");
    let end = frames.end_of(1);
    let took = start.elapsed();
    drop(frames);
    drop(drip);
    assert!(matches!(end, super::h2::End::Answer(false, _) | super::h2::End::Reset), "{end:?}");
    took
}

/// Takes a byte each five seconds until nobody sends.
fn sips_over_http1(gate: &Gate) -> Duration {
    let host = gate.browser().authority;
    let mut stream = connect(gate);
    stream
        .write_all(format!("GET /down/x HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
        .expect("sent");
    let start = Instant::now();
    // Ended when the app's connection is: nobody would read what the kernel still holds.
    while start.elapsed() < GIVEN_UP_WITHIN && !is_logged(gate, "/down/x", 200) {
        std::thread::sleep(Duration::from_secs(5));
        drop(stream.read(&mut [0]));
    }
    start.elapsed()
}

/// Widens the window of a stream by a byte each five seconds.
fn sips_over_http2(gate: &Gate) -> Duration {
    let host = gate.browser().authority;
    let mut frames = Frames::to(gate.port);
    frames.send(&frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]));
    let head = fields(&get(&host, "/down/h2"));
    frames.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &head));
    let start = Instant::now();
    while start.elapsed() < GIVEN_UP_WITHIN && !is_logged(gate, "/down/h2", 200) {
        std::thread::sleep(Duration::from_secs(5));
        frames.send(&frame(WINDOW_UPDATE, 0, 1, &1_u32.to_be_bytes()));
    }
    start.elapsed()
}

fn is_logged(gate: &Gate, path: &str, status: u16) -> bool {
    let (path, status) = (format!("\"path\":\"{path}\""), format!("\"status\":{status}"));
    gate.access_log().lines().any(|line| line.contains(&path) && line.contains(&status))
}

#[test]
#[ignore = "takes two minutes; run by tests/long"]
fn a_byte_each_five_seconds_is_not_served_for_ever() {
    let app = app();
    let gate = app.gate(&[ON, ("name = \"Down\"\n", "name = \"Down\"\ntimeout = \"10m\"\n")]);
    std::thread::scope(|scope| {
        let ways = [drips_over_http1, drips_over_http2, sips_over_http1, sips_over_http2];
        for (index, way) in ways.into_iter().enumerate() {
            let gate = &gate;
            scope.spawn(move || {
                let took = way(gate);
                assert!(took < GIVEN_UP_WITHIN, "{index}: served for {took:?}");
                assert!(took > Duration::from_secs(50), "{index}: given up after {took:?}");
            });
        }
    });
}

#[test]
#[ignore = "takes two minutes; run by tests/long"]
fn a_pause_a_slow_app_and_what_stays_open_are_not_given_up() {
    let app = App::start(|line| {
        while let Some(head) = line.head() {
            if head.contains("/slow") {
                let begun = line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n").is_ok();
                // A byte each two seconds, as an app may.
                let said = begun
                    && (0..40).all(|_| {
                        std::thread::sleep(Duration::from_secs(2));
                        line.say(b"a").is_ok()
                    });
                if !said {
                    return;
                }
            } else if head.contains("/poll") {
                std::thread::sleep(Duration::from_secs(80));
                drop(line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npoll"));
            } else {
                let body = vec![b'a'; 32 << 20];
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                drop(line.say(answer.as_bytes()).and_then(|()| line.say(&body)));
            }
        }
    });
    let gate = app.gate(&[ON, ("name = \"Down\"\n", "name = \"Down\"\ntimeout = \"10m\"\n")]);
    std::thread::scope(|scope| {
        scope.spawn(|| gate.browser().get("/down/slow").is(200));
        scope.spawn(|| gate.browser().get("/down/poll").is(200).says("poll"));
        let authority = gate.browser().authority;
        for path in ["/down/slow", "/down/poll"] {
            let (gate, authority) = (&gate, authority.clone());
            scope.spawn(move || {
                let mut frames = Frames::to(gate.port);
                frames.0.set_read_timeout(Some(Duration::from_secs(150))).expect("a limit");
                let end = frames.ask(1, &get(&authority, path));
                assert!(matches!(end, super::h2::End::Answer(true, _)), "{path}: {end:?}");
            });
        }
        scope.spawn(|| {
            let mut wire = crate::support::http::Wire::to(gate.port);
            wire.send(&gate.browser().request("GET", "/down/file", &[], None)).expect("sent");
            std::thread::sleep(Duration::from_secs(45));
            let answer = wire.answer(false).expect("an answer").is(200);
            assert_eq!(answer.body.len(), 32 << 20);
        });
        scope.spawn(|| {
            // A websocket on which nothing is said for longer than a client may send nothing.
            let mut wire = crate::support::http::Wire::to(gate.port);
            let host = gate.browser().authority;
            let upgrade = format!(
                "GET /public/ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
            );
            wire.send(upgrade.as_bytes()).expect("sent");
            wire.answer(true).expect("an answer").is(101);
            std::thread::sleep(Duration::from_secs(90));
            wire.send(b"a").expect("sent");
            assert_eq!(wire.bytes(1), b"a");
        });
    });
}

/// Longer than the grace of a minute.
const SLOW_FOR: Duration = Duration::from_secs(100);
/// Twenty times the least rate, bytes each second.
const SLOWLY: usize = 5000;

/// Takes `SLOWLY` bytes each second, and says how many came.
fn takes_slowly_over_http1(gate: &Gate) -> usize {
    let host = gate.browser().authority;
    let mut stream = connect(gate);
    stream
        .write_all(format!("GET /down/x HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
        .expect("sent");
    let (start, mut taken) = (Instant::now(), 0);
    while start.elapsed() < SLOW_FOR {
        let mut part = [0; SLOWLY];
        stream.read_exact(&mut part).expect("more of the answer");
        taken += part.len();
        std::thread::sleep(Duration::from_secs(1));
    }
    taken
}

/// The same, by a stream's window.
fn takes_slowly_over_http2(gate: &Gate) -> usize {
    let host = gate.browser().authority;
    let mut frames = Frames::to(gate.port);
    frames.0.set_read_timeout(Some(Duration::from_mins(1))).expect("a limit");
    frames.send(&frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]));
    let head = fields(&get(&host, "/down/h2"));
    frames.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &head));
    let (start, mut taken, mut allowed) = (Instant::now(), 0, 0);
    while start.elapsed() < SLOW_FOR {
        let more = u32::try_from(SLOWLY).expect("small").to_be_bytes();
        for stream in [0, 1] {
            frames.send(&frame(WINDOW_UPDATE, 0, stream, &more));
        }
        allowed += SLOWLY;
        while taken < allowed {
            let (kind, _, _, part) = frames.next().expect("more of the answer");
            taken += if kind == DATA { part.len() } else { 0 };
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    taken
}

#[test]
#[ignore = "takes two minutes; run by tests/long"]
fn whoever_takes_more_than_the_least_rate_gets_all() {
    let app = app();
    let gate = app.gate(&[ON, ("name = \"Down\"\n", "name = \"Down\"\ntimeout = \"10m\"\n")]);
    std::thread::scope(|scope| {
        for way in [takes_slowly_over_http1, takes_slowly_over_http2] {
            let gate = &gate;
            scope.spawn(move || assert!(way(gate) > 50 * SLOWLY));
        }
    });
}
