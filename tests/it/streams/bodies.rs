//! Bodies that are far larger than the memory that they may take, and the end of the process while
//! connections are open that never end by themselves.
use super::app::{App, Line};
use super::websockets;
use crate::support::browser::WEBSOCKET;
use crate::support::gate::wait_for;
use crate::support::http::Wire;
use crate::support::program::Program;

const MIB: usize = 1 << 20;
/// What a whole server may grow by while it passes bodies on. It buffers 64 KiB in all places
/// together; the rest is room for the allocator.
const ROOM: u64 = 24 * 1024;

/// The byte at `at` of every body: one that is cut, doubled or shifted is seen.
fn byte(at: usize) -> u8 {
    // The remainder fits.
    u8::try_from(at % 251).unwrap_or_default()
}

fn part(from: usize, length: usize) -> Vec<u8> {
    (from..from + length).map(byte).collect()
}

/// Takes an upload and checks every byte, or sends a download of the length in the path.
fn serve(line: &mut Line) {
    while let Some(head) = line.head() {
        let length: usize =
            head.split(['/', ' ']).find_map(|word| word.parse().ok()).expect("a length");
        if head.starts_with("GET") {
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
            line.say(answer.as_bytes()).expect("said");
            for at in (0..length).step_by(251 * 1024) {
                line.say(&part(at, (251 * 1024).min(length - at))).expect("said");
            }
            continue;
        }
        let (mut at, mut bytes) = (0, vec![0; 64 * 1024]);
        while at < length {
            let count = line.hear(&mut bytes);
            assert!(count > 0 && bytes[..count] == part(at, count), "wrong at {at}");
            at += count;
        }
        line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole").expect("said");
    }
}

fn up_and_down(length: usize) {
    let app = App::start(serve);
    let here = format!("\"127.0.0.1:{}\"", app.port);
    let program = Program::changed("warn", &[("\"127.0.0.1:1\"", &here)]);
    let host = program.browser().authority;
    program.browser().get("/down/7").is(200);
    let before = program.peak_memory();
    let mut wire = Wire::to(program.port);
    let head =
        format!("PUT /down/{length} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
    wire.send(head.as_bytes()).expect("sent");
    for at in (0..length).step_by(251 * 1024) {
        wire.send(&part(at, (251 * 1024).min(length - at))).expect("sent");
    }
    wire.answer(false).expect("an answer").is(200).says("whole");

    wire.send(&program.browser().request("GET", &format!("/down/{length}"), &[], None)).unwrap();
    wire.answer(true).expect("a head").is(200);
    for at in (0..length).step_by(251 * 1024) {
        let count = (251 * 1024).min(length - at);
        assert!(wire.bytes(count) == part(at, count), "wrong at {at}");
    }
    let grown = program.peak_memory() - before;
    assert!(grown < ROOM, "{grown} KiB more memory for {length} bytes");
}

#[test]
fn a_large_body_takes_no_memory_up_or_down() {
    up_and_down(128 * MIB);
}

#[test]
#[ignore = "takes minutes; run by tests/long"]
fn a_body_as_large_as_a_site_takes_takes_no_memory_up_or_down() {
    up_and_down(1024 * MIB);
}

#[test]
fn open_websockets_and_event_streams_do_not_hold_the_end_of_the_process_up() {
    let app = App::start(|line| {
        let Some(head) = line.head() else { return };
        let socket = head.to_ascii_lowercase().contains("upgrade: websocket");
        let events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        let answer = if socket { websockets::SWITCHED } else { events };
        line.say(answer.as_bytes()).expect("said");
        // Until it is closed.
        line.hear(&mut [0; 8]);
    });
    let here = format!("\"127.0.0.1:{}\"", app.port);
    let mut program = Program::changed("info", &[("\"127.0.0.1:1\"", &here)]);
    let browser = program.browser();
    let events = [("Accept", "text/event-stream")];
    let mut wires: Vec<Wire> = (0..20).map(|_| Wire::to(program.port)).collect();
    for (n, wire) in wires.iter_mut().enumerate() {
        let lines = if n % 2 == 0 { &WEBSOCKET[..] } else { &events };
        wire.send(&browser.request("GET", "/down/x", lines, None)).expect("sent");
        wire.answer(true).expect("an answer");
    }
    wait_for("all at the app", || (app.count() == 20).then_some(()));
    program.signal("TERM");
    // Fails long before the longest that a shutdown may take.
    let end = program.wait_for_end();
    assert_eq!(end.code(), Some(0), "{}", program.printed());
    assert!(!program.printed().contains("with connections open"), "{}", program.printed());
    assert!(wires.iter_mut().all(Wire::is_closed));
}
