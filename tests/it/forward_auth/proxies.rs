use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use doorcode::system::{Clock, System};
use tempfile::TempDir;

use crate::support::browser::{Browser, Line};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Answer, Wire};
use crate::support::ports::free_port;

/// The proxies of Debian's packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Nginx,
    Caddy,
    Haproxy,
}

pub(super) const ALL: [Kind; 3] = [Kind::Nginx, Kind::Caddy, Kind::Haproxy];

/// Whoever listens here may ask.
pub(super) const ASKED: (&str, &str) =
    ("[admin]\n", "[forward_auth]\nfrom = [\"127.0.0.1\"]\n[admin]\n");

/// The login pages may be below a path of a host where no site is.
pub(super) const SHARED: (&str, &str) =
    ("secret = \"env:SECRET\"", "secret = \"env:SECRET\"\nunsafe_shared_origin = true");

/// A proxy, the Doorcode that it asks, and the app behind it.
pub(super) struct Fronted {
    pub(super) kind: Kind,
    pub(super) gate: Gate,
    pub(super) port: u16,
    child: Child,
    folder: TempDir,
}

impl Fronted {
    pub(super) fn start(kind: Kind) -> Self {
        Self::changed(kind, &[])
    }

    /// With each of `changes` made in Doorcode's settings.
    pub(super) fn changed(kind: Kind, changes: &[(&str, &str)]) -> Self {
        Self::at(kind, free_port(), changes)
    }

    /// Whose login pages are at this `issuer`, on another host than the site.
    pub(super) fn with_issuer(kind: Kind, issuer: &str) -> Self {
        let port = free_port();
        let own = format!("public_url = \"http://localhost:{port}/.doorcode\"");
        let other = format!("public_url = \"{issuer}/.doorcode\"");
        Self::at(kind, port, &[(&own, &other), SHARED])
    }

    fn at(kind: Kind, port: u16, changes: &[(&str, &str)]) -> Self {
        let origin = format!("http://localhost:{port}");
        let upstreams = format!("url = \"{origin}\"\nupstreams");
        let none = format!("url = \"{origin}\"\n# upstreams");
        let all = [&[ASKED, (&upstreams, &none)], changes].concat();
        let gate = Gate::at(Some(&origin), &all);
        let folder = tempfile::tempdir().expect("a folder");
        let child = spawn(kind, folder.path(), (port, gate.port, gate.app.port));
        let mut proxy = Self { kind, gate, port, child, folder };
        proxy.wait_until_ready();
        proxy
    }

    fn wait_until_ready(&mut self) {
        wait_for("a proxy", || {
            let ended = self.child.try_wait().expect("a state");
            let said = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(ended.is_none(), "{:?} ended: {ended:?} {}", self.kind, said());
            Wire::try_to(self.port).ok()
        });
    }

    pub(super) fn browser(&self) -> Browser {
        let clock: Arc<dyn Clock> = System::real().clock;
        Browser::new(&format!("http://localhost:{}", self.port), self.port, clock)
    }

    /// Sends a request that must not pass: refused, or led to the login, and not seen by the app.
    #[track_caller]
    pub(super) fn is_kept_out(
        &self,
        browser: &mut Browser,
        (method, target): (&str, &str),
        lines: &[Line<'_>],
    ) -> Answer {
        let before = self.gate.app.count();
        let answer = browser.send(method, target, lines, None);
        let passed = self.gate.app.count() - before;
        let kind = self.kind;
        assert_eq!(passed, 0, "{kind:?} {target} {lines:?}: {:?}", self.gate.app.last());
        let refused = matches!(answer.status, 303 | 400..=405 | 413 | 500 | 503);
        assert!(refused, "{kind:?} {method} {target} {lines:?}: {answer}");
        answer
    }
}

impl Drop for Fronted {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file of `deploy/forward-auth`, with each of `changes` made in it.
fn deployed(name: &str, changes: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/forward-auth").join(name);
    let text = fs::read_to_string(path).expect("a file");
    changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not in {name}");
        text.replace(from, to)
    })
}

