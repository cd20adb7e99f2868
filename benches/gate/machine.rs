//! The tools that a run needs, and the machine that it ran on.
use std::fs;
use std::process::{Command, exit};

/// Commands and Debian's packages for them.
const TOOLS: &[(&str, &str)] = &[
    ("nginx", "nginx"),
    ("haproxy", "haproxy"),
    ("caddy", "caddy"),
    ("wrk", "wrk"),
    ("callgrind_control", "valgrind"),
    ("taskset", "util-linux"),
];

/// Ends the program, naming what is missing.
pub(crate) fn need_tools() {
    let missing: Vec<&str> = TOOLS
        .iter()
        .filter(|(command, _)| {
            !Command::new("which").arg(command).output().is_ok_and(|o| o.status.success())
        })
        .map(|(_, package)| *package)
        .collect();
    if !missing.is_empty() {
        println!("Missing: install with `apt-get install {}`.", missing.join(" "));
        exit(1)
    }
}

/// Processor, kernel and versions, as lines of a list.
pub(crate) fn description() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let virtual_machine = if cpuinfo.contains("hypervisor") { ", virtual" } else { "" };
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "- {}, {cores} cores{virtual_machine}, {} GiB, Linux {}\n- {}; {}; {}; Caddy {}; Pingora 0.9.1",
        model.map_or("unknown processor", |(_, name)| name),
        memory.unwrap_or_default() / 1024 / 1024,
        kernel.trim(),
        first_line("rustc", "--version"),
        first_line("nginx", "-v"),
        first_line("haproxy", "-v"),
        first_line("caddy", "version"),
    )
}

fn first_line(command: &str, argument: &str) -> String {
    let output = Command::new(command).arg(argument).output();
    let text = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().next().unwrap_or_default().split(" - ").next().unwrap_or_default().to_owned()
}
