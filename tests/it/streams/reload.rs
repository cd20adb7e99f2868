//! Websockets and event streams while the configuration is read anew.
use super::app::App;
use super::websockets::{echoes, greet_and_echo, open, wait_for_end};
use crate::support::browser::WEBSOCKET;
use crate::support::http::Wire;
use crate::support::program::Program;

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
    let (mut stays, mut goes) = (open(&program, "/public/socket"), open(&program, "/down/socket"));
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
    wait_for_end(&mut goes);
    echoes(&mut stays);
    let mut gone = Wire::to(program.port);
    gone.send(&program.browser().request("GET", "/down/socket", &WEBSOCKET, None)).expect("sent");
    assert_ne!(gone.answer(false).expect("an answer").status, 101);
}
