//! The plan of every statement of `store::sql`, as the server has it for any parameters.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::counts;
use crate::support::databases::Beside;
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
/// Indexes of few rows of a table.
const PARTIAL: [&str; 2] = ["users_who_test", "counters_given_back"];
/// Statements that are meant to read a whole table: none of them runs for a request.
const WHOLE: [&str; 2] = [
    "SELECT key, length, at, n FROM counters WHERE n > 0 ORDER BY at",
    // Of `doorcode secret rotate`, once.
    "SELECT CAST(COUNT(*) AS BIGINT) AS number FROM contacts WHERE sealed_by <> $1",
];

/// Each with the values of its parameters in one of its calls, separated by commas.
pub(crate) type Statements = BTreeMap<String, Option<String>>;

/// The statements that the suites of the store lead to, which are run on this server, and those that
/// stand in the sources whole.
pub(crate) async fn statements(server: &Server) -> Statements {
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
    let mut all: Statements = log.lines().filter_map(statement).collect();
    let unseen = unseen(&all);
    all.extend(unseen.into_iter().map(|sql| (sql, None)));
    all
}

/// Of a statement of a migration, whose column a later one dropped.
const UNDEFINED_COLUMN: &str = "42703";

async fn say(database: &mut PgConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(database).await.expect(sql);
}

/// Of a line of the log that tells one of ours, without its white space.
fn statement(line: &str) -> Option<(String, Option<String>)> {
    let line: Value = serde_json::from_str(line).ok()?;
    // The name under which `store::sql` connects.
    (line["application_name"] == "doorcode").then_some(())?;
    let message = line["message"].as_str()?;
    let sql = message.strip_prefix("execute ")?.split_once(": ")?.1;
    // As `parameters: $1 = 'text', $2 = NULL`.
    let values = line["detail"].as_str().and_then(|detail| detail.strip_prefix("parameters: "));
    let values = values.map(|values| {
        (1..20).fold(values.to_owned(), |values, n| values.replacen(&format!("${n} = "), "", 1))
    });
    is_planned(sql).then(|| (normal(sql), values))
}

fn is_planned(sql: &str) -> bool {
    ["SELECT ", "INSERT ", "UPDATE ", "DELETE "].iter().any(|verb| sql.starts_with(verb))
}

fn normal(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The statements that stand in the sources of `store::sql` and that no suite led to.
fn unseen(seen: &Statements) -> Vec<String> {
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
        unseen.extend(own.filter(|text| !seen.keys().any(|seen| seen.contains(text))));
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
pub(crate) async fn faults(database: &mut Beside, statements: &Statements) -> Vec<String> {
    let rows = counts::rows(database).await;
    let Beside::Postgresql(database) = database else { return Vec::new() };
    let large = |table: &str| !SMALL.contains(&table);
    let few = rows.iter().filter(|(table, rows)| large(table) && **rows < 10_000);
    let few = few.map(|(table, rows)| format!("{table} has {rows} rows: too few to judge by"));
    let mut faults: Vec<String> = few.collect();
    for (sql, values) in statements.iter().filter(|(sql, _)| !reads_all(sql)) {
        let mut scans = full_scans(database, sql, None).await;
        if let (false, Some(values)) = (scans.is_empty(), values) {
            scans = full_scans(database, sql, Some(values)).await;
        }
        let scans = scans.into_iter().filter(|(_, table)| rows.contains_key(table) && large(table));
        faults.extend(scans.map(|(scan, table)| format!("{scan} of {table}: {sql}")));
    }
    faults.extend(keys_without_index(database).await);
    faults
}

/// Whether a statement is meant to read a whole table: `store copy` asks without a condition.
fn reads_all(sql: &str) -> bool {
    WHOLE.contains(&sql) || (sql.starts_with("SELECT ") && !sql.contains(" WHERE "))
}

/// Scans of whole tables or indexes in the plan for any values of the parameters, or in the one that the
/// server keeps to when it is given these: from the sixth call on it takes the cheaper of both.
async fn full_scans(
    database: &mut PgConnection,
    sql: &str,
    values: Option<&str>,
) -> Vec<(String, String)> {
    let prepare = AssertSqlSafe(format!("PREPARE asked AS {sql}"));
    match sqlx::raw_sql(prepare).execute(&mut *database).await {
        Ok(_) => {}
        Err(sqlx::Error::Database(why))
            if why.code().is_some_and(|code| code == UNDEFINED_COLUMN) =>
        {
            return Vec::new();
        }
        Err(why) => panic!("{sql}: {why}"),
    }
    let count = "SELECT COALESCE(CARDINALITY(parameter_types), 0) FROM pg_prepared_statements
        WHERE name = 'asked'";
    let count: i32 = sqlx::query_scalar(count).fetch_one(&mut *database).await.expect("a number");
    let any = (0..count).map(|_| "NULL").collect::<Vec<_>>().join(", ");
    let (mode, calls) = if values.is_some() { ("auto", 6) } else { ("force_generic_plan", 1) };
    let values = values.unwrap_or(&any);
    let values = if count == 0 { String::new() } else { format!("({values})") };
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE asked{values};").repeat(calls);
    let all = AssertSqlSafe(format!("SET plan_cache_mode = {mode}; {explain} DEALLOCATE asked"));
    let plans = sqlx::raw_sql(all).fetch_all(database).await.expect("plans");
    // Of type `json`, for which the driver is not built.
    let plan: String = plans.last().expect("a plan").get_unchecked(0);
    let plan: Value = serde_json::from_str(&plan).expect("a plan");
    let mut found = Vec::new();
    add_full_scans(&plan[0]["Plan"], &mut found);
    found
}

/// Each with its table.
fn add_full_scans(plan: &Value, found: &mut Vec<(String, String)>) {
    let text = |name: &str| plan[name].as_str().unwrap_or_default().to_owned();
    let kind = text("Node Type");
    // All of an index is what a statement is after where the index has only some rows.
    let all = kind.starts_with("Index") && plan["Index Cond"].is_null();
    if kind == "Seq Scan" || (all && !PARTIAL.contains(&text("Index Name").as_str())) {
        found.push((kind, text("Relation Name")));
    }
    for inner in plan["Plans"].as_array().into_iter().flatten() {
        add_full_scans(inner, found);
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
