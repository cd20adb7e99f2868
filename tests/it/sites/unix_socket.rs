//! Unix sockets to listen on.
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Answer, Wire};
use crate::support::program::Program;

struct Socket {
    path: PathBuf,
    /// Is deleted with it.
    _folder: TempDir,
}

impl Socket {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { path: folder.path().join("doorcode.sock"), _folder: folder }
    }

    /// What is changed in the settings, so that it is listened on beside the usual port.
    fn listed(&self, more: &str) -> String {
        let path = self.path.display();
        format!("{more}listen = [\"unix:{path}\", ")
    }

    fn wire(&self) -> Wire<UnixStream> {
        let stream = wait_for("a socket", || UnixStream::connect(&self.path).ok());
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a limit");
        Wire::over(stream)
    }

    fn exchange(&self, request: &str) -> Answer {
        let mut wire = self.wire();
        wire.send(request.as_bytes()).expect("sent");
        wire.answer(false).expect("an answer")
    }
}

const TRUSTED: &str = "trusted_proxies = [\"unix\"]\n";

fn request(gate: &Gate, path: &str, lines: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\n{lines}\r\n", gate.port)
}

#[test]
fn a_request_comes_from_whom_the_proxy_names() {
    let socket = Socket::new();
    let gate = Gate::changed(&[
        ("listen = [", &socket.listed(TRUSTED)),
        (
            "path = \"/public/*\"\nallow = [\"public\"]",
            "path = \"/public/*\"\nallow = [\"public\"]\nfrom = [\"203.0.113.0/24\"]",
        ),
    ]);
    let ask = |lines: &str| socket.exchange(&request(&gate, "/public/x", lines));
    ask("X-Forwarded-For: 203.0.113.9\r\n").is(200).says("the app: GET /public/x");
    assert_eq!(gate.app.last().header("x-forwarded-for"), Some("203.0.113.9"));
    ask("X-Forwarded-For: 1.1.1.1, 203.0.113.9\r\n").is(200);
    assert_eq!(gate.app.last().header("x-forwarded-for"), Some("203.0.113.9"));
    ask("X-Forwarded-For: 203.0.113.9, 198.51.100.1\r\n").is(403);

    // One connection, several clients.
    let mut wire = socket.wire();
    for (address, status) in [("203.0.113.1", 200), ("198.51.100.1", 403), ("203.0.113.2", 200)] {
        let lines = format!("X-Forwarded-For: {address}\r\n");
        wire.send(request(&gate, "/public/x", &lines).as_bytes()).expect("sent");
        wire.answer(false).expect("an answer").is(status);
    }
    // Over TCP nobody is trusted.
    gate.exchange(&request(&gate, "/public/x", "X-Forwarded-For: 203.0.113.9\r\n")).is(403);
}

#[test]
fn a_request_that_names_no_client_is_refused() {
    let socket = Socket::new();
    let gate = Gate::changed(&[("listen = [", &socket.listed(TRUSTED))]);
    for lines in [
        "",
        "X-Forwarded-For: unknown\r\n",
        "X-Forwarded-For: \r\n",
        "X-Forwarded-For: 203.0.113.9, x\r\n",
        "X-Real-IP: 203.0.113.9\r\n",
        "Forwarded: for=203.0.113.9\r\n",
    ] {
        for path in ["/public/x", "/.doorcode/me", "/orders"] {
            socket.exchange(&request(&gate, path, lines)).is(400);
        }
    }
    assert_eq!(gate.app.count(), 0);
    socket.exchange(&request(&gate, "/public/x", "X-Forwarded-For: 203.0.113.9\r\n")).is(200);
    wait_for("a line", || gate.access_log().contains("203.0.113.9").then_some(()));
}

#[test]
fn bodies_pass_as_over_tcp() {
    let socket = Socket::new();
    let gate = Gate::changed(&[("listen = [", &socket.listed(TRUSTED))]);
    let body = "x".repeat(300_000);
    let head = format!("X-Forwarded-For: 203.0.113.9\r\nContent-Length: {}\r\n", body.len());
    let post = request(&gate, "/public/x", &head).replacen("GET", "POST", 1);
    socket.exchange(&format!("{post}{body}")).is(200);
    assert_eq!(gate.app.last().body.len(), body.len());
}

