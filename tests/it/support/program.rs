//! The program itself, as a child process: what only a whole process can show.
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use doorcode::system::{Clock, System};
use tempfile::TempDir;

use super::browser::Browser;
use super::gate::{wait_for, wait_until_ready};
use super::ports::free_port;
use super::settings::{DATABASE_PASSWORD, OTHER, SECRET, Settings};
use super::tables::{Count, users};
use super::twilio::{AUTH_TOKEN, FakeTwilio};
use super::upstream::Upstream;

pub(crate) struct Program {
    pub(crate) port: u16,
    pub(crate) admin: u16,
    pub(crate) texts: FakeTwilio,
    pub(crate) app: Upstream,
    folder: TempDir,
    child: Child,
    /// The processes that took over, by their ids.
    successors: Mutex<Vec<u32>>,
}

impl Program {
    /// `log` is what `DOORCODE_LOG` holds.
    pub(crate) fn start(log: &str) -> Self {
        Self::changed(log, &[])
    }

    /// The same, with each of `changes` made in its settings.
    pub(crate) fn changed(log: &str, changes: &[(&str, &str)]) -> Self {
        Self::by_shell(EXEC, log, changes)
    }

    /// The same, after the shell's `ulimit` with these arguments.
    pub(crate) fn with_files(ulimit: &str, log: &str, changes: &[(&str, &str)]) -> Self {
        Self::by_shell(&format!("ulimit {ulimit} || exit 1; {EXEC}"), log, changes)
    }

    /// The same, by a command line of the shell that ends as [`EXEC`] does.
    pub(crate) fn by_shell(line: &str, log: &str, changes: &[(&str, &str)]) -> Self {
        let program = Self::begun(line, log, changes);
        wait_until_ready(program.port, program.admin);
        program
    }

    /// One that is not waited for.
    pub(crate) fn starting(log: &str, changes: &[(&str, &str)]) -> Self {
        Self::begun(EXEC, log, changes)
    }

    pub(crate) fn starting_by_shell(line: &str, changes: &[(&str, &str)]) -> Self {
        Self::begun(line, "info", changes)
    }

