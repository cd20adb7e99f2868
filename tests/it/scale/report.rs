//! The figures as tables, for docs/performance.md and docs/running.md.
use std::fmt::Write as _;
use std::time::Duration;

use super::counts::{Done, Sizes};
use super::load::Times;

const DAY: f64 = 86_400.0;
/// Logins a second for which the sizing is told.
const RATES: [f64; 3] = [1.0, 100.0, 10_000.0];

/// What one of the databases showed.
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    pub(crate) alone: Times,
    pub(crate) logins: Times,
    pub(crate) at_once: Times,
    pub(crate) sizes: Sizes,
}

/// What a login of somebody who is known leaves and takes, with PostgreSQL and Redis.
pub(crate) struct Cost {
    pub(crate) done: Done,
    /// By table: rows of a login.
    pub(crate) rows: Vec<(String, f64)>,
    /// Seconds for which a key of Redis lives.
    pub(crate) redis_lifetime: f64,
    pub(crate) redis_commands: Vec<(String, f64)>,
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

pub(crate) fn latencies(all: &[Measured]) -> String {
    type Row<'r> = (&'r str, &'r dyn Fn(&Measured) -> String);
    let rows: [Row<'_>; 9] = [
        ("login, alone: p50 / p99 ms", &|m| both(&m.alone.logins)),
        ("login, 8 at once and checks beside: p50 / p99 ms", &|m| both(&m.at_once.logins)),
        ("check of a session, cold, alone: p50 / p99 ms", &|m| both(&m.alone.cold)),
        ("the same beside logins", &|m| both(&m.at_once.cold)),
        ("check of a session, warm, alone: p50 / p99 ms", &|m| both(&m.alone.warm)),
        ("the same beside logins", &|m| both(&m.at_once.warm)),
        ("logins a second, 8 at once", &|m| format!("{:.0}", rate(&m.logins))),
        ("CPU of a login, ms: Doorcode + PostgreSQL + Redis", &|m| {
            m.logins.cpu.map(|ms| format!("{ms:.2}")).join(" + ")
        }),
        ("logins a second for each core of these", &|m| {
            format!("{:.0}", 1000.0 / m.logins.cpu.iter().sum::<f64>())
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

/// What a row takes, by table and database: the table's part and that of its indexes.
pub(crate) fn sizes(all: &[Measured], cost: &Cost) -> String {
    let mut text = String::from("| table | rows of a login");
    for measured in all {
        let _ = write!(text, " | bytes of a row, {}", measured.name);
    }
    let _ = writeln!(text, " |\n|---|---{}|", "|---".repeat(all.len()));
    for (table, rows) in &cost.rows {
        let _ = write!(text, "| `{table}` | {rows:.1}");
        for measured in all {
            let [own, indexes] = measured.sizes.get(table).copied().unwrap_or_default();
            let _ = write!(text, " | {own:.0} + {indexes:.0}");
        }
        text.push_str(" |\n");
    }
    text
}

/// What a login takes, and what so many a second need.
pub(crate) fn sizing(measured: &Measured, cost: &Cost) -> String {
    let Cost { done, redis_lifetime, .. } = cost;
    let bytes: f64 = cost.rows.iter().map(|(table, rows)| rows * row_size(measured, table)).sum();
    let kept: f64 = cost.rows.iter().map(|(t, n)| n * row_size(measured, t) * days(t)).sum();
    let [own, postgresql, redis] = measured.logins.cpu.map(|ms| ms / 1000.0);
    let memory = done.redis_bytes * redis_lifetime;
    let rows = [
        ("transactions of PostgreSQL", done.transactions, 1.0, "a second"),
        ("statements", done.statements, 1.0, "a second"),
        ("WAL, KB", done.wal_bytes, 1e3, "a second"),
        ("whole pages of these", done.wal_pages, 1.0, "a second"),
        ("connections that are busy", done.taken, 1.0, "at any time"),
        ("commands to Redis", done.redis_calls, 1.0, "a second"),
        ("memory of Redis, MB", memory, 1e6, "at any time"),
        ("disk, GB", bytes * DAY, 1e9, "a day"),
        ("disk in the end, GB", kept * DAY, 1e9, "as long as the load lasts"),
        ("cores of Doorcode", own, 1.0, "at any time"),
        ("cores of PostgreSQL", postgresql, 1.0, "at any time"),
        ("cores of Redis", redis, 1.0, "at any time"),
    ];
    let mut text = String::from("| | of one login |");
    for rate in RATES {
        let _ = write!(text, " {rate} logins a second |");
    }
    text.push_str("\n|---|---|---|---|---|\n");
    for (name, one, unit, when) in rows {
        let each = if unit == 1.0 { format!("{one:.4}") } else { format!("{:.4}", one / unit) };
        let all = RATES.map(|rate| short(one * rate / unit)).join(" | ");
        let _ = writeln!(text, "| {name} {when} | {each} | {all} |");
    }
    let _ = writeln!(
        text,
        "\nA key of Redis lives {redis_lifetime:.0} s; a login leaves {:.1} keys.",
        done.redis_keys
    );
    let commands = cost.redis_commands.iter().map(|(name, n)| format!("{name} {n:.1}"));
    let _ = writeln!(
        text,
        "Commands that Redis ran for a login, those of scripts too: {}.",
        commands.collect::<Vec<_>>().join(", ")
    );
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
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}