/// Where a proxy listens, whom it asks, and where it forwards to.
struct Places {
    port: u16,
    gate: String,
    app: String,
}

impl Places {
    /// What stands in the files in their place.
    fn changes(&self) -> [(&str, &str); 2] {
        [("127.0.0.1:8080", &self.gate), ("127.0.0.1:3000", &self.app)]
    }
}

/// Starts a proxy at the first port, which asks at the second and forwards to the third.
fn spawn(kind: Kind, folder: &Path, (port, gate, app): (u16, u16, u16)) -> Child {
    let places =
        Places { port, gate: format!("127.0.0.1:{gate}"), app: format!("127.0.0.1:{app}") };
    let mut command = match kind {
        Kind::Nginx => nginx(folder, &places),
        Kind::Caddy => caddy(folder, &places),
        Kind::Haproxy => haproxy(folder, &places),
    };
    let log = File::create(folder.join("log")).expect("a log");
    let error = log.try_clone().expect("a log");
    command.current_dir(folder).stdin(Stdio::null()).stdout(log).stderr(error);
    command.spawn().unwrap_or_else(|why| {
        panic!("{kind:?}: {why}; apt-get install nginx caddy haproxy installs it")
    })
}

fn write(folder: &Path, name: &str, text: String) {
    fs::write(folder.join(name), text).expect("written");
}

fn nginx(folder: &Path, places: &Places) -> Command {
    let listen = format!("listen 127.0.0.1:{};", places.port);
    let default = format!("listen 127.0.0.1:{} default_server;", places.port);
    let [gate, app] = places.changes();
    let server = deployed(
        "nginx.conf",
        &[
            gate,
            app,
            ("listen 443 ssl;", &listen),
            ("listen 443 ssl default_server;", &default),
            ("    ssl_reject_handshake on;\n", ""),
            ("server_name app.example.com;", "server_name localhost;"),
            ("    ssl_certificate     /etc/ssl/app.example.com.pem;\n", ""),
            ("    ssl_certificate_key /etc/ssl/private/app.example.com.key;\n", ""),
            ("/etc/nginx/doorcode-question.conf", "question.conf"),
        ],
    );
    write(folder, "question.conf", deployed("doorcode-question.conf", &[]));
    let here = folder.display();
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths = paths.map(|name| format!("{name}_temp_path {here}/{name};\n")).concat();
    let whole = format!(
        "daemon off; master_process off; pid {here}/pid; error_log {here}/log;\n\
         events {{}}\nhttp {{\naccess_log off;\n{paths}{server}}}\n"
    );
    write(folder, "nginx.conf", whole);
    let mut command = Command::new("nginx");
    command.args(["-e", "log", "-p"]).arg(folder).args(["-c", "nginx.conf"]);
    command
}

fn caddy(folder: &Path, places: &Places) -> Command {
    let site = format!("http://localhost:{} {{", places.port);
    let [gate, app] = places.changes();
    let site = deployed("Caddyfile", &[gate, app, ("app.example.com {", &site)]);
    write(folder, "Caddyfile", format!("{{\n\tadmin off\n\tauto_https off\n}}\n{site}"));
    let mut command = Command::new("caddy");
    command.args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"]);
    command.env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
    command
}

fn haproxy(folder: &Path, places: &Places) -> Command {
    let [gate, app] = places.changes();
    write(folder, "doorcode.lua", deployed("doorcode.lua", &[gate]));
    let bind = format!("bind 127.0.0.1:{}", places.port);
    let tls = "bind :443 ssl crt /etc/ssl/private/app.example.com.pem";
    let lua = format!("{}/doorcode.lua", folder.display());
    let (own, host) = ("-i app.example.com }", format!("-i localhost:{} }}", places.port));
    let changes = [gate, app, (tls, &bind), ("/etc/haproxy/doorcode.lua", &lua), (own, &host)];
    write(folder, "haproxy.cfg", deployed("haproxy.cfg", &changes));
    let mut command = Command::new("haproxy");
    command.args(["-db", "-f", "haproxy.cfg"]);
    command
}
