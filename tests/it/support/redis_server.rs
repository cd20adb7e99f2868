//! Redis servers of the tests' own, each on a free port of this machine and without files.
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use doorcode::domain::Secret;
use doorcode::store::{CellStore, RedisCells, RedisServer, RedisSettings};
use tempfile::TempDir;

use super::gate::wait_for;
use super::kept_cells::KeptCells;
use super::ports::free_port;

/// What every server of the tests is started with.
const PLAIN: [&str; 6] = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];

pub(crate) struct TestRedis {
    pub(crate) port: u16,
    arguments: Vec<String>,
    folder: TempDir,
    child: Child,
}

impl TestRedis {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With further arguments of `redis-server`.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().expect("a folder"));
        let mut all = vec!["--port".to_owned(), port.to_string()];
        all.extend(PLAIN.iter().chain(arguments).map(|&argument| argument.to_owned()));
        Self::run(port, folder, all)
    }

    /// A node of a cluster that talks to the others on the port `bus`. Left to itself it takes the
    /// one that is 10,000 above its own, which somebody else may have.
    pub(crate) fn cluster_node(bus: u16) -> Self {
        Self::with(&["--cluster-enabled", "yes", "--cluster-port", &bus.to_string()])
    }

    /// A sentinel that watches a primary on this machine, and gives it up after half a second.
    pub(crate) fn sentinel(name: &str, primary: u16) -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().expect("a folder"));
        let file = folder.path().join("sentinel.conf");
        let settings = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor {name} 127.0.0.1 {primary} 1\n\
             sentinel down-after-milliseconds {name} 500\nsentinel failover-timeout {name} 2000\n"
        );
        std::fs::write(&file, settings).expect("written");
        let all = vec![file.display().to_string(), "--sentinel".to_owned()];
        Self::run(port, folder, all)
    }

    fn run(port: u16, folder: TempDir, arguments: Vec<String>) -> Self {
        let child = spawn(&folder, &arguments);
        let mut server = Self { port, arguments, folder, child };
        server.wait_until_ready();
        server
    }

    fn wait_until_ready(&mut self) {
        wait_for("answer of redis-server", || {
            let ended = self.child.try_wait().expect("a state");
            assert!(ended.is_none(), "redis-server {:?} ended: {ended:?}", self.arguments);
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
            // One that wants a password says so.
            let answer = ask(stream, "PING").ok()?;
            (answer.contains("PONG") || answer.contains("NOAUTH")).then_some(())
        });
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// As `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Once more on the same port, after it was killed: it has forgotten everything since the last SAVE.
    pub(crate) fn start_again(&mut self, arguments: &[&str]) {
        let more = arguments.iter().map(|&argument| argument.to_owned());
        let all: Vec<String> = self.arguments.iter().cloned().chain(more).collect();
        self.child = spawn(&self.folder, &all);
        self.wait_until_ready();
    }

    /// Sends a signal to this child and nobody else.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("kill").success());
    }

    /// Its answer to a command without spaces within arguments. Asks again when the connection is
    /// lost: a server that changes its role closes all of them.
    pub(crate) fn tell(&self, command: &str) -> String {
        wait_for("answer", || {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
            ask(stream, command).ok().filter(|answer| !answer.is_empty())
        })
    }

    pub(crate) fn url(&self) -> Secret {
        Secret::new(format!("redis://127.0.0.1:{}/0", self.port))
    }

    pub(crate) async fn cells(&self) -> RedisCells {
        RedisCells::connect(settings(RedisServer::Single(self.url()))).await.expect("cells")
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        // One that was killed cannot be killed any more.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(folder: &TempDir, arguments: &[String]) -> Child {
    Command::new("redis-server")
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("redis-server: {error}; on Debian and Ubuntu: apt-get install redis-server")
        })
}

/// The answer's first line, and the text behind it if that is a bulk string.
fn ask(mut stream: TcpStream, command: &str) -> std::io::Result<String> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    let (mut answer, mut reader) = (String::new(), BufReader::new(stream));
    reader.read_line(&mut answer)?;
    if let Some(length) = answer.strip_prefix('$').and_then(|text| text.trim().parse().ok()) {
        let mut bulk = vec![0; length];
        reader.read_exact(&mut bulk)?;
        return Ok(String::from_utf8_lossy(&bulk).into_owned());
    }
    Ok(answer.trim_end().to_owned())
}

pub(crate) fn settings(server: RedisServer) -> RedisSettings {
    RedisSettings { server, roots: None, prefix: "test:".to_owned(), wait: Duration::from_secs(1) }
}

/// The server that tests share that do it no harm. It ends with the last of them.
fn shared() -> Arc<TestRedis> {
    static SERVER: Mutex<Weak<TestRedis>> = Mutex::new(Weak::new());
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    server.upgrade().unwrap_or_else(|| {
        let started = Arc::new(TestRedis::start());
        *server = Arc::downgrade(&started);
        started
    })
}

/// Empty cells in Redis that nobody else has.
pub(crate) async fn shared_cells() -> Arc<dyn CellStore> {
    let [one] = shared_nodes().await;
    one
}

/// The same cells, as this many nodes have them.
pub(crate) async fn shared_nodes<const N: usize>() -> [Arc<dyn CellStore>; N] {
    static USED: AtomicU32 = AtomicU32::new(0);
    let prefix = format!("test-{}:", USED.fetch_add(1, Ordering::Relaxed));
    let mut nodes: Vec<Arc<dyn CellStore>> = Vec::new();
    for _ in 0..N {
        let server = shared();
        let single = RedisServer::Single(server.url());
        // All tests may run at once, on a busy machine.
        let wait = Duration::from_secs(30);
        let settings = RedisSettings { prefix: prefix.clone(), wait, ..settings(single) };
        let cells = RedisCells::connect(settings).await.expect("cells");
        nodes.push(Arc::new(KeptCells { cells, _keeps: server as _ }));
    }
    nodes.try_into().unwrap_or_else(|_| panic!("as many as were made"))
}
