//! A million people: what a login and a check of a session cost with so many, in either database, and
//! whether every statement finds its rows by an index. Says figures, and asserts no time.
//! `DOORCODE_PEOPLE` and `DOORCODE_LOGINS` make the run smaller; `UPDATE_DOCS=1` writes the figures to
//! docs/performance.md and docs/running.md.
mod counts;
mod load;
mod measured;
mod people;
mod plans;
mod report;
mod site;

use std::path::Path;
use std::sync::Arc;

use doorcode::store::{Database, SqlStore};
use doorcode::system::System;
use sqlx::PgConnection;
use tokio::runtime::Runtime;

use self::measured::measure;
use self::people::People;
use self::site::Site;
use crate::support::contacts::contact_keys;
use crate::support::databases::Beside;
use crate::support::postgresql::Server;
use crate::support::tables::connect;

/// As a server has it that somebody relies on, but for its logs.
const SETTINGS: [&str; 5] = [
    "fsync=on",
    "full_page_writes=on",
    "shared_buffers=1GB",
    "max_wal_size=4GB",
    "shared_preload_libraries=pg_stat_statements",
];

/// The value of a variable of the environment.
fn given(name: &str, default: u32) -> u32 {
    std::env::var(name).map_or(default, |value| value.parse().expect(name))
}

/// Says how long each step took.
struct Steps(System);

impl Steps {
    #[expect(clippy::print_stdout, reason = "figures for whoever reads the log")]
    fn say(&self, text: &str) {
        println!("[{:5} s] {text}", self.0.clock.elapsed().as_secs());
    }
}

#[test]
#[ignore = "a million people take a while: tests/long"]
fn a_million_people_sign_in_and_every_statement_has_its_index() {
    let (count, logins) = (given("DOORCODE_PEOPLE", 1_000_000), given("DOORCODE_LOGINS", 2_000));
    let steps = Steps(System::real());
    let runtime = Runtime::new().expect("a runtime");
    let server = Server::with(&[SETTINGS.as_slice(), &plans::SETTINGS].concat());
    let seen = runtime.block_on(plans::statements(&server));
    steps.say(&format!("{} statements are known", seen.len()));

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("doorcode.db");
    let (name, people) = runtime.block_on(filled(&server, count, &file));
    steps.say(&format!("{count} people are in both databases"));
    let mut database = Beside::Postgresql(runtime.block_on(server.connect(&name)));
    let mut both = Vec::new();
    {
        let site = Site::on_postgresql(&server, &name);
        both.push(measure(&runtime, &site, &people, &mut database, logins));
        steps.say("PostgreSQL and Redis are measured");
    }
    {
        let site = Site::on_sqlite(&file);
        let mut file = Beside::Sqlite(runtime.block_on(connect(&file)));
        both.push(measure(&runtime, &site, &people, &mut file, logins));
    }
    let texts = report::texts(&both, count, logins);
    steps.say(&format!("SQLite is measured:\n\n{}", texts.join("\n")));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        report::write(&texts);
    }

    runtime.block_on(people::fill_rest(&mut database));
    let faults = runtime.block_on(plans::faults(&mut database, &seen));
    assert!(faults.is_empty(), "{faults:#?}");
    steps.say("every statement finds its rows by an index");
}

/// A database of the server, and a file, with the same people: the name of the first.
async fn filled(server: &Server, count: u32, file: &Path) -> (String, People) {
    let (_, name) = server.database().await;
    let mut beside = server.connect(&name).await;
    let faster = format!(
        "CREATE EXTENSION pg_stat_statements; ALTER DATABASE {name} SET synchronous_commit = off"
    );
    run(&mut beside, faster).await;
    let store =
        Arc::new(SqlStore::open(&server.named(&name), contact_keys()).await.expect("a database"));
    let people = People::new(count, Arc::clone(&store));
    people.fill(&store).await;
    people::copy_to(&store, &Database::Sqlite(file.to_owned())).await;
    store.close().await;
    run(&mut beside, format!("ALTER DATABASE {name} RESET synchronous_commit")).await;
    run(&mut beside, "VACUUM ANALYZE".to_owned()).await;
    run(&mut beside, "CHECKPOINT".to_owned()).await;
    (name, people)
}

async fn run(database: &mut PgConnection, sql: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(database).await.expect("done");
}
