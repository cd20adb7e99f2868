//! THE table of subjects, and how the server of each is started.
use std::collections::HashMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::client::once;
use super::load::request;
use super::process::Process;
use super::servers::{ASKED, Authorizer, SERVERS};
use super::support::postgresql;
use super::support::redis_server::TestRedis;
use super::{Options, doorcode, tokens};

/// How long Doorcode waits for an engine. Under an instruction counter everything takes fifty times as long.
const WAIT: Duration = Duration::from_mins(1);

/// Cookies that a browser sends in addition to the session.
const COOKIES: &str = "theme=dark; _ga=GA1.1.1234567890.1700000000";

/// How requests are authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    None,
    /// Doorcode's session cookie, from the server of that name.
    Session,
    /// A cookie that the authorizer knows.
    Known,
    Hs256,
    Rs256,
}

/// One row of the comparison.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) server: &'static str,
    pub(crate) target: &'static str,
    pub(crate) proof: Proof,
}

pub(crate) fn all(options: &Options) -> Vec<Subject> {
    let row = |name, server, target, proof| Subject { name, server, target, proof };
    let mut rows = vec![
        row("direct", "direct", "/", Proof::None),
        row("bare Pingora", "bare", "/", Proof::None),
        row("Doorcode, public", "doorcode", "/public/logo.svg", Proof::None),
        row("Doorcode, signed in", "doorcode", "/", Proof::Session),
        row("Doorcode, signed in, full store", "doorcode-full", "/", Proof::Session),
        row("Doorcode, signed in, PostgreSQL and Redis", "doorcode-shared", "/", Proof::Session),
        row("nginx", "nginx", "/", Proof::None),
        row("nginx auth_request", "nginx-auth", "/", Proof::Known),
        row("nginx auth_request, Doorcode", "nginx-doorcode", "/", Proof::Session),
        row("HAProxy", "haproxy", "/", Proof::None),
        row("HAProxy jwt_verify HS256", "haproxy-hs256", "/", Proof::Hs256),
        row("HAProxy jwt_verify RS256", "haproxy-rs256", "/", Proof::Rs256),
        row("Caddy", "caddy", "/", Proof::None),
        row("Caddy forward_auth", "caddy-auth", "/", Proof::Known),
    ];
    if !options.before.is_empty() {
        rows.extend([
            row("Doorcode before, public", "doorcode-before", "/public/logo.svg", Proof::None),
            row("Doorcode before, signed in", "doorcode-before", "/", Proof::Session),
        ]);
    }
    rows
}

/// A running server with its authorizer.
pub(crate) struct Running {
    pub(crate) port: u16,
    /// The port of its authorizer, if it has one.
    judge: Option<u16>,
    processes: Vec<Process>,
}

impl Running {
    pub(crate) fn ids(&self) -> Vec<u32> {
        self.processes.iter().map(Process::id).collect()
    }
}

/// PostgreSQL and Redis, and the setting of Doorcode's that names them.
struct Engines {
    setting: String,
    _postgresql: postgresql::Server,
    _redis: TestRedis,
}

impl Engines {
    fn start() -> Self {
        let (postgresql, redis) = (postgresql::Server::start(), TestRedis::start());
        let database = postgresql.setting(WAIT);
        let setting = format!("{database}\ncache = \"redis://127.0.0.1:{}/0\"", redis.port);
        Self { setting, _postgresql: postgresql, _redis: redis }
    }
}

/// The folder of a run, its upstream, and values for the subjects' configurations.
pub(crate) struct Bench {
    folder: PathBuf,
    upstream: u16,
    _app: Process,
    rs256: String,
    known: &'static str,
    /// The program that is measured.
    doorcode: String,
    before: String,
    engines: Engines,
    /// By server.
    sessions: HashMap<&'static str, String>,
}

