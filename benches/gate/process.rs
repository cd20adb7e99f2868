//! Child processes: started on one core, measured with their children, ended by their ids.
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::support::settings::DATABASE_PASSWORD;

/// Subjects, upstream and load share this core: on a virtual machine, waking an idle core costs more
/// than the work that is measured.
pub(crate) const CORE: &str = "0";

/// A running program of the bench.
pub(crate) struct Process(Child);

impl Process {
    /// Starts `words` in `folder`, its output in `NAME.out` there. `words` are run under
    /// `wrapper` unless that is empty.
    pub(crate) fn start(folder: &Path, name: &str, wrapper: &[String], words: &[String]) -> Self {
        let out = |end: &str| File::create(folder.join(format!("{name}.{end}"))).expect("a file");
        let child = Command::new("taskset")
            .args(["-c", CORE])
            .args(wrapper)
            .args(words)
            .current_dir(folder)
            .env("GOMAXPROCS", "1")
            .env("DATABASE", DATABASE_PASSWORD)
            .stdin(Stdio::null())
            .stdout(Stdio::from(out("out")))
            .stderr(Stdio::from(out("err")))
            .spawn();
        Self(child.unwrap_or_else(|error| panic!("{name} cannot be started: {error}")))
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }

    /// The id of the program: `taskset` replaces itself by it.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let id = self.0.id().to_string();
        drop(Command::new("kill").args(["-s", "TERM", &id]).status());
        for _ in 0..100 {
            if !self.is_running() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Processor time of all threads of the processes so far.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cpu {
    /// Nanoseconds, user and kernel.
    pub(crate) all: u64,
    /// In ticks of 10 ms; precise enough for a ratio only.
    pub(crate) user: u64,
    pub(crate) kernel: u64,
}

impl Cpu {
    pub(crate) fn of(ids: &[u32]) -> Self {
        let mut cpu = Self::default();
        for id in ids {
            for thread in fs::read_dir(format!("/proc/{id}/task")).expect("a running process") {
                let path = thread.expect("a thread").path();
                cpu.all += field(&path.join("schedstat"), 0);
                // Fields are counted after the name, which may hold spaces.
                cpu.user += field(&path.join("stat"), 11);
                cpu.kernel += field(&path.join("stat"), 12);
            }
        }
        cpu
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            all: self.all.saturating_sub(before.all),
            user: self.user.saturating_sub(before.user),
            kernel: self.kernel.saturating_sub(before.kernel),
        }
    }
}

/// Zero if the thread has ended since it was listed.
fn field(path: &Path, index: usize) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let text = text.rsplit_once(')').map_or(text.as_str(), |(_, rest)| rest);
    text.split_whitespace().nth(index).and_then(|field| field.parse().ok()).unwrap_or_default()
}

/// Proportional set size of the processes, in KiB.
pub(crate) fn memory(ids: &[u32]) -> u64 {
    let of = |id: &u32| {
        let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("Pss:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default()
    };
    ids.iter().map(of).sum()
}

/// Peak resident memory, KiB.
pub(crate) fn peak(ids: &[u32]) -> u64 {
    let of = |id: &u32| {
        let text = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default()
    };
    ids.iter().map(of).sum()
}
