//! A PostgreSQL server of the test's own: Debian's, on a free port of the loopback, with its data in a
//! temporary folder. It ends with the test program, however that ends.
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock};
use std::time::Duration;

use doorcode::domain::Secret;
use doorcode::store::{Database, PostgresServer};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};
use tokio::time::Instant;

use super::ports::free_port;
use super::settings::DATABASE_PASSWORD;

/// How long a server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Starts the server in a new folder, and ends it and the folder when standard input ends, which it does
/// when the test program does. Arguments: the folder of PostgreSQL's programs, the port, and further
/// options of the server, of which the last of two counts.
const SCRIPT: &str = r#"
set -eu
bin=$1 port=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '%s' "$PASSWORD" > "$folder/password"
"$bin/initdb" -D "$folder/data" -U tests --auth=md5 --pwfile="$folder/password" \
    -E UTF8 --no-locale --no-sync >/dev/null
"$bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= -c max_connections=400 -c fsync=off -c full_page_writes=off \
    -c logging_collector=off -c log_min_messages=fatal "$@" >/dev/null 2>&1 </dev/null &
server=$!
echo "$server"
cat >/dev/null || true
# One that a test has stopped would end only when it goes on.
kill -CONT "$server" $(cat "/proc/$server/task/$server/children") 2>/dev/null || true
kill -QUIT "$server" 2>/dev/null || true
wait "$server" || true
"#;

/// A server.
pub(crate) struct Server {
    port: u16,
    /// Ends the server when it is dropped, since that closes its standard input. `None`: another program
    /// does that.
    keeper: Option<Mutex<Child>>,
    /// The process id of the server.
    pid: OnceLock<String>,
}

/// The port of a server that another program has started, for the tests to share.
pub(crate) const GIVEN: &str = "DOORCODE_TEST_POSTGRESQL";

/// The one that most tests share, each with a database of its own.
static SHARED: LazyLock<Server> = LazyLock::new(|| match std::env::var(GIVEN) {
    Ok(port) => {
        let port = port.parse().expect("a port");
        Server { port, keeper: None, pid: OnceLock::new() }
    }
    Err(_) => Server::start(),
});
static NEXT: AtomicU32 = AtomicU32::new(0);

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With further settings, each as `name=value`.
    pub(crate) fn with(settings: &[&str]) -> Self {
        let port = free_port();
        let bin = programs();
        let mut command = Command::new("sh");
        // PostgreSQL refuses to run as root. Debian's package makes a user for it.
        if is_root() {
            command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
        }
        let keeper = command
            .args(["-c", SCRIPT, "postgresql"])
            .arg(bin)
            .arg(port.to_string())
            .args(settings.iter().flat_map(|setting| ["-c", *setting]))
            .env("PASSWORD", DATABASE_PASSWORD)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        Self { port, keeper: Some(Mutex::new(keeper)), pid: OnceLock::new() }
    }

    /// A connection of the test's own.
    pub(crate) async fn connect(&self, database: &str) -> PgConnection {
        let options = PgConnectOptions::new()
            .host("127.0.0.1")
            .port(self.port)
            .username("tests")
            .password(DATABASE_PASSWORD)
            .database(database);
        let deadline = Instant::now() + PATIENCE;
        loop {
            match options.connect().await {
                Ok(connection) => return connection,
                Err(error) if Instant::now() > deadline => panic!("PostgreSQL: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// A new, empty database, and its name.
    pub(crate) async fn database(&self) -> (Database, String) {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let mut connection = self.connect("postgres").await;
        let create = format!("CREATE DATABASE {name}");
        sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await.expect("a database");
        (self.named(&name), name)
    }

    pub(crate) fn named(&self, name: &str) -> Database {
        // All tests may run at once, on a busy machine.
        Database::Postgres(server_at(&format!("127.0.0.1:{}", self.port), name).with_wait(PATIENCE))
    }

    /// The database of this name, as it is reached with the default wait.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What a file of settings says in place of its `database`, for a database of its own.
    pub(crate) fn setting(&self, wait: Duration) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let (_, name) = runtime.expect("a runtime").block_on(self.database());
        self.setting_of(&name, wait)
    }

    /// The same, for the database of this name.
    pub(crate) fn setting_of(&self, name: &str, wait: Duration) -> String {
        let port = self.port;
        format!(
            "database = \"postgres://tests@127.0.0.1:{port}/{name}?sslmode=disable\"
database_password = \"env:DATABASE\"
wait = \"{}s\"",
            wait.as_secs()
        )
    }

    /// Stops the server and those of its processes that serve connections.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    /// The process ids of the server, its own first, and of those that serve connections.
    pub(crate) fn processes(&self) -> Vec<String> {
        let pid = self.pid.get_or_init(|| {
            let keeper = self.keeper.as_ref().expect("a server of this program");
            let mut keeper = keeper.lock().expect("the keeper");
            let told = keeper.stdout.take().expect("its output");
            let mut line = String::new();
            BufReader::new(told).read_line(&mut line).expect("a process id");
            line.trim().to_owned()
        });
        let mut all = vec![pid.clone()];
        all.extend(children(pid));
        all
    }

    fn signal(&self, signal: &str) {
        let all = self.processes();
        let (pid, children) = all.split_first().expect("the server's own");
        let done = Command::new("kill").args([signal, pid]).status().expect("kill");
        assert!(done.success(), "{signal}");
        // One of them may end meanwhile.
        let mut kill = Command::new("kill");
        kill.arg(signal).args(children).stderr(Stdio::null()).status().expect("kill");
    }
}

/// A database as it is reached with the default wait.
pub(crate) fn server_at(hosts: &str, name: &str) -> PostgresServer {
    let url = format!("postgres://tests@{hosts}/{name}?sslmode=disable");
    PostgresServer::parse(&url).expect("a URL").with_password(&Secret::new(DATABASE_PASSWORD))
}

/// The process ids of a process's children.
fn children(parent: &str) -> Vec<String> {
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").expect("processes").flatten() {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // After the name of the program, in parentheses: the state and the parent.
        let rest = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().nth(1));
        if rest == Some(Some(parent)) {
            found.push(process.file_name().to_string_lossy().into_owned());
        }
    }
    found
}

pub(crate) fn shared() -> &'static Server {
    &SHARED
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id");
    id.stdout == b"0\n"
}

/// The folder of the newest version's programs.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let bins = versions.map(|version| version.path().join("bin"));
    let newest = bins.filter(|bin| bin.join("initdb").exists()).max();
    newest.expect("PostgreSQL is missing. Install it with: sudo apt-get install postgresql")
}