#[test]
fn http2_is_spoken_where_it_is_over_tcp() {
    let socket = Socket::new();
    let more = format!("{TRUSTED}h2c = true\n");
    let gate = Gate::changed(&[("listen = [", &socket.listed(&more))]);
    let status = gate.run(async {
        let stream = tokio::net::UnixStream::connect(&socket.path).await.expect("a socket");
        let (mut client, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
        let request = http::Request::builder()
            .uri(format!("http://localhost:{}/public/x", gate.port))
            .header("x-forwarded-for", "203.0.113.9")
            .body(())
            .expect("a request");
        let (answer, _) = client.send_request(request, true).expect("sent");
        tokio::select! {
            ended = connection => panic!("the connection ended: {ended:?}"),
            answer = answer => answer.expect("an answer").status(),
        }
    });
    assert_eq!(status, 200);
    let usual = socket.exchange(&request(&gate, "/public/x", "X-Forwarded-For: 203.0.113.9\r\n"));
    usual.is(200);
}

fn question(gate: &Gate) -> String {
    format!(
        "GET /.doorcode/check HTTP/1.1\r\nHost: doorcode\r\nX-Forwarded-For: 203.0.113.9\r\n\
         X-Forwarded-Method: GET\r\nX-Forwarded-Proto: http\r\n\
         X-Forwarded-Host: localhost:{}\r\nX-Forwarded-Uri: /orders\r\n\r\n",
        gate.port
    )
}

#[test]
fn another_proxy_may_ask_over_a_socket_that_is_named_for_it() {
    let socket = Socket::new();
    let asked = ("[admin]\n", "[forward_auth]\nfrom = [\"unix\"]\n[admin]\n");
    let gate = Gate::changed(&[("listen = [", &socket.listed("")), asked]);
    socket.exchange(&question(&gate)).is(401);
    gate.exchange(&question(&gate)).is(403);

    let socket = Socket::new();
    let asked = ("[admin]\n", "[forward_auth]\nfrom = [\"127.0.0.1\"]\n[admin]\n");
    let gate = Gate::changed(&[("listen = [", &socket.listed(TRUSTED)), asked]);
    socket.exchange(&question(&gate)).is(403);
    gate.exchange(&question(&gate)).is(401);
}

fn listening(socket: &Socket, more: &str) -> Program {
    let more = format!("{TRUSTED}{more}");
    Program::changed("info", &[("listen = [", &socket.listed(&more))])
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

#[test]
fn the_socket_has_the_mode_of_the_file_and_is_gone_at_the_end() {
    for (line, mode, signal) in [("", 0o660, "TERM"), ("socket_mode = \"0600\"\n", 0o600, "INT")] {
        let socket = Socket::new();
        let mut program = listening(&socket, line);
        let found = fs::symlink_metadata(&socket.path).expect("a socket");
        assert_eq!(found.permissions().mode() & 0o777, mode);
        assert!(is_socket(&socket.path));
        program.signal(signal);
        program.wait_for_end();
        assert!(!socket.path.exists(), "{signal}: {}", program.printed());
    }
}

#[test]
fn what_a_killed_process_left_is_replaced_and_what_another_put_there_is_kept() {
    let socket = Socket::new();
    let mut program = listening(&socket, "");
    let before = fs::symlink_metadata(&socket.path).expect("a socket").ino();
    program.kill();
    assert!(is_socket(&socket.path), "nobody removed it");
    program.start_again("info");
    drop(socket.wire());
    fs::remove_file(&socket.path).expect("removed");
    let other = UnixListener::bind(&socket.path).expect("another");
    program.signal("TERM");
    program.wait_for_end();
    assert!(is_socket(&socket.path), "it is another's: {before}");
    drop(other);
}

#[track_caller]
fn is_refused(socket: &Socket, why: &str) {
    let mut program = Program::starting("info", &[("listen = [", &socket.listed(TRUSTED))]);
    assert_eq!(program.wait_for_end().code(), Some(1));
    let said = program.printed_to("err");
    let path = socket.path.display();
    assert!(
        said.contains(&format!("server.listen: cannot listen on unix:{path}: {why}")),
        "{said}"
    );
}

#[test]
fn a_file_that_is_no_stale_socket_is_never_replaced() {
    let socket = Socket::new();
    fs::write(&socket.path, "precious").expect("written");
    is_refused(&socket, "a file is there that is no socket");
    assert_eq!(fs::read_to_string(&socket.path).expect("a file"), "precious");

    let socket = Socket::new();
    let elsewhere = socket.path.with_file_name("elsewhere");
    fs::write(&elsewhere, "precious").expect("written");
    std::os::unix::fs::symlink(&elsewhere, &socket.path).expect("a link");
    is_refused(&socket, "a file is there that is no socket");
    assert!(elsewhere.exists());

    let socket = Socket::new();
    let listener = UnixListener::bind(&socket.path).expect("a socket");
    is_refused(&socket, "another process listens there");
    assert!(is_socket(&socket.path));
    drop(listener);
}
