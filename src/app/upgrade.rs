//! Handing over to a new process of the program that is installed now, without a refused connection.
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tracing::{error, info, warn};

use super::decorate::Assembled;
use super::reload::tell;
use crate::config::Config;
use crate::domain::NodeId;
use crate::proxy::{
    AdminRequest, AdminResult, BackgroundJob, Drain, Predecessor, Progress, Sockets, Successor,
    TAKES_OVER,
};
use crate::store::{CarriedValue, MemoryStores};

/// Limit for `doorcode check` of the new program.
const CHECKED_WITHIN: Duration = Duration::from_secs(30);
/// Limit for the new process to get ready. It may change the tables of the database first.
const READY_WITHIN: Duration = Duration::from_mins(5);
/// Limit for the listeners of this process to close.
const CLOSED_WITHIN: Duration = Duration::from_secs(2);

/// Limit for the new process to take what is in memory, and to accept.
const RELEASED_WITHIN: Duration = Duration::from_secs(30);
/// How long a process that said nothing more may take to end.
const ENDED_WITHIN: Duration = Duration::from_secs(2);
const ENDING: &str = "the server is ending\n";
/// The program of this process, also when its file is gone (proc(5)).
const SELF: &str = "/proc/self/exe";

/// The process whose end is that of a container.
const FIRST_PROCESS: u32 = 1;

/// What a process needs to be succeeded.
pub(super) struct Upgrader {
    /// Read at the start: an upgrade puts another file in its place. `None`: /proc is not there.
    program: Option<PathBuf>,
    arguments: Vec<OsString>,
    file: Option<PathBuf>,
    sockets: Arc<Sockets>,
    drain: Arc<Drain>,
    node: Option<NodeId>,
    /// What only this process has.
    memory: Option<Arc<MemoryStores>>,
}

impl Upgrader {
    pub(super) fn new(config: &Config, sockets: &Arc<Sockets>, made: &Assembled) -> Self {
        Self {
            program: std::env::current_exe().ok().map(|path| of_file(&path)),
            arguments: std::env::args_os().skip(1).collect(),
            file: config.file().map(PathBuf::from),
            sockets: Arc::clone(sockets),
            drain: Arc::clone(&made.server.shared.drain),
            node: made.node,
            memory: made.memory.clone(),
        }
    }

    pub(super) fn job(self, requests: mpsc::Receiver<AdminRequest>) -> BackgroundJob {
        BackgroundJob { name: "upgrade", run: Box::pin(self.run(requests)) }
    }

    async fn run(self, mut requests: mpsc::Receiver<AdminRequest>) {
        while let Some(request) = requests.recv().await {
            info!(program = ?self.program, "handing over to a new process");
            let result = self.hand_over().await;
            let is_done = result.is_ok();
            tell(&result, "nothing is handed over");
            request.answer(result);
            if is_done {
                return;
            }
        }
    }

    async fn hand_over(&self) -> AdminResult {
        if std::process::id() == FIRST_PROCESS {
            let why = "this is the first process of a container, which ends with it: replace the container";
            return Err(format!("{why}\n"));
        }
        let program = self.program.as_deref().ok_or("the path of this program is not known\n")?;
        self.check(program).await?;
        let mut next = self.start(program).await?;
        if !self.drain.readiness.hand_over() {
            return Err(ENDING.into());
        }
        let closed = Arc::clone(&self.drain.listeners_closed).received();
        // Without it nothing is refused either: both would accept.
        let _ = tokio::time::timeout(CLOSED_WITHIN, closed).await;
        let mut released = self.release(&mut next).await;
        if let Err(why) = &released {
            // Nobody accepts any more, but connections wait at the sockets, which this process has still.
            error!(%why, "the new process ended when it took over: this program takes its own place");
            released = self.release_to(Path::new(SELF)).await;
        }
        if released.is_ok() {
            self.sockets.leave();
        } else {
            self.sockets.close();
        }
        self.drain.released.send();
        let id = released?;
        Ok(format!("process {id} took over from {}\n", std::process::id()))
    }

    async fn release_to(&self, program: &Path) -> Result<u32, String> {
        let mut next = self.start(program).await?;
        self.release(&mut next).await
    }

    /// Starts a new process, and waits until it can serve. On an error, and when this process ends, it is
    /// killed.
    async fn start(&self, program: &Path) -> Result<Next, String> {
        let begun = self.begin(program);
        let mut next = begun.map_err(|why| format!("{}: {why}\n", program.display()))?;
        let readiness = &self.drain.readiness;
        let ready = async {
            tokio::select! {
                biased;
                () = readiness.ended() => Err(ENDING.into()),
                ready = next.ready(program) => ready,
            }
        };
        match ready.await {
            Ok(()) => Ok(next),
            Err(why) => {
                next.kill().await;
                Err(why)
            }
        }
    }

    fn begin(&self, program: &Path) -> std::io::Result<Next> {
        let (successor, stdin) = Successor::new()?;
        successor.greet(&self.sockets, self.node)?;
        // Only the child has the other end from then on, so that its end is seen.
        let child =
            command(program).args(&self.arguments).env(TAKES_OVER, "1").stdin(stdin).spawn()?;
        Ok(Next { successor, child })
    }

