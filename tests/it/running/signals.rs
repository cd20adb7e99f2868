//! What a signal does, and what a shutdown says.
use crate::support::gate::wait_for;
use crate::support::http::Wire;
use crate::support::program::Program;

#[test]
fn signals_that_mean_nothing_to_it_are_told_and_end_nothing() {
    let mut program = Program::start("info");
    let mut names = vec!["USR1", "USR2", "ALRM"];
    if cfg!(target_os = "linux") {
        names.extend(["VTALRM", "PROF", "IO", "PWR"]);
    }
    for name in names {
        program.signal(name);
        let line = format!("signal=\"SIG{name}\"");
        wait_for(name, || program.printed_to("err").contains(&line).then_some(()));
        assert!(program.is_running(), "{name}");
        program.browser().get("/public/x").is(200);
    }
    program.signal("TERM");
    assert_eq!(program.wait_for_end().code(), Some(0), "{}", program.printed());
}

#[test]
fn an_orderly_end_logs_no_error() {
    let mut program = Program::start("info");
    for _ in 0..4 {
        program.browser().get("/public/x").is(200);
        program.signal("TERM");
        assert_eq!(program.wait_for_end().code(), Some(0), "{}", program.printed());
        program.start_again("info");
    }
    let log = program.printed_to("err");
    // What a start says of the machine.
    let mut lines = log.lines().filter(|line| !line.contains("the limit of open files"));
    assert!(!lines.any(|line| line.contains("ERROR") || line.contains("WARN")), "{log}");
}

/// The type of GOAWAY (RFC 9113 §6.8).
const GOAWAY: u8 = 7;

/// The type of the next HTTP/2 frame.
fn frame(wire: &mut Wire) -> u8 {
    let head = wire.bytes(9);
    let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
    wire.bytes(length);
    head[3]
}

#[test]
fn http2_connections_are_told_at_the_first_moment_of_a_drain() {
    let server = "[server]\nh2c = true\ndrain_delay = \"20s\"\n";
    let program = Program::changed("info", &[("[server]\n", server)]);
    let mut wire = Wire::to(program.port);
    // The preface, an empty SETTINGS, and an acknowledgement of the server's.
    let mut start = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    start.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    start.extend([0, 0, 0, 4, 1, 0, 0, 0, 0]);
    wire.send(&start).expect("sent");
    assert_eq!(frame(&mut wire), 4, "SETTINGS");
    program.signal("TERM");
    while frame(&mut wire) != GOAWAY {}
    // The listeners are open still: load balancers have not noticed yet.
    program.browser().get("/public/x").is(200);
    let log = program.printed_to("err");
    assert!(log.contains("SIGTERM") && !log.contains("shut down"), "{log}");
}
