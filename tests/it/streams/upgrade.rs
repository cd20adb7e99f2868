//! Websockets and event streams while the server hands over to a new process.
use super::app::{App, Line};
use super::websockets::{echoes, greet_and_echo, open, wait_for_end};
use crate::running::upgrade_under_load;
use crate::support::http::Wire;
use crate::support::program::{Program, lives, send};

fn program(app: &App, changes: &[(&str, &str)]) -> Program {
    let here = format!("\"127.0.0.1:{}\"", app.port);
    let own = [("\"127.0.0.1:1\"", here.as_str())];
    Program::changed("info", &[&own, changes].concat())
}

fn socket(program: &Program) -> Wire {
    open(program, "/down/socket")
}

#[test]
fn websockets_live_on_through_upgrades_in_the_processes_where_they_began() {
    let app = App::start(greet_and_echo);
    let mut program = program(&app, &[]);
    let mut sockets = vec![socket(&program)];
    upgrade_under_load(&program, 3, || {
        sockets.push(socket(&program));
        sockets.iter_mut().for_each(echoes);
    });
    assert!(program.is_running());
    let mut first = sockets.swap_remove(0);
    // Whoever does not want to wait ends the former process as any other.
    program.signal("TERM");
    wait_for_end(&mut first);
    assert_eq!(program.wait_for_end().code(), Some(0), "{}", program.printed());
    sockets.iter_mut().for_each(echoes);
}

#[test]
fn a_former_process_ends_when_its_last_websocket_does_or_its_time_is_over() {
    let app = App::start(greet_and_echo);
    let mut lasting = program(&app, &[]);
    let open = socket(&lasting);
    let second = lasting.upgrade();
    let _other = socket(&lasting);
    drop(open);
    assert_eq!(lasting.wait_for_end().code(), Some(0), "{}", lasting.printed());
    assert!(lives(second));
    let mut short = program(&app, &[("[server]\n", "[server]\nupgrade_drain = \"1s\"\n")]);
    let _open = socket(&short);
    short.upgrade();
    assert_eq!(short.wait_for_end().code(), Some(0), "{}", short.printed());
}

#[test]
fn a_stream_of_events_goes_on() {
    let app = App::start(|line: &mut Line| {
        if line.head().is_none() {
            return;
        }
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
        let mut said = line.say(head.as_bytes());
        while said.is_ok() {
            said = line.say(b"data: word\n\n");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    });
    let program = program(&app, &[]);
    let mut wire = Wire::to(program.port);
    wire.send(&program.browser().request("GET", "/down/events", &[], None)).expect("sent");
    let (mut head, mut seen) = (Vec::new(), 0);
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(wire.bytes(1));
    }
    let id = program.upgrade();
    while seen < 200 {
        seen += usize::from(wire.bytes(1) == b"\n");
    }
    assert!(program.printed_to("err").contains("took over") && lives(id));
    assert!(send(id, "TERM"));
}