impl Bench {
    /// Starts the upstream and the engines, signs in at each Doorcode and fills the store of one.
    pub(crate) fn start(folder: &Path, options: &Options) -> Self {
        let rs256 = tokens::rs256(&folder.join("rs256.pem"));
        let upstream = free_port();
        let text = template("upstream.nginx");
        let values = [("name", "upstream".to_owned()), ("port", upstream.to_string())];
        let text = filled(&filled(&text, &values), &common(folder));
        fs::write(folder.join("upstream.conf"), text).expect("a file");
        let path = folder.join("upstream.conf").display().to_string();
        let words = ["nginx".to_owned(), "-c".to_owned(), path];
        let app = Process::start(folder, "upstream", &[], &words);
        let known = "M4lSgZk0mJtWbqXxJ0c5H6m6t1bq9vV2yQyqZ8m3c7E";
        let mut bench = Self {
            folder: folder.to_owned(),
            upstream,
            _app: app,
            rs256,
            known,
            doorcode: options.doorcode.clone(),
            before: options.before.clone(),
            engines: Engines::start(),
            sessions: HashMap::new(),
        };
        while !is_open(upstream) {
            std::thread::sleep(Duration::from_millis(50));
        }
        let before = (!options.before.is_empty()).then_some("doorcode-before");
        let known = ["doorcode", "doorcode-full", "doorcode-shared", "nginx-doorcode"];
        for server in known.into_iter().chain(before) {
            let running = bench.run(server, &[]).expect("Doorcode: see target/gate/doorcode.err");
            bench.sessions.insert(server, doorcode::session(running.port));
        }
        doorcode::fill(&folder.join("doorcode-full"), options.sessions);
        bench
    }

