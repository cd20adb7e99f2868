//! HTTP/2 as those use it who want a server to work for nothing: each is cut off or served in
//! bounds, and everybody else is served meanwhile. And names that only we may write, in it.
use std::io::Write as _;
use std::time::Duration;

use super::h2::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, End, Frames, HEADERS, ON, RESET, SETTINGS, fields,
    frame, get,
};
use crate::support::gate::Gate;
use crate::support::program::Program;
use crate::support::settings::BOB;

const PING: u8 = 6;
const WINDOW: u8 = 8;
/// Frames of one flood, unless it is cut off before.
const MANY: u32 = 40_000;
/// KiB that a whole server may grow by, whatever comes.
const ROOM: u64 = 64 * 1024;

type Flood = (&'static str, fn(&mut Vec<u8>, u32, &[u8]));

/// What is sent again and again; `n` counts, and `head` is a request's fields.
const FLOODS: &[Flood] = &[
    ("requests that are taken back at once", |out, n, head| {
        let stream = 2 * n + 1;
        out.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, head));
        out.extend(frame(RESET, 0, stream, &8_u32.to_be_bytes()));
    }),
    ("requests that make the server take them back", |out, n, head| {
        let stream = 2 * n + 1;
        out.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, head));
        // An increment of nothing is a mistake of the stream (RFC 9113 §6.9).
        out.extend(frame(WINDOW, 0, stream, &[0; 4]));
    }),
    ("requests that never end", |out, n, head| {
        out.extend(frame(HEADERS, END_HEADERS, 2 * n + 1, head));
    }),
    ("pings", |out, n, _| {
        out.extend(frame(PING, 0, 0, &u64::from(n).to_be_bytes()));
    }),
    ("settings", |out, _, _| {
        out.extend(frame(SETTINGS, 0, 0, &[]));
    }),
    ("parts of a head without end", |out, n, head| {
        if n == 0 {
            out.extend(frame(HEADERS, END_STREAM, 1, head));
        }
        out.extend(frame(CONTINUATION, 0, 1, &fields(&[("x-a", "b")])));
    }),
    ("empty parts of a head", |out, n, head| {
        if n == 0 {
            out.extend(frame(HEADERS, END_STREAM, 1, head));
        }
        out.extend(frame(CONTINUATION, 0, 1, &[]));
    }),
    ("empty parts of a body", |out, n, head| {
        if n == 0 {
            out.extend(frame(HEADERS, END_HEADERS, 1, head));
        }
        out.extend(frame(DATA, 0, 1, &[]));
    }),
    ("a head that unpacks to much more", |out, n, head| {
        if n < 50 {
            // One long field in the table, and then its number 16,000 times (RFC 7541 §6.1).
            let mut long = vec![0x40, 1, b'a', 0x7f, 0x81, 0x1e];
            long.extend(vec![b'a'; 4000]);
            let whole = [head, &long, &vec![0xbe; 12_000]].concat();
            out.extend(frame(HEADERS, END_STREAM | END_HEADERS, 2 * n + 1, &whole));
        }
    }),
];

/// Sends a flood, until the server has had enough or to its end.
fn flood(frames: &mut Frames, flood: Flood, head: &[u8]) {
    let mut out = Vec::new();
    let mut aside = frames.0.try_clone().expect("the same connection");
    // What the server says must be read, or it would wait for us.
    let reader = std::thread::spawn(move || {
        let mut bytes = vec![0; 65_536];
        while let Ok(1..) = std::io::Read::read(&mut aside, &mut bytes) {}
    });
    for n in 0..MANY {
        flood.1(&mut out, n, head);
        if out.len() > 16_384 || n + 1 == MANY {
            if frames.0.write_all(&out).is_err() {
                break;
            }
            out.clear();
        }
    }
    let _ = frames.0.shutdown(std::net::Shutdown::Both);
    reader.join().expect("a thread");
}

#[test]
fn no_flood_of_frames_holds_up_or_fills_the_server() {
    let program = Program::changed("error", &[ON]);
    let host = program.browser().authority;
    let head = fields(&get(&host, "/public/flood"));
    program.app.slows("/public/flood", Duration::from_millis(200));
    program.browser().get("/public/x").is(200);
    let before = program.peak_memory();
    for kind in FLOODS {
        std::thread::scope(|scope| {
            let attack = scope.spawn(|| flood(&mut Frames::to(program.port), *kind, &head));
            while !attack.is_finished() {
                program.browser().get("/public/meanwhile").is(200);
            }
            attack.join().expect("a thread");
        });
        let mut frames = Frames::to(program.port);
        let answer = frames.ask(1, &get(&host, "/public/after"));
        assert!(matches!(answer, End::Answer(true, _)), "{}: {answer:?}", kind.0);
        let grown = program.peak_memory() - before;
        assert!(grown < ROOM, "{}: {grown} KiB more memory", kind.0);
    }
}

#[test]
fn no_name_that_is_ours_reaches_an_app_by_the_newer_version() {
    let gate = Gate::changed(&[ON]);
    let mut bob = gate.browser();
    bob.sign_in("/orders", BOB, &gate.texts).is(200);
    let (host, session) = (bob.authority.clone(), format!("doorcode={}", bob.session()));
    let mut frames = Frames::to(gate.port);
    let mut stream = 1;
    for (path, cookie) in [("/public/x", None), ("/maybe/x", None), ("/orders", Some(&session))] {
        for name in [
            "x-forwarded-user",
            "x_forwarded_user",
            "x.forwarded.user",
            "x-forwarded_phone",
            "x-forwarded-for",
            "x-real-ip",
            "remote_user",
            "x-doorcode-assertion",
            "cf-access-jwt-assertion",
            "forwarded",
        ] {
            let mut request = get(&host, path).to_vec();
            request.extend(cookie.map(|cookie| ("cookie", cookie.as_str())));
            request.extend([(name, "spoofed"), (name, "spoofed")]);
            assert!(matches!(frames.ask(stream, &request), End::Answer(true, _)), "{name}");
            stream += 2;
            let seen = format!("{:?}", gate.app.last());
            assert!(!seen.contains("spoofed"), "{name} at {path}: {seen}");
            // As a trailer, after a body.
            let mut request = get(&host, path).to_vec();
            request[0].1 = "POST";
            request.extend(cookie.map(|cookie| ("cookie", cookie.as_str())));
            frames.send(&frame(HEADERS, END_HEADERS, stream, &fields(&request)));
            frames.send(&frame(DATA, 0, stream, b"abc"));
            let trailer = fields(&[(name, "spoofed")]);
            frames.send(&frame(HEADERS, END_STREAM | END_HEADERS, stream, &trailer));
            frames.end_of(stream);
            stream += 2;
            let seen = format!("{:?}", gate.app.last());
            assert!(!seen.contains("spoofed"), "{name} at {path}: {seen}");
        }
    }
}
