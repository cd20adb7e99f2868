//! What clients make the server hold that take nothing, and when they are gone.
use std::time::Duration;

use super::app::App;
use super::h2::{
    DATA, END_HEADERS, END_STREAM, Frames, HEADERS, ON, RESET, SETTINGS, fields, frame, get,
};
use crate::support::gate::wait_for;
use crate::support::http::Wire;
use crate::support::program::Program;

const WINDOW_UPDATE: u8 = 8;
/// `SETTINGS_INITIAL_WINDOW_SIZE` (RFC 9113 §6.5.2).
const INITIAL_WINDOW: u16 = 4;
/// A signed 32-bit number, less what a connection's window begins with (RFC 9113 §6.9).
const WIDEST: u32 = 0x7fff_ffff;
const FIRST_WINDOW: u32 = 65_535;

/// Says a megabyte to every request.
fn megabytes() -> App {
    App::start(|line| {
        let body = vec![b'a'; 1 << 20];
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        while line.head().is_some() {
            if line.say(head.as_bytes()).is_err() || line.say(&body).is_err() {
                return;
            }
        }
    })
}

/// Takes the head of every request and no byte of its body.
fn takes_no_bodies() -> App {
    App::start(|line| {
        line.head();
        std::thread::sleep(Duration::from_secs(100));
    })
}

fn program(app: &App, changes: &[(&str, &str)]) -> Program {
    let here = format!("\"127.0.0.1:{}\"", app.port);
    let all = [&[("\"127.0.0.1:1\"", here.as_str())], changes].concat();
    Program::changed("warn", &all)
}

/// The memory of the program once it grows no more, KiB.
fn settled(program: &Program) -> u64 {
    let (mut before, mut steady) = (program.memory(), 0);
    wait_for("memory that grows no more", || {
        std::thread::sleep(Duration::from_millis(100));
        let now = program.memory();
        steady = if now > before + 256 { 0 } else { steady + 1 };
        before = before.max(now);
        (steady > 20).then_some(before)
    })
}

/// A connection whose streams have this window, and on which so many ask for the path.
fn asks(program: &Program, window: u32, streams: u32, path: &str) -> Frames {
    let host = program.browser().authority;
    let mut frames = Frames::to(program.port);
    let setting = [&INITIAL_WINDOW.to_be_bytes()[..], &window.to_be_bytes()].concat();
    frames.send(&frame(SETTINGS, 0, 0, &setting));
    if window > FIRST_WINDOW {
        let more = (WIDEST - FIRST_WINDOW).to_be_bytes();
        frames.send(&frame(WINDOW_UPDATE, 0, 0, &more));
    }
    let head = fields(&get(&host, path));
    for stream in 0..streams {
        frames.send(&frame(HEADERS, END_STREAM | END_HEADERS, 2 * stream + 1, &head));
    }
    frames
}

/// What a connection of 100 streams may hold in all: bodies (256 KiB), heads and tasks of the streams
/// that are taken, in a build without optimisations.
const MOST: u64 = 3 * 1024;

#[test]
fn streams_that_take_nothing_make_a_connection_hold_little() {
    let app = megabytes();
    let program = program(&app, &[ON]);
    drop(asks(&program, WIDEST, 1, "/down/x"));
    let before = settled(&program);
    let connections: Vec<Frames> = (0..4).map(|_| asks(&program, 0, 100, "/down/x")).collect();
    wait_for("the requests at the app", || (app.count() > 4 * 16).then_some(()));
    let each = settled(&program).saturating_sub(before) / 4;
    assert!(each < MOST, "{each} KiB for each connection");
    assert!(app.count() <= 4 * 32 + 1, "{} streams are taken", app.count());
    drop(connections);
    let open = || program.open_files() < 100;
    wait_for("end of the connections to the app", || open().then_some(()));
}

#[test]
fn a_connection_that_reads_nothing_holds_little_whatever_its_windows() {
    let app = megabytes();
    let program = program(&app, &[ON]);
    drop(asks(&program, WIDEST, 1, "/down/x"));
    let before = settled(&program);
    let connections: Vec<Frames> = (0..4).map(|_| asks(&program, WIDEST, 100, "/down/x")).collect();
    wait_for("the requests at the app", || (app.count() > 4 * 16).then_some(()));
    let each = settled(&program).saturating_sub(before) / 4;
    assert!(each < MOST, "{each} KiB for each connection");
    drop(connections);
}

#[test]
fn clients_of_the_older_version_that_read_nothing_hold_little() {
    let app = megabytes();
    let program = program(&app, &[]);
    let request = program.browser().request("GET", "/down/x", &[], None);
    let ask = || {
        let mut wire = Wire::to(program.port);
        wire.send(&request).expect("sent");
        wire
    };
    ask().answer(false).expect("an answer").is(200);
    let before = settled(&program);
    let wires: Vec<Wire> = (0..60).map(|_| ask()).collect();
    wait_for("the requests at the app", || (app.count() > 60).then_some(()));
    let each = settled(&program).saturating_sub(before) / 60;
    assert!(each < 200, "{each} KiB for each connection");
    for mut wire in wires {
        assert_eq!(wire.answer(false).expect("an answer").body.len(), 1 << 20);
    }
}

