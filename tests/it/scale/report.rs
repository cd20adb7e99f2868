//! The figures as tables, for docs/performance.md and docs/running.md.
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::counts::Done;
use super::load::Times;
use super::measured::Measured;

const FROM: &str = "<!-- Made by tests/it/scale.rs. -->\n";
const TO: &str = "<!-- /scale -->\n";
const DAY: f64 = 86_400.0;
/// Logins a second for which the sizing is told.
const RATES: [f64; 2] = [100.0, 10_000.0];

/// The tables for docs/performance.md and for docs/running.md.
pub(crate) fn texts(all: &[Measured], people: u32, logins: u32) -> [String; 2] {
    let run = format!(
        "{}; {people} people, {logins} logins and checks in each phase; {}.\n",
        machine(),
        if cfg!(debug_assertions) { "a build for debugging" } else { "a release build" }
    );
    let sizing = all.iter().filter_map(|measured| Some(sizing(measured, measured.done.as_ref()?)));
    let sizing: String = sizing.collect();
    let statements: String = all.iter().map(statements).collect();
    [format!("{run}\n{}\n{statements}", latencies(all)), format!("{run}\n{}\n{sizing}", sizes(all))]
}

/// Puts the tables into the documents.
pub(crate) fn write(texts: &[String; 2]) {
    for (path, text) in ["docs/performance.md", "docs/running.md"].iter().zip(texts) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let page = fs::read_to_string(&path).expect("a page");
        let (before, rest) = page.split_once(FROM).expect("a mark");
        let (_, after) = rest.split_once(TO).expect("a mark");
        fs::write(path, format!("{before}{FROM}\n{text}\n{TO}{after}")).expect("written");
    }
}

fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let model = model.map_or("unknown processor", |(_, name)| name);
    format!("{model}, {cores} cores, for the servers, both engines and the load")
}

