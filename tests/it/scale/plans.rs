//! The plan of every statement of `store::sql`, as the server has it for any parameters.
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::counts;
use crate::support::postgresql::{GIVEN, Server};

/// Of the server, so that it tells each statement and who asks for it.
pub(crate) const SETTINGS: [&str; 4] = [
    "logging_collector=on",
    "log_destination=jsonlog",
    "log_min_messages=log",
    "log_rotation_size=0",
];
/// Tests that lead to whatever is put together when it is asked.
const SUITES: [&str; 5] = [
    "store::on_postgresql::",
    "store::two_nodes::",
    "store::nodes::",
    "store::cells::",
    "store::outage::",
];
/// Tables that stay small, however many people there are.
const SMALL: [&str; 4] = ["change", "change_counter", "nodes", "signing_keys"];
/// Statements that are meant to read a whole table: none of them runs for a request.
const WHOLE: [&str; 1] = ["SELECT key, length, at, n FROM counters WHERE n > 0 ORDER BY at"];

/// The statements that the suites of the store lead to, which are run on this server, and those that
/// stand in the sources whole.
pub(crate) async fn statements(server: &Server) -> BTreeSet<String> {
    let mut database = server.connect("postgres").await;
    say(&mut database, "ALTER SYSTEM SET log_statement = 'all'").await;
    say(&mut database, "SELECT pg_reload_conf()").await;
    let tests = std::env::current_exe().expect("this program");
    let run = Command::new(tests).args(SUITES).env(GIVEN, server.port().to_string()).output();
    let run = run.expect("the suites");
    let told = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{told}");
    say(&mut database, "ALTER SYSTEM RESET log_statement").await;
    say(&mut database, "SELECT pg_reload_conf()").await;
    let log = "SELECT pg_read_file(pg_current_logfile('jsonlog'))";
    let log: String = sqlx::query_scalar(log).fetch_one(&mut database).await.expect("the log");
    let mut all: BTreeSet<String> = log.lines().filter_map(statement).collect();
    all.extend(unseen(&all));
    all
}

async fn say(database: &mut PgConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(database).await.expect(sql);
}

/// Of a line of the log that tells one of ours, without its white space.
fn statement(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    // The name under which `store::sql` connects.
    (line["application_name"] == "doorcode").then_some(())?;
    let message = line["message"].as_str()?;
    let sql = message.strip_prefix("execute ")?.split_once(": ")?.1;
    is_planned(sql).then(|| normal(sql))
}

fn is_planned(sql: &str) -> bool {
    ["SELECT ", "INSERT ", "UPDATE ", "DELETE "].iter().any(|verb| sql.starts_with(verb))
}

fn normal(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The statements that stand in the sources of `store::sql` and that no suite led to.
fn unseen(seen: &BTreeSet<String>) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sql");
    let mut unseen = Vec::new();
    for file in fs::read_dir(folder).expect("sources").flatten() {
        // Each runs once.
        if file.file_name() == "migrations.rs" {
            continue;
        }
        let text = fs::read_to_string(file.path()).expect("a source");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let all = literals(text).into_iter().filter(|text| is_planned(text));
        // What is filled in is not read, nor what only a file is asked.
        let own = all.map(|text| normal(text.split('{').next().unwrap_or_default()));
        let own = own.filter(|text| !text.contains("sqlite_"));
        unseen.extend(own.filter(|text| !seen.iter().any(|seen| seen.contains(text))));
    }
    unseen
}

/// The texts in quotes of a source.
fn literals(source: &str) -> Vec<String> {
    let (mut found, mut chars) = (Vec::new(), source.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => drop(chars.by_ref().find(|c| *c == '\n')),
            '\'' if chars.peek() == Some(&'"') => drop(chars.next()),
            '"' => {
                let mut text = String::new();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    text.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
                }
                found.push(text);
            }
            _ => {}
        }
    }
    found
}

/// What is wrong with the plans of these statements on a large database, a line each.
pub(crate) async fn faults(database: &mut PgConnection, seen: &BTreeSet<String>) -> Vec<String> {
    let small = |table: &String| SMALL.contains(&table.as_str());
    let large: Vec<String> =
        counts::tables(database).await.into_iter().filter(|table| !small(table)).collect();
    let mut faults = Vec::new();
    for (table, rows) in counts::rows(database).await {
        if large.contains(&table) && rows < 10_000 {
            faults.push(format!("{table} has {rows} rows: too few to judge plans by"));
        }
    }
    say(database, "SET plan_cache_mode = force_generic_plan").await;
    for sql in seen.iter().filter(|sql| !reads_all(sql)) {
        let plan = plan(database, sql).await;
        let mut scans = Vec::new();
        full_scans(&plan[0]["Plan"], &mut scans);
        let scans = scans.into_iter().filter(|(_, table)| large.contains(table));
        faults.extend(scans.map(|(scan, table)| format!("{scan} of {table}: {sql}")));
    }
    faults.extend(keys_without_index(database).await);
    faults
}

/// Whether a statement is meant to read a whole table: `store copy` asks without a condition.
fn reads_all(sql: &str) -> bool {
    WHOLE.contains(&sql) || (sql.starts_with("SELECT ") && !sql.contains(" WHERE "))
}

async fn plan(database: &mut PgConnection, sql: &str) -> Value {
    let prepare = AssertSqlSafe(format!("PREPARE asked AS {sql}"));
    sqlx::raw_sql(prepare)
        .execute(&mut *database)
        .await
        .unwrap_or_else(|why| panic!("{sql}: {why}"));
    let count = "SELECT COALESCE(CARDINALITY(parameter_types), 0) FROM pg_prepared_statements
        WHERE name = 'asked'";
    let count: i32 = sqlx::query_scalar(count).fetch_one(&mut *database).await.expect("a number");
    let values = (0..count).map(|_| "NULL").collect::<Vec<_>>().join(", ");
    let values = if count == 0 { String::new() } else { format!("({values})") };
    let explain = AssertSqlSafe(format!("EXPLAIN (FORMAT JSON) EXECUTE asked{values}"));
    let row = sqlx::raw_sql(explain).fetch_one(&mut *database).await.expect("a plan");
    say(database, "DEALLOCATE asked").await;
    // Of type `json`, for which the driver is not built.
    let text: String = row.get_unchecked(0);
    serde_json::from_str(&text).expect("a plan")
}

/// Scans of a whole table or index, and of which table.
fn full_scans(plan: &Value, found: &mut Vec<(String, String)>) {
    let text = |name: &str| plan[name].as_str().unwrap_or_default().to_owned();
    let kind = text("Node Type");
    let whole = kind == "Seq Scan" || (kind.starts_with("Index") && plan["Index Cond"].is_null());
    if whole {
        found.push((kind, text("Relation Name")));
    }
    for inner in plan["Plans"].as_array().into_iter().flatten() {
        full_scans(inner, found);
    }
}

/// Foreign keys that a deletion looks for row by row. Users are never deleted.
async fn keys_without_index(database: &mut PgConnection) -> Vec<String> {
    let sql =
        "SELECT conrelid::regclass::text || '.' || a.attname || ' refers to a table whose rows are
          deleted, and has no index'
        FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
        WHERE contype = 'f' AND confrelid <> 'users'::regclass AND NOT EXISTS (
          SELECT 1 FROM pg_index i WHERE i.indrelid = conrelid AND i.indkey[0] = conkey[1])";
    sqlx::query_scalar(sql).fetch_all(database).await.expect("keys")
}