#[test]
fn bodies_that_an_app_does_not_take_are_left_to_the_client() {
    let app = takes_no_bodies();
    let program = program(&app, &[ON]);
    let host = program.browser().authority;
    let mut request = get(&host, "/down/x").to_vec();
    request[0].1 = "POST";
    let head = fields(&request);
    let before = settled(&program);
    let mut connections = Vec::new();
    for _ in 0..4 {
        let mut frames = Frames::to(program.port);
        for stream in 0..32 {
            frames.send(&frame(HEADERS, END_HEADERS, 2 * stream + 1, &head));
        }
        // As much as the windows allow at first; the rest waits for updates that hardly come.
        for stream in 0..32 {
            frames.send(&frame(DATA, 0, 2 * stream + 1, &[b'a'; 2000]));
        }
        connections.push(frames);
    }
    wait_for("the requests at the app", || (app.count() == 4 * 32).then_some(()));
    let each = settled(&program).saturating_sub(before) / 4;
    assert!(each < MOST, "{each} KiB for each connection");
}

/// Takes all that is sent, and answers nothing.
fn takes_bodies() -> App {
    App::start(|line| {
        line.head();
        while line.hear(&mut [0; 4096]) > 0 {}
    })
}

#[test]
fn no_copy_is_kept_of_bodies_that_an_app_took() {
    const PART: u32 = 4000;
    let app = takes_bodies();
    let program = program(&app, &[ON]);
    let host = program.browser().authority;
    let mut request = get(&host, "/down/x").to_vec();
    request[0].1 = "POST";
    let head = fields(&request);
    let before = settled(&program);
    let mut connections = Vec::new();
    for _ in 0..4 {
        let mut frames = Frames::to(program.port);
        let mut window = FIRST_WINDOW;
        for stream in 0..32 {
            frames.send(&frame(HEADERS, END_HEADERS, 2 * stream + 1, &head));
        }
        // Almost a stream's whole window, so that nothing need be said of it.
        for stream in (0..16).flat_map(|_| 0..32) {
            while window < PART {
                let (kind, _, of, payload) = frames.next().expect("more room");
                if (kind, of) == (WINDOW_UPDATE, 0) {
                    window += u32::from_be_bytes(payload.try_into().expect("a number"));
                }
            }
            frames.send(&frame(DATA, 0, 2 * stream + 1, &[b'a'; PART as usize]));
            window -= PART;
        }
        connections.push(frames);
    }
    wait_for("the requests at the app", || (app.count() == 4 * 32).then_some(()));
    let each = settled(&program).saturating_sub(before) / 4;
    assert!(each < MOST, "{each} KiB for each connection");
}

#[test]
fn memory_is_given_back_when_the_clients_are_gone() {
    let app = megabytes();
    let program = program(&app, &[ON]);
    drop(asks(&program, WIDEST, 1, "/down/x"));
    let before = settled(&program);
    let connections: Vec<Frames> = (0..12).map(|_| asks(&program, 0, 32, "/down/x")).collect();
    wait_for("the requests at the app", || (app.count() > 12 * 24).then_some(()));
    let held = settled(&program);
    assert!(held > before + 4 * 1024, "{held} KiB, before {before}");
    drop(connections);
    // Nobody asks for anything meanwhile.
    let limit = before + (held - before) / 2;
    wait_for("half of the memory", || (program.memory() < limit).then_some(()));
}

#[test]
fn what_a_client_takes_back_is_not_the_apps_failure() {
    let app = App::start(|line| {
        line.head();
        std::thread::sleep(Duration::from_secs(100));
    });
    let gate = app.gate(&[ON]);
    let host = gate.browser().authority;
    for (index, path) in ["/down/reset", "/down/gone", "/down/early"].into_iter().enumerate() {
        let mut frames = Frames::to(gate.port);
        frames.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &fields(&get(&host, path))));
        if path != "/down/early" {
            wait_for("the request at the app", || (app.count() > index).then_some(()));
        }
        if path != "/down/gone" {
            // CANCEL (RFC 9113 §7).
            frames.send(&frame(RESET, 0, 1, &8_u32.to_be_bytes()));
            std::thread::sleep(Duration::from_millis(300));
        }
    }
    let lines = || (gate.access_log().matches("/down/").count() == 3).then(|| gate.access_log());
    for line in wait_for("three lines", lines).lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let told = (&line["decision"], &line["status"]);
        assert_eq!(told, (&"client-gone".into(), &0.into()), "{line}");
    }
}
