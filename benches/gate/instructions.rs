//! Counts instructions: by the processor's counters or, if the machine does not expose them, by
//! callgrind, which simulates a processor and does not see the kernel.
use std::process::{Command, Stdio};

/// The method of counting on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counter {
    Perf,
    Callgrind,
}

pub(crate) struct Instructions {
    pub(crate) user: u64,
    pub(crate) kernel: Option<u64>,
}

/// The prefix of callgrind's output files, followed by the process id and a number.
const COUNTS: &str = "callgrind.counts";
const EVENTS: &str = "instructions:u,instructions:k";

impl Counter {
    pub(crate) fn of_this_machine() -> Self {
        let perf = Command::new("perf").args(["stat", "-x", ",", "-e", EVENTS, "true"]).output();
        let counted = perf.is_ok_and(|output| {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            output.status.success() && perf_count(&text, ":u").is_some()
        });
        if counted { Self::Perf } else { Self::Callgrind }
    }

    /// The command prefix under which instructions can be counted.
    pub(crate) fn wrapper(self) -> Vec<String> {
        match self {
            Self::Perf => Vec::new(),
            Self::Callgrind => {
                let out = format!("--callgrind-out-file={COUNTS}.%p");
                ["valgrind", "--tool=callgrind", &out].map(str::to_owned).to_vec()
            }
        }
    }

    /// The instructions of the processes during `work`; `None` if one of them cannot be counted.
    pub(crate) fn count(self, ids: &[u32], work: impl FnOnce()) -> Option<Instructions> {
        match self {
            Self::Perf => by_perf(ids, work),
            Self::Callgrind => by_callgrind(ids, work),
        }
    }
}

fn by_perf(ids: &[u32], work: impl FnOnce()) -> Option<Instructions> {
    let list: Vec<String> = ids.iter().map(u32::to_string).collect();
    let perf = Command::new("perf")
        .args(["stat", "-x", ",", "-e", EVENTS, "-p", &list.join(",")])
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    // It has no way to say that it began.
    std::thread::sleep(std::time::Duration::from_millis(300));
    work();
    let id = perf.id().to_string();
    Command::new("kill").args(["-s", "INT", &id]).status().ok()?;
    let text = perf.wait_with_output().ok()?.stderr;
    let text = String::from_utf8_lossy(&text);
    let user = perf_count(&text, ":u")?;
    Some(Instructions { user, kernel: perf_count(&text, ":k") })
}

/// Parses a line such as `1234,,instructions:u,5678,100.00,,`.
fn perf_count(text: &str, event: &str) -> Option<u64> {
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let line = lines.find(|line| line.get(2).is_some_and(|name| name.ends_with(event)))?;
    line[0].parse().ok()
}

fn by_callgrind(ids: &[u32], work: impl FnOnce()) -> Option<Instructions> {
    ids.iter().try_for_each(|id| control("--zero", *id))?;
    work();
    ids.iter().try_for_each(|id| control("--dump", *id))?;
    let user = ids.iter().map(|id| newest_count(*id)).sum::<Option<u64>>()?;
    Some(Instructions { user, kernel: None })
}

fn control(order: &str, id: u32) -> Option<()> {
    let output = Command::new("callgrind_control").args([order, &id.to_string()]).output().ok()?;
    String::from_utf8_lossy(&output.stdout).contains("OK.").then_some(())
}

/// The total of the newest dump, in the working directory of the program.
fn newest_count(id: u32) -> Option<u64> {
    let folder = std::fs::read_link(format!("/proc/{id}/cwd")).ok()?;
    let start = format!("{COUNTS}.{id}.");
    let numbers = std::fs::read_dir(&folder)
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_prefix(&start)?.parse::<u32>().ok());
    let newest = numbers.max()?;
    let text = std::fs::read_to_string(folder.join(format!("{start}{newest}"))).ok()?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "))?;
    total.split_whitespace().next()?.parse().ok()
}