/// The nearest-rank percentile in milliseconds.
fn percentile(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort();
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

fn both(times: &[Duration]) -> String {
    format!("{:.2} / {:.2}", percentile(times, 50), percentile(times, 99))
}

fn count(times: &[Duration]) -> f64 {
    u32::try_from(times.len()).map_or(f64::NAN, f64::from)
}

fn rate(times: &Times) -> f64 {
    count(&times.logins) / times.whole.as_secs_f64()
}

fn latencies(all: &[Measured]) -> String {
    type Row<'r> = (&'r str, &'r dyn Fn(&Measured) -> String);
    let rows: [Row<'_>; 9] = [
        ("login, alone: p50 / p99 ms", &|m| both(&m.alone.logins)),
        ("login, 8 at once and checks beside: p50 / p99 ms", &|m| both(&m.at_once.logins)),
        ("check of a session, cold, alone: p50 / p99 ms", &|m| both(&m.checks.cold)),
        ("the same beside logins", &|m| both(&m.at_once.cold)),
        ("check of a session, warm, alone: p50 / p99 ms", &|m| both(&m.checks.warm)),
        ("the same beside logins", &|m| both(&m.at_once.warm)),
        ("logins a second, 8 at once", &|m| format!("{:.0}", rate(&m.together))),
        ("CPU of a login, ms: Doorcode + PostgreSQL + Redis", &|m| {
            m.together.cpu.map(|ms| format!("{ms:.2}")).join(" + ")
        }),
        ("logins a second for each core of these", &|m| {
            format!("{:.0}", 1000.0 / m.together.cpu.iter().sum::<f64>())
        }),
    ];
    let mut text = String::from("|");
    for measured in all {
        let _ = write!(text, " | {}", measured.name);
    }
    let _ = writeln!(text, " |\n|---{}|", "|---".repeat(all.len()));
    for (name, value) in rows {
        let cells: Vec<String> = all.iter().map(value).collect();
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
    text
}

/// What a login adds, and what a row takes: the table's part and that of its indexes.
fn sizes(all: &[Measured]) -> String {
    let mut text = String::from("| table |");
    for Measured { name, .. } in all {
        let _ = write!(text, " {name}: rows of a login | bytes of a row |");
    }
    let _ = writeln!(text, "\n|---|{}", "---|---|".repeat(all.len()));
    let tables: BTreeSet<&String> = all.iter().flat_map(|measured| measured.rows.keys()).collect();
    for table in tables {
        let _ = write!(text, "| `{table}` |");
        for Measured { rows, sizes, .. } in all {
            match (rows.get(table), sizes.get(table)) {
                (Some(rows), Some([own, indexes])) => {
                    let _ = write!(text, " {rows:.1} | {own:.0} + {indexes:.0} |");
                }
                _ => text.push_str(" – | – |"),
            }
        }
        text.push('\n');
    }
    text
}

/// What a login takes, and what so many a second need.
fn sizing(measured: &Measured, [alone, together]: &[Done; 2]) -> String {
    let sum = |of: &dyn Fn(&str, f64) -> f64| -> f64 {
        measured.rows.iter().map(|(table, rows)| of(table, rows * row_size(measured, table))).sum()
    };
    let (added, kept) = (sum(&|_, bytes| bytes), sum(&|table, bytes| bytes * days(table)));
    let [own, postgresql, redis] = measured.together.cpu.map(|ms| ms / 1000.0);
    let memory = |done: &Done| done.redis_bytes * done.redis_lifetime / 1e6;
    let of = |value: fn(&Done) -> f64| [value(alone), value(together)];
    let rows = [
        ("transactions of PostgreSQL a second", of(|done| done.transactions)),
        ("statements a second", of(|done| done.statements)),
        ("WAL, KB a second", of(|done| done.wal_bytes / 1e3)),
        ("whole pages in the WAL a second", of(|done| done.wal_pages)),
        ("connections that are busy", of(|done| done.taken)),
        ("commands to Redis a second", of(|done| done.redis_calls)),
        ("keys of Redis a second", of(|done| done.redis_keys)),
        ("memory of Redis, MB", [memory(alone), memory(together)]),
        ("disk, GB a day", [added * DAY / 1e9; 2]),
        ("disk in the end, GB", [kept * DAY / 1e9; 2]),
        ("cores of Doorcode", [own; 2]),
        ("cores of PostgreSQL", [postgresql; 2]),
        ("cores of Redis", [redis; 2]),
    ];
    let mut text = String::from("| logins a second | 1 | 1 of 8 at once |");
    for rate in RATES {
        let _ = write!(text, " {rate} |");
    }
    let _ = writeln!(text, "\n|---|---|---|{}", "---|".repeat(RATES.len()));
    for (name, [one, of_several]) in rows {
        let all = RATES.map(|rate| short(one * rate)).join(" | ");
        let _ = writeln!(text, "| {name} | {} | {} | {all} |", short(one), short(of_several));
    }
    let _ = writeln!(text, "\nA key of Redis lives {:.0} s.\n", alone.redis_lifetime);
    text
}

/// Which statements a login asks for, the most frequent first.
fn statements(measured: &Measured) -> String {
    if measured.calls.is_empty() {
        return String::new();
    }
    let mut text = String::from("| statement | calls of a login |\n|---|---|\n");
    let mut calls: Vec<_> = measured.calls.iter().collect();
    calls.sort_by(|one, other| other.1.total_cmp(one.1));
    for (sql, calls) in calls {
        let words: Vec<&str> = sql.split_whitespace().take(12).collect();
        let _ = writeln!(text, "| `{}` | {calls:.1} |", words.join(" "));
    }
    text
}

fn row_size(measured: &Measured, table: &str) -> f64 {
    measured.sizes.get(table).copied().unwrap_or_default().iter().sum()
}

/// How long a row of a login stays, in days: see `store/sql/cleanup.rs` and the defaults of
/// `login.session_lifetime` and of `[limits]`.
fn days(table: &str) -> f64 {
    match table {
        "sessions" | "session_tokens" => 30.0 + 7.0,
        "spent" | "cells" | "counters" => 1.0,
        _ => 0.0,
    }
}

fn short(value: f64) -> String {
    match value {
        value if value < 0.1 => format!("{value:.4}"),
        value if value < 10.0 => format!("{value:.2}"),
        value => format!("{value:.0}"),
    }
}