    /// Gives the new process what only this one has, and lets it go on alone. Returns its id when it
    /// accepts what comes.
    async fn release(&self, next: &mut Next) -> Result<u32, String> {
        let id = next.child.id().unwrap_or_default();
        let released: std::io::Result<()> = tokio::time::timeout(RELEASED_WITHIN, async {
            for value in self.memory.iter().flat_map(|memory| memory.values()) {
                next.successor.carry(serde_json::to_string(&value)?).await?;
            }
            next.successor.release().await?;
            match next.successor.next().await {
                Progress::Begun => Ok(()),
                _ => Err(std::io::ErrorKind::UnexpectedEof.into()),
            }
        })
        .await
        .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
        if let Err(why) = released {
            next.kill().await;
            return Err(format!("process {id} ended when it took over: {why}\n"));
        }
        // The service manager would take the end of this process for that of the service.
        notify(&[NotifyState::MainPid(id), NotifyState::Ready]);
        Ok(id)
    }

    /// What the new program says of the file, so that a mistake is told to whoever asked.
    async fn check(&self, program: &Path) -> Result<(), String> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut check = command(program);
        check.arg("check").arg(file).stdin(Stdio::null()).kill_on_drop(true);
        let said = tokio::time::timeout(CHECKED_WITHIN, check.output()).await;
        let said = said.map_err(|_| "`doorcode check` of the new program does not end\n")?;
        let said = said.map_err(|why| format!("{}: {why}\n", program.display()))?;
        if said.status.success() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&said.stderr).into_owned();
        let silent = || format!("{} check: {}\n", program.display(), said.status);
        Err(if why.trim().is_empty() { silent() } else { why })
    }
}

/// The path of a program's file, which may have been replaced since (proc(5)).
fn of_file(path: &Path) -> PathBuf {
    path.to_str().and_then(|path| path.strip_suffix(" (deleted)")).map_or(path, Path::new).into()
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    // Meant for this process only.
    for name in ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", TAKES_OVER] {
        command.env_remove(name);
    }
    command
}

/// The process that takes over.
struct Next {
    successor: Successor,
    child: Child,
}

impl Next {
    /// Waits until it can serve.
    async fn ready(&mut self, program: &Path) -> Result<(), String> {
        let mut last = String::new();
        let ready = async {
            loop {
                match self.successor.next().await {
                    Progress::Ready => return true,
                    Progress::Waiting(why) => last = why,
                    Progress::Begun | Progress::Ended => return false,
                }
            }
        };
        match tokio::time::timeout(READY_WITHIN, ready).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.how_it_ended(program).await),
            Err(_) => Err(format!("the new process is not ready after 5 minutes: {last}\n")),
        }
    }

    async fn how_it_ended(&mut self, program: &Path) -> String {
        let program = program.display();
        match tokio::time::timeout(ENDED_WITHIN, self.child.wait()).await {
            Ok(Ok(how)) => {
                format!(
                    "the new process ended ({how}); the log says why, unless {program} is no Doorcode\n"
                )
            }
            Ok(Err(why)) => format!("the new process ended: {why}\n"),
            Err(_) => format!("the new process says what is not ours; is {program} Doorcode?\n"),
        }
    }

    async fn kill(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill().await);
    }
}

/// Tells the service manager, if it started this process and wants to know (`sd_notify(3)`).
fn notify(news: &[NotifyState<'_>]) {
    if let Err(why) = sd_notify::notify(news) {
        warn!(%why, "cannot tell the service manager");
    }
}

/// Tells the service manager when requests are accepted.
pub(super) fn tell_of_start(made: &Assembled) -> BackgroundJob {
    let drain = Arc::clone(&made.server.shared.drain);
    let run = async move {
        drain.readiness.begun().await;
        notify(&[NotifyState::Ready]);
    };
    BackgroundJob { name: "notify", run: Box::pin(run) }
}

/// Takes the place of another process when this one can serve.
pub(super) fn take_over(predecessor: Predecessor, made: &Assembled) -> BackgroundJob {
    let (checks, drain) = (made.server.checks.clone(), Arc::clone(&made.server.shared.drain));
    let memory = made.memory.clone();
    let run = async move {
        let mut unknown = 0_usize;
        let take_in = |value: String| {
            let value: Option<CarriedValue> = serde_json::from_str(&value).ok();
            let known = memory.as_ref().zip(value).and_then(|(memory, it)| memory.take_in(&it));
            unknown += usize::from(known.is_none());
        };
        let took_over = tokio::select! {
            biased;
            // It is not said to be ready then: the process before this one goes on.
            () = drain.readiness.ended() => return,
            took_over = predecessor.take_over(&checks, take_in) => took_over,
        };
        if let Err(why) = took_over {
            error!(%why, "the process before this one goes on, or has ended");
            std::process::exit(1);
        }
        if unknown > 0 {
            warn!(unknown, "logins or tickets of the process before this one cannot be read");
        }
        drain.readiness.begin();
    };
    BackgroundJob { name: "take over", run: Box::pin(run) }
}
