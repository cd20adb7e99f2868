//! The tables of docs/performance.md.
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::Options;
use super::instructions::Counter;
use super::process::CORE;
use super::series::{Results, Seen};

const INTRODUCTION: &str = "\
# What a request costs

Made by `cargo bench --bench gate`; do not edit by hand. The same request for all: a GET with two
cookies beside the caller's credentials; a response of 1 KiB from nginx. Every subject runs with one
thread, writes an access line and sets `X-Forwarded-For`, `-Proto` and `-Host`. The bench checks that
before it measures, and that a gated subject refuses a request without credentials. The authorizer
behind `auth_request` and `forward_auth` is the smallest possible service (a cookie looked up in a
map, three headers), but for the row where nginx asks Doorcode; its cost is included.
";

const TRUST: &str = "\
## What can be trusted

- Instruction counts repeat within about 1 %; judge changes by them.
- All processes of a subject, the upstream and the load generator share one core. Requests per second
  and latencies are therefore those of the whole chain, and only their order is meaningful. CPU time
  is that of the subject alone. On a virtual machine it varies by 10 % from run to run.
- Memory for an idle connection is the mean of 1,000 connections that had one response each.
";

/// What another run writes to the same page begins with this.
const OTHERS: &str = "\n# A million people\n";

/// Writes the text in the place of the former one.
pub(crate) fn write(page: &Path, text: &str) {
    let before = fs::read_to_string(page).unwrap_or_default();
    let others = before.find(OTHERS).map_or("", |at| &before[at..]);
    fs::write(page, format!("{text}{others}")).expect("docs/performance.md");
}

pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

fn cell(values: &[f64], digits: usize) -> String {
    median(values).map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

pub(crate) fn text(results: &Results, options: &Options) -> String {
    let mut text = format!("{INTRODUCTION}\n## The machine\n\n{}\n", results.machine);
    let Options { rounds, seconds, counted, .. } = options;
    let counter = match results.counter {
        Some(Counter::Perf) => "by the processor's counters, in user space and in the kernel",
        Some(Counter::Callgrind) => {
            "by callgrind, in user space only: this machine has no counters. It knows fewer of \
             the processor's instructions for cryptography, so signatures look more expensive"
        }
        None => "not at all",
    };
    let _ = write!(
        text,
        "- medians of {rounds} alternating rounds on core {CORE}: {seconds} s of load with 64 \
         connections; {counted} requests whose instructions are counted {counter}\n\n"
    );
    text.push_str(&table(results));
    text.push_str(&bars(results, options));
    text.push('\n');
    text.push_str(TRUST);
    text
}

fn table(results: &Results) -> String {
    let mut text = String::from(
        "| subject | user instructions | kernel | CPU µs (user) | requests/s | p50 / p99 µs | \
         peak MiB | KiB / idle connection |\n|---|---|---|---|---|---|---|---|\n",
    );
    for (subject, seen) in &results.rows {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} ({}) | {} | {} / {} | {} | {:.1} |",
            subject.name,
            cell(&seen.user_instructions, 0),
            cell(&seen.kernel_instructions, 0),
            cell(&seen.cpu, 1),
            cell(&seen.cpu_user, 1),
            cell(&seen.per_second, 0),
            cell(&seen.p50, 0),
            cell(&seen.p99, 0),
            seen.peak / 1024,
            seen.per_idle_connection,
        );
    }
    text
}

/// What the project holds itself to.
fn bars(results: &Results, options: &Options) -> String {
    let user = |name: &str| {
        let row = results.rows.iter().find(|(subject, _)| subject.name == name);
        row.and_then(|(_, seen): &(_, Seen)| median(&seen.user_instructions))
    };
    let cpu = |name: &str| {
        let row = results.rows.iter().find(|(subject, _)| subject.name == name);
        row.and_then(|(_, seen)| median(&seen.cpu)).unwrap_or(f64::NAN)
    };
    let named = ["bare Pingora", "Doorcode, public", "Doorcode, signed in"].map(user);
    let [Some(bare), Some(public), Some(signed_in)] = named else { return String::new() };
    let full = user("Doorcode, signed in, full store").unwrap_or(f64::NAN);
    let shared = user("Doorcode, signed in, PostgreSQL and Redis").unwrap_or(f64::NAN);
    let verdict = |holds: bool| if holds { "holds" } else { "**missed**" };
    let mut text = String::from("\n## Bars\n\n| bar | seen | |\n|---|---|---|\n");
    let mut row = |bar: &str, seen: String, holds: bool| {
        let _ = writeln!(text, "| {bar} | {seen} | {} |", verdict(holds));
    };
    let session = signed_in - public;
    row("signed in − public ≤ 13,000", format!("{session:.0}"), session <= 13_000.0);
    let own = public - bare;
    row("public − bare Pingora ≤ 12,000", format!("{own:.0}"), own <= 12_000.0);
    let times = signed_in / bare;
    row("signed in ≤ 1.4 × bare Pingora", format!("{times:.2} ×"), times <= 1.4);
    let apart = (full / signed_in - 1.0) * 100.0;
    let sessions = options.sessions;
    let bar = format!("1 and {sessions} sessions in the store within 2 %");
    row(&bar, format!("{apart:+.1} %"), apart.abs() <= 2.0);
    let apart = (shared / signed_in - 1.0) * 100.0;
    let bar = "PostgreSQL with Redis, and SQLite, within 2 %";
    row(bar, format!("{apart:+.1} %"), apart.abs() <= 2.0);
    let asked = cpu("nginx auth_request, Doorcode") / cpu("Doorcode, signed in");
    let bar = "asked by nginx, both cost ≤ 1.67 × Doorcode, signed in (60 µs to 36)";
    row(bar, format!("{asked:.2} ×"), asked <= 60.0 / 36.0);
    for other in ["HAProxy jwt_verify HS256", "HAProxy jwt_verify RS256", "Caddy forward_auth"] {
        let (instructions, time) = (user(other), cpu(other));
        let fewer = instructions.map_or(time > cpu("Doorcode, signed in"), |i| i > signed_in);
        let seen = match instructions {
            Some(other) => format!("{signed_in:.0} against {other:.0} in user space"),
            None => format!("{:.1} against {time:.1} CPU µs", cpu("Doorcode, signed in")),
        };
        row(&format!("signed in costs less than {other}"), seen, fewer);
    }
    text
}
