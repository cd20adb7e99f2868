//! Websockets and event streams while the configuration is read anew.
use super::app::App;
use super::websockets::{GREETING, LINES, greet_and_echo};
use crate::support::gate::wait_for;
use crate::support::http::Wire;
use crate::support::program::Program;

#[track_caller]
fn echoes(wire: &mut Wire) {
    wire.send(b"word").expect("sent");
    assert_eq!(wire.bytes(4), b"word");
}

#[test]
fn websockets_of_sites_that_stay_live_on_and_those_of_one_that_is_gone_end() {
    let app = App::start(greet_and_echo);
    let here = format!("\"127.0.0.1:{}\"", app.port);
    let program = Program::changed("info", &[("\"127.0.0.1:1\"", &here)]);
    program.rewrite("my.toml", &[("name = \"Shop\"", "name = \"Shop\"\nmax_body = \"9MiB\"")]);
    let shop = format!("\"127.0.0.1:{}\"", program.app.port);
    program.rewrite("my.toml", &[(&shop, &here)]);
    let reload = || {
        let (code, said) = program.said(&["reload", "my.toml"]);
        assert_eq!(code, Some(0), "{said} {}", program.printed_to("err"));
    };
    reload();
    let open = |path: &str| {
        let mut wire = Wire::to(program.port);
        wire.send(&program.browser().request("GET", path, &LINES, None)).expect("sent");
        wire.answer(false).expect("an answer").is(101);
        assert_eq!(wire.bytes(GREETING.len()), GREETING);
        wire
    };
    let (mut stays, mut goes) = (open("/public/socket"), open("/down/socket"));
    for (from, to) in [("9MiB", "8MiB"), ("8MiB", "7MiB")] {
        program.rewrite("my.toml", &[(from, to)]);
        reload();
        echoes(&mut stays);
        echoes(&mut goes);
    }
    // The site is there by the same name, and at another place.
    program.rewrite("my.toml", &[("/down\"\n", "/up\"\n")]);
    reload();
    echoes(&mut goes);
    wait_for("end", || {
        let sent = goes.send(b"x").is_err();
        goes.hurry(std::time::Duration::from_millis(100));
        (sent || goes.is_closed()).then_some(())
    });
    echoes(&mut stays);
    let mut gone = Wire::to(program.port);
    gone.send(&program.browser().request("GET", "/down/socket", &LINES, None)).expect("sent");
    assert_ne!(gone.answer(false).expect("an answer").status, 101);
}
