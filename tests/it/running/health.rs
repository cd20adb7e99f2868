use std::time::Duration;

use crate::support::gate::wait_for;
use crate::support::http::exchange;
use crate::support::program::Program;

#[test]
fn health_tells_by_its_exit_code_whether_the_server_is_ready() {
    let mut program =
        Program::changed("info", &[("[server]\n", "[server]\ndrain_delay = \"20s\"\n")]);
    assert_eq!(program.command(&["health", "--config", "my.toml"]), (Some(0), String::new()));

    program.signal("TERM");
    let unready = || match program.command(&["health", "--config", "my.toml"]) {
        (Some(1), said) => Some(said),
        other => {
            assert_eq!(other, (Some(0), String::new()));
            None
        }
    };
    let said = wait_for("end of readiness", unready);
    assert_eq!(said, "doorcode: not ready: starting or ending\n");

    program.signal("TERM");
    program.wait_for_end();
    let (code, said) = program.command(&["health", "--config", "my.toml"]);
    assert_eq!(code, Some(1));
    assert!(said.starts_with("doorcode: no response from 127.0.0.1:"), "{said}");
    let (code, said) = program.command(&["health", "--config", "no.toml"]);
    assert_eq!(code, Some(1));
    assert!(said.starts_with("no.toml: cannot be read"), "{said}");
}

#[test]
fn health_is_not_fooled_by_another_server_on_its_port() {
    let program = Program::start("info");
    // That file calls the gateway's port its admin listener.
    let admin = format!("listen = \"127.0.0.1:{}", program.admin);
    let app = format!("listen = \"127.0.0.1:{}", program.port);
    program.rewrite(
        "other.toml",
        &[(&admin, &app), ("listen = [\"127.0.0.1:", "listen = [\"127.0.0.2:")],
    );
    let (code, said) = program.command(&["health", "--config", "other.toml"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is not Doorcode's"), "{said}");
}

#[test]
fn the_first_words_say_where_the_sites_are_or_else_the_issuer() {
    let mut program = Program::start("info");
    let (log, port) = (program.printed_to("err"), program.port);
    assert!(log.contains(&format!("url=\"http://localhost:{port}/down/\"")), "{log}");
    program.kill();
    let callback = "callbacks = [\"https://app.example.com/callback\"]";
    program.without_sites(&format!("[[client]]\nid = \"spa\"\nname = \"App\"\n{callback}\n"));
    program.start_again("info");
    let log = program.printed_to("err");
    let issuer = format!("url=\"http://localhost:{port}/.doorcode/\"");
    assert!(log.matches(&issuer).count() == 2 && log.matches("/down/").count() == 1, "{log}");
    assert_eq!(program.printed_to("out"), "", "the access log is there");
}

#[test]
fn requests_are_taken_until_load_balancers_had_time_to_notice() {
    let mut program =
        Program::changed("info", &[("[server]\n", "[server]\ndrain_delay = \"8s\"\n")]);
    let request = program.browser().request("GET", "/public/x", &[], None);
    exchange(program.port, &request).is(200);
    program.signal("TERM");
    let admin = program.admin;
    let unready = || {
        let ready = exchange(admin, b"GET /readyz HTTP/1.1\r\nHost: admin\r\n\r\n");
        (ready.status == 503).then_some(())
    };
    wait_for("end of readiness", unready);
    // A new connection, after readiness failed.
    let answer = exchange(program.port, &request).is(200);
    assert_eq!(answer.header("connection"), Some("close"), "{answer}");
    let end = program.wait_for_end();
    assert_eq!(end.code(), Some(0), "{}", program.printed());
}

#[test]
fn a_second_signal_ends_the_process_although_something_is_under_way() {
    let mut program = Program::start("info");
    program.app.slows("/public/slow", Duration::from_mins(1));
    let request = program.browser().request("GET", "/public/slow", &[], None);
    let mut wire = crate::support::http::Wire::to(program.port);
    wire.send(&request).unwrap();
    wait_for("request at the app", || (program.app.count() == 1).then_some(()));
    program.signal("TERM");
    wait_for("word of the end", || program.printed().contains("SIGTERM").then_some(()));
    std::thread::sleep(Duration::from_millis(300));
    assert!(program.is_running(), "one signal lets it finish");
    program.signal("TERM");
    let end = program.wait_for_end();
    assert_eq!(end.code(), Some(0), "{}", program.printed());
    assert!(program.printed().contains("asked again"), "{}", program.printed());
    assert!(wire.is_closed());
}
