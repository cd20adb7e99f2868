//! Real nginx, Caddy and `HAProxy`, of Debian's packages, with files of `deploy`.
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::gate::wait_for;
use super::http::Wire;

/// The proxies of Debian's packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Nginx,
    Caddy,
    Haproxy,
}

pub(crate) const ALL: [Kind; 3] = [Kind::Nginx, Kind::Caddy, Kind::Haproxy];

/// One that runs until this is dropped.
pub(crate) struct Proxy {
    kind: Kind,
    child: Child,
    folder: TempDir,
}

impl Proxy {
    /// Starts one in `folder` with this configuration, which listens on `port`.
    pub(crate) fn start(kind: Kind, folder: TempDir, port: u16, configuration: &str) -> Self {
        let mut command = match kind {
            Kind::Nginx => nginx(folder.path(), configuration),
            Kind::Caddy => caddy(folder.path(), configuration),
            Kind::Haproxy => haproxy(folder.path(), configuration),
        };
        let log = File::create(folder.path().join("log")).expect("a log");
        let error = log.try_clone().expect("a log");
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(log).stderr(error);
        let child = command.spawn().unwrap_or_else(|why| {
            panic!("{kind:?}: {why}; apt-get install nginx caddy haproxy installs it")
        });
        let mut proxy = Self { kind, child, folder };
        proxy.wait_until_ready(port);
        proxy
    }

    fn wait_until_ready(&mut self, port: u16) {
        wait_for("a proxy", || {
            let ended = self.child.try_wait().expect("a state");
            let said = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(ended.is_none(), "{:?} ended: {ended:?} {}", self.kind, said());
            Wire::try_to(port).ok()
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file of `deploy`, with each of `changes` made in it.
pub(crate) fn deployed(name: &str, changes: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name);
    let text = fs::read_to_string(path).expect("a file");
    changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not in {name}");
        text.replace(from, to)
    })
}

pub(crate) fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("written");
}

fn nginx(folder: &Path, servers: &str) -> Command {
    let here = folder.display();
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths = paths.map(|name| format!("{name}_temp_path {here}/{name};\n")).concat();
    let whole = format!(
        "daemon off; master_process off; pid {here}/pid; error_log {here}/log;\n\
         events {{}}\nhttp {{\naccess_log off;\n{paths}{servers}}}\n"
    );
    write(folder, "nginx.conf", &whole);
    let mut command = Command::new("nginx");
    command.args(["-e", "log", "-p"]).arg(folder).args(["-c", "nginx.conf"]);
    command
}

fn caddy(folder: &Path, whole: &str) -> Command {
    write(folder, "Caddyfile", whole);
    let mut command = Command::new("caddy");
    command.args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"]);
    command.env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
    command
}

fn haproxy(folder: &Path, whole: &str) -> Command {
    write(folder, "haproxy.cfg", whole);
    let mut command = Command::new("haproxy");
    command.args(["-db", "-f", "haproxy.cfg"]);
    command
}