    fn begun(line: &str, log: &str, changes: &[(&str, &str)]) -> Self {
        let (texts, app) = (FakeTwilio::start(), Upstream::start());
        let (port, admin) = (free_port(), free_port());
        let (origin, twilio) = (format!("http://localhost:{port}"), texts.base_url());
        let settings = Settings { port, admin, origin: &origin, app: app.port, twilio: &twilio };
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("my.toml"), settings.text(changes)).expect("written");
        let child = spawn(&folder, log, line);
        Self { port, admin, texts, app, folder, child, successors: Mutex::default() }
    }

    /// After it ended, once more with the same file and folder.
    pub(crate) fn start_again(&mut self, log: &str) {
        self.child = spawn(&self.folder, log, EXEC);
        wait_until_ready(self.port, self.admin);
    }

    pub(crate) fn browser(&self) -> Browser {
        let clock: Arc<dyn Clock> = System::real().clock;
        Browser::new(&format!("http://localhost:{}", self.port), self.port, clock)
    }

    /// Runs the program once more beside it, with these arguments in the same folder: its exit code
    /// and what it said to standard error.
    pub(crate) fn command(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let ended = program(&self.folder).args(arguments).output().expect("a process");
        (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
    }

    /// The same, with what it said to standard output.
    pub(crate) fn said(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let ended = program(&self.folder).args(arguments).output().expect("a process");
        (ended.status.code(), String::from_utf8_lossy(&ended.stdout).into_owned())
    }

    /// The same, run by sudo for somebody of that name.
    pub(crate) fn said_as(&self, user: &str, arguments: &[&str]) -> (Option<i32>, String) {
        let mut program = program(&self.folder);
        let ended = program.args(arguments).env("SUDO_USER", user).output().expect("a process");
        (ended.status.code(), String::from_utf8_lossy(&ended.stdout).into_owned())
    }

    /// Writes its settings to another file, with `changes` made.
    pub(crate) fn rewrite(&self, name: &str, changes: &[(&str, &str)]) {
        let mut text = fs::read_to_string(self.folder.path().join("my.toml")).expect("settings");
        for (from, to) in changes {
            assert!(text.contains(from), "`{from}` is not in the settings");
            text = text.replacen(from, to, 1);
        }
        fs::write(self.folder.path().join(name), text).expect("written");
    }

    /// Takes every site out of its settings and puts `instead` in their place.
    pub(crate) fn without_sites(&self, instead: &str) {
        let path = self.folder.path().join("my.toml");
        let text = fs::read_to_string(&path).expect("settings");
        let (rest, _) = text.split_once("[[site]]").expect("sites");
        fs::write(path, format!("{rest}{instead}")).expect("written");
    }

    /// Asks the program to hand over to a new process; returns the id of that.
    #[track_caller]
    pub(crate) fn upgrade(&self) -> u32 {
        let (code, said) = self.said(&["upgrade", "my.toml"]);
        assert_eq!(code, Some(0), "{said} {}", self.printed_to("err"));
        let id = said.split(' ').nth(1).and_then(|id| id.parse().ok()).expect("an id");
        self.successor(id);
        id
    }

    /// Ends it with this.
    pub(crate) fn successor(&self, id: u32) {
        self.successors.lock().expect("a lock").push(id);
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// As `kill -9`: nothing is finished.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Sends a signal to this child and nobody else.
    pub(crate) fn signal(&self, name: &str) {
        assert!(send(self.child.id(), name));
    }

    pub(crate) fn count(&self, count: Count) -> i64 {
        block_on(count.read(&self.database()))
    }

    /// The id of the user with this number.
    pub(crate) fn user_id(&self, phone: &str) -> String {
        block_on(users::id(&self.database(), phone))
    }

    fn database(&self) -> PathBuf {
        self.file("doorcode.db")
    }

    /// The most memory that it ever had, KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.memory_of("VmHWM:")
    }

    /// The memory that it has now, KiB.
    pub(crate) fn memory(&self) -> u64 {
        self.memory_of("VmRSS:")
    }

    fn memory_of(&self, what: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(path).expect("a status");
        let line = status.lines().find_map(|line| line.strip_prefix(what));
        let size = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        size.expect("a size")
    }

    /// From now on its files grow to this size at most.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        let size = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
        // As the soft limit, which may be raised again.
        let limit = format!("--fsize={size}:");
        let id = self.child.id().to_string();
        let set = Command::new("prlimit").args(["--pid", &id, &limit]).status();
        assert!(set.expect("prlimit").success(), "{limit}");
    }

    /// A file in its folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its limits, as the kernel tells them.
    pub(crate) fn limits(&self) -> String {
        fs::read_to_string(format!("/proc/{}/limits", self.child.id())).expect("its limits")
    }

    /// How many files it has open.
    pub(crate) fn open_files(&self) -> usize {
        let files = fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("its files");
        files.count()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a state").is_none()
    }

    /// Fails when it has not ended after 15 s, long before the longest that it gives itself.
    #[track_caller]
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        let mut looks = 0;
        wait_for("end of the program", || {
            looks += 1;
            assert!(looks < 1500, "the program does not end: {}", self.printed());
            self.child.try_wait().expect("a state")
        })
    }

    /// Everything that it printed.
    pub(crate) fn printed(&self) -> String {
        self.printed_to("out") + &self.printed_to("err")
    }

    /// What it printed to `out` or `err`.
    pub(crate) fn printed_to(&self, name: &str) -> String {
        let bytes = fs::read(self.folder.path().join(name)).expect("a log");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that ended by itself cannot be killed any more.
        drop(self.child.kill());
        drop(self.child.wait());
        for id in self.successors.get_mut().expect("a lock") {
            // It may have ended by itself.
            let _ = send(*id, "KILL");
        }
    }
}

/// Sends a signal to this process and nobody else. `false`: it has ended.
pub(crate) fn send(id: u32, name: &str) -> bool {
    let mut kill = Command::new("kill");
    let sent = kill.args(["-s", name, &id.to_string()]).stderr(Stdio::null()).status();
    sent.expect("kill").success()
}

/// Whether there is such a process that has not ended.
pub(crate) fn lives(id: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    state.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// What of a command line becomes the program.
pub(crate) const EXEC: &str = "exec \"$0\" --config my.toml";

fn spawn(folder: &TempDir, log: &str, line: &str) -> Child {
    let open = |name| {
        let file = File::options().append(true).create(true).open(folder.path().join(name));
        Stdio::from(file.expect("a log"))
    };
    around(Command::new("sh"), folder)
        .args(["-c", line, env!("CARGO_BIN_EXE_doorcode")])
        .env("DOORCODE_LOG", log)
        .stdin(Stdio::null())
        .stdout(open("out"))
        .stderr(open("err"))
        .spawn()
        .expect("a process")
}

fn program(folder: &TempDir) -> Command {
    around(Command::new(env!("CARGO_BIN_EXE_doorcode")), folder)
}

fn around(mut program: Command, folder: &TempDir) -> Command {
    program
        .current_dir(folder.path())
        .env("SECRET", SECRET)
        .env("TOKEN", AUTH_TOKEN)
        .env("OTHER", OTHER)
        .env("DATABASE", DATABASE_PASSWORD)
        .env("SMPP_PASSWORD", super::smsc::PASSWORD);
    program
}
