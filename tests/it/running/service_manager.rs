//! What systemd gives a service, and is told by it: `sd_listen_fds(3)`, `sd_notify(3)`.
use std::os::unix::net::UnixDatagram;

use crate::support::gate::wait_for;
use crate::support::http::Wire;
use crate::support::program::{EXEC, Program};

/// Listens where the file says, or at another address, and becomes the program with that socket.
const ACTIVATED: &str = r#"
import os, socket, sys, tomllib
program, address = sys.argv[1:]
if not address:
    address = tomllib.load(open("my.toml", "rb"))["server"]["listen"][0]
host, port = address.rsplit(":", 1)
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((host, int(port)))
listener.listen(16)
if listener.fileno() != 3:
    os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(program, [program, "--config", "my.toml"])
"#;

fn activated(address: &str) -> String {
    format!("exec python3 -c '{ACTIVATED}' \"$0\" '{address}'")
}

#[test]
fn a_socket_that_is_given_is_served_and_handed_over() {
    let mut program = Program::by_shell(&activated(""), "info", &[]);
    program.browser().get("/public/x").is(200);
    let id = program.upgrade();
    assert_eq!(program.wait_for_end().code(), Some(0), "{}", program.printed());
    program.browser().get("/public/x").is(200);
    // Meant for the first process only.
    let environment = std::fs::read(format!("/proc/{id}/environ")).expect("its environment");
    assert!(!String::from_utf8_lossy(&environment).contains("LISTEN_FDS"));
}

#[test]
fn a_socket_that_no_key_names_is_an_error() {
    let address = format!("127.0.0.1:{}", crate::support::ports::free_port());
    let mut program = Program::starting_by_shell(&activated(&address), &[]);
    assert_eq!(program.wait_for_end().code(), Some(1));
    let said = program.printed_to("err");
    assert!(
        said.contains(&format!("a socket at {address}, which neither server.listen")),
        "{said}"
    );
}

#[test]
fn the_manager_is_told_when_it_serves_and_which_process_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    let told = || {
        let mut text = [0; 1024];
        let length = manager.recv(&mut text).expect("news");
        String::from_utf8_lossy(&text[..length]).into_owned()
    };
    let line = format!("NOTIFY_SOCKET={} {EXEC}", path.display());
    let program = Program::by_shell(&line, "info", &[]);
    assert_eq!(told(), "READY=1\n");
    let id = program.upgrade();
    // Of the former process, and of the new one itself, in either order.
    let news = [told(), told()].concat();
    assert!(news.contains(&format!("MAINPID={id}\n")), "{news}");
    assert_eq!(news.matches("READY=1\n").count(), 2, "{news}");
    let next = program.upgrade();
    let news = [told(), told()].concat();
    assert!(news.contains(&format!("MAINPID={next}\n")), "{news}");
}

#[test]
fn a_port_that_another_process_has_is_told_by_its_key_before_anything_is_opened() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let listen = format!("listen = [\"{address}\", ");
    let mut program = Program::starting("info", &[("listen = [", &listen)]);
    assert_eq!(program.wait_for_end().code(), Some(1));
    let said = program.printed_to("err");
    assert!(said.contains(&format!("server.listen: cannot listen on {address}: ")), "{said}");
    assert!(!program.file("doorcode.db").exists());
    wait_for("its own port to be free", || Wire::try_to(program.port).is_err().then_some(()));
}
