//! A PostgreSQL server of the test's own: Debian's, on a free port of the loopback, with its data in a
//! temporary folder. It ends with the test program, however that ends.
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorcode::domain::Secret;
use doorcode::store::{Database, PostgresServer};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};
use tokio::time::Instant;

use super::gate::wait_for;
use super::ports::free_port;
use super::settings::DATABASE_PASSWORD;
use super::tables::Count;

/// How long a server may take to start on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// Starts the server in a new folder, once more for each line of standard input, and ends it and the
/// folder when that ends, which it does when the test program does. Arguments: the folder of
/// PostgreSQL's programs, the port, and further options of the server, of which the last of two counts.
/// Tells the process id of each start.
const SCRIPT: &str = r#"
set -eu
bin=$1 port=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '%s' "$PASSWORD" > "$folder/password"
"$bin/initdb" -D "$folder/data" -U tests --auth=md5 --pwfile="$folder/password" \
    -E UTF8 --no-locale --no-sync >/dev/null
start() {
    "$bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= -c max_connections=400 -c fsync=off -c full_page_writes=off \
        -c logging_collector=off -c log_min_messages=fatal "$@" >/dev/null 2>&1 </dev/null &
    server=$!
    echo "$server"
}
start "$@"
while read -r again; do
    wait "$server" || true
    start "$@"
done
# One that a test has stopped would end only when it goes on.
kill -CONT "$server" $(cat "/proc/$server/task/$server/children") 2>/dev/null || true
kill -QUIT "$server" 2>/dev/null || true
wait "$server" || true
"#;

/// A server.
pub(crate) struct Server {
    port: u16,
    /// `None`: another program has started it, and ends it.
    keeper: Option<Mutex<Keeper>>,
}

/// What started the server.
struct Keeper {
    /// Ends the server when it is dropped, since that closes its standard input.
    process: Child,
    told: BufReader<ChildStdout>,
    /// The process id of the server, once it was read.
    pid: Option<String>,
}

/// The port of a server that another program has started, for the tests to share.
pub(crate) const GIVEN: &str = "DOORCODE_TEST_POSTGRESQL";

/// The one that most tests share, each with a database of its own.
static SHARED: LazyLock<Server> = LazyLock::new(|| match std::env::var(GIVEN) {
    Ok(port) => Server { port: port.parse().expect("a port"), keeper: None },
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
        let mut process = command
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
        let told = BufReader::new(process.stdout.take().expect("its output"));
        Self { port, keeper: Some(Mutex::new(Keeper { process, told, pid: None })) }
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
        self.named_setting(wait).0
    }

    /// The same, and the name of the database.
    pub(crate) fn named_setting(&self, wait: Duration) -> (String, String) {
        let (_, name) = block_on(self.database());
        (self.setting_of(&name, wait), name)
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

    /// A number of the database with this name.
    pub(crate) fn count(&self, database: &str, count: Count) -> i64 {
        block_on(async {
            let mut connection = self.connect(database).await;
            sqlx::query_scalar(count.sql()).fetch_one(&mut connection).await.expect("a number")
        })
    }

    /// Stops the server and those of its processes that serve connections.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    /// As a machine that loses its power: nothing is finished. What was committed is there afterwards.
    pub(crate) fn kill(&self) {
        let all = self.processes();
        signal("-KILL", &all);
        wait_for("end of PostgreSQL", || all.iter().all(|pid| is_gone(pid)).then_some(()));
    }

    /// After it was killed. Waits until it takes connections.
    pub(crate) fn start_again(&self) {
        let mut keeper = self.keeper();
        keeper.pid = None;
        let input = keeper.process.stdin.as_mut().expect("its input");
        input.write_all(b"again\n").expect("a shell");
        drop(keeper);
        wait_for("start of PostgreSQL", || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()
        });
    }

    fn signal(&self, name: &str) {
        signal(name, &self.processes());
    }

    /// The process ids of the server, its own first, and of those that serve connections.
    pub(crate) fn processes(&self) -> Vec<String> {
        let mut keeper = self.keeper();
        let keeper = &mut *keeper;
        let pid = keeper.pid.get_or_insert_with(|| {
            let mut line = String::new();
            keeper.told.read_line(&mut line).expect("a process id");
            line.trim().to_owned()
        });
        let mut all = vec![pid.clone()];
        all.extend(children(pid));
        all
    }

    fn keeper(&self) -> MutexGuard<'_, Keeper> {
        let keeper = self.keeper.as_ref().expect("a server of this program");
        keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

fn signal(name: &str, processes: &[String]) {
    // Some may have ended meanwhile.
    drop(Command::new("kill").arg(name).args(processes).output().expect("kill"));
}

/// Whether a process has ended, even if nobody has asked for its exit code.
fn is_gone(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'))
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