    /// Starts a server, each of its programs under `wrapper`, and waits until it listens. A program
    /// that runs fifty times slower may time out on its own database at the start, so it is retried.
    /// `None` if it cannot run under the wrapper.
    pub(crate) fn run(&self, name: &str, wrapper: &[String]) -> Option<Running> {
        for _ in 0..5 {
            let mut running = self.begin(name, wrapper);
            while running.processes[0].is_running() {
                if is_open(running.port) && running.judge.is_none_or(is_open) {
                    return Some(running);
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        None
    }

    fn begin(&self, name: &str, wrapper: &[String]) -> Running {
        let server = SERVERS.iter().find(|server| server.name == name).expect("a server");
        let (port, judge, admin) = (free_port(), free_port(), free_port());
        let mut values = common(&self.folder);
        values.extend([
            ("doorcode", self.doorcode.clone()),
            ("before", self.before.clone()),
            ("name", name.to_owned()),
            ("file", server.file.to_owned()),
            ("port", port.to_string()),
            ("judge", judge.to_string()),
            ("admin", admin.to_string()),
            ("upstream", self.upstream.to_string()),
            ("alg", if name.ends_with("hs256") { "HS256" } else { "RS256" }.to_owned()),
            ("key", self.key(name)),
            ("store", self.store(name)),
        ]);
        let mut processes = Vec::new();
        if name.starts_with("doorcode") {
            self.configure(name, &values, port, Some(self.upstream));
        } else if !server.file.is_empty() {
            let text = filled(&template(server.template), &values);
            fs::write(self.folder.join(server.file), text).expect("a file");
        }
        let words = |words: &[&str]| words.iter().map(|word| filled(word, &values)).collect();
        let mut start = |name: &str, words: Vec<String>| {
            processes.push(Process::start(&self.folder, name, wrapper, &words));
        };
        start(name, words(server.command));
        match server.authorizer {
            None => {}
            Some(Authorizer::Minimal) => {
                let command = words(&["{self}", "serve-authorizer", "{judge}", self.known]);
                start(&format!("{name}-authorizer"), command);
            }
            Some(Authorizer::Doorcode) => {
                self.configure(ASKED, &values, judge, None);
                let file = format!("{{folder}}/{ASKED}/doorcode.toml");
                start(ASKED, words(&["{doorcode}", "--config", &file]));
            }
        }
        Running { port, judge: server.authorizer.map(|_| judge), processes }
    }

    /// Writes the configuration of a Doorcode that listens at `listen`, before an upstream or asked
    /// by the proxy that is before it.
    fn configure(&self, name: &str, values: &[(&str, String)], listen: u16, upstream: Option<u16>) {
        let (table, line) = match upstream {
            Some(port) => (String::new(), format!("upstreams = [\"127.0.0.1:{port}\"]")),
            None => ("[forward_auth]\nfrom = [\"127.0.0.1\"]".to_owned(), String::new()),
        };
        let mut values = values.to_vec();
        values.extend([
            ("listen", listen.to_string()),
            ("forward_auth", table),
            ("upstreams", line),
        ]);
        let text = filled(&template("doorcode.toml"), &values);
        doorcode::configure(&self.folder.join(name), &text);
    }

    /// The setting of Doorcode's stores.
    fn store(&self, name: &str) -> String {
        if name == "doorcode-shared" {
            return self.engines.setting.clone();
        }
        "database = \"sqlite:doorcode.db\"".to_owned()
    }

    fn key(&self, name: &str) -> String {
        if name.ends_with("hs256") {
            return tokens::HS256_KEY.to_owned();
        }
        self.folder.join("rs256.pem").display().to_string()
    }

    /// The header lines of a subject's request.
    pub(crate) fn lines(&self, subject: &Subject, port: u16) -> Vec<String> {
        let session = self.sessions.get(subject.server).map(String::as_str).unwrap_or_default();
        let cookies = match subject.proof {
            Proof::Session => format!("{COOKIES}; doorcode={session}"),
            Proof::Known => format!("{COOKIES}; session={}", self.known),
            _ => COOKIES.to_owned(),
        };
        let mut lines = vec![format!("Host: localhost:{port}"), format!("Cookie: {cookies}")];
        match subject.proof {
            Proof::Hs256 => lines.push(format!("Authorization: Bearer {}", tokens::hs256())),
            Proof::Rs256 => lines.push(format!("Authorization: Bearer {}", self.rs256)),
            _ => {}
        }
        lines
    }

    /// Panics unless the subject does the same work as the others.
    pub(crate) fn check(&self, subject: &Subject, port: u16) {
        let lines = self.lines(subject, port);
        let answer = once(port, &request(subject.target, &lines)).expect("an answer");
        let Subject { name, .. } = subject;
        assert_eq!((answer.status, answer.body.len()), (200, 1024), "{name}: {}", answer.body);
        if subject.name == "direct" {
            return;
        }
        let folder = subject.target.rfind('/').map_or("/", |slash| &subject.target[..=slash]);
        let told = format!("{folder}told");
        let answer = once(port, &request(&told, &lines)).expect("an answer");
        let forwarded = format!("for=127.0.0.1 proto=http host=localhost:{port} user=");
        assert!(answer.body.starts_with(&forwarded), "{name}: {}", answer.body);
        let user = &answer.body[forwarded.len()..];
        let gated = subject.proof != Proof::None;
        assert_eq!(user.starts_with("sms|"), gated, "{name}: {}", answer.body);
        if gated {
            let answer = once(port, &request(subject.target, &lines[..1])).expect("an answer");
            assert!(answer.status >= 300, "{name} lets strangers in: {}", answer.status);
        }
    }
}

/// Read at run time, so that changes need no build.
fn template(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/gate/conf").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Values that every template may use.
fn common(folder: &Path) -> Vec<(&'static str, String)> {
    let this = std::env::current_exe().expect("this program");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/forward-auth");
    vec![
        ("shipped", shipped.display().to_string()),
        ("folder", folder.display().to_string()),
        ("self", this.display().to_string()),
        ("kilobyte", "x".repeat(1024)),
    ]
}

fn filled(text: &str, values: &[(&str, String)]) -> String {
    values
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

fn is_open(port: u16) -> bool {
    std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}
