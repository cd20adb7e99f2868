//! A start that takes long: what the admin listener says meanwhile.
use std::time::Duration;

use sqlx::Connection as _;

use crate::support::gate::{wait_for, wait_until_ready};
use crate::support::http::{Answer, Wire, exchange};
use crate::support::postgresql::{self, Server};
use crate::support::program::Program;

/// The setting that [`Server::setting`] takes the place of.
const FILE: &str = "database = \"sqlite:doorcode.db\"";
/// Where nothing is wrong, a busy machine may be slow.
const LATE: Duration = Duration::from_secs(30);

fn asked(admin: u16, path: &str) -> Answer {
    exchange(admin, format!("GET {path} HTTP/1.1\r\nHost: admin\r\n\r\n").as_bytes())
}

fn name(setting: &str) -> &str {
    let rest = setting.split("/test_").nth(1).expect("a name");
    let end = rest.find('?').expect("its end");
    let start = setting.find("/test_").expect("a name") + 1;
    &setting[start..start + "test_".len() + end]
}

#[test]
fn while_a_migration_waits_the_process_is_healthy_and_not_ready() {
    let server = postgresql::shared();
    let setting = server.setting(LATE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut other = runtime.block_on(server.connect(name(&setting)));
    // A table of the same name that somebody is making holds the migration up.
    let mut held = runtime.block_on(other.begin()).expect("a transaction");
    let create = sqlx::query("CREATE TABLE users (id TEXT)");
    runtime.block_on(create.execute(&mut *held)).expect("a table");
    let program = Program::starting("info", &[(FILE, &setting)]);
    wait_for("the admin listener", || Wire::try_to(program.admin).ok());
    let told = || Some(asked(program.admin, "/readyz")).filter(|it| it.text().contains("migrated"));
    let answer = wait_for("the reason", told);
    assert_eq!((answer.status, &*answer.text()), (503, "the database is being migrated\n"));
    assert_eq!(asked(program.admin, "/startupz").status, 503);
    let healthy = asked(program.admin, "/healthz");
    assert_eq!((healthy.status, &*healthy.text()), (200, "ok\n"));
    assert!(Wire::try_to(program.port).is_err(), "nobody is served yet");
    // One that says nothing holds nobody up.
    let _silent = Wire::try_to(program.admin).expect("a connection");
    runtime.block_on(held.rollback()).expect("done");
    // No gap: each connection is answered, whoever listens.
    let mut ready = false;
    while !ready {
        assert_eq!(asked(program.admin, "/healthz").status, 200);
        ready = asked(program.admin, "/readyz").status == 200;
    }
    wait_until_ready(program.port, program.admin);
}

#[test]
fn a_start_says_that_it_waits_for_the_database() {
    let server = Server::start();
    let setting = server.setting(LATE);
    server.pause();
    let program = Program::starting("info", &[(FILE, &setting)]);
    wait_for("the admin listener", || Wire::try_to(program.admin).ok());
    let told = || Some(asked(program.admin, "/readyz")).filter(|it| it.text().contains("waiting"));
    let answer = wait_for("the reason", told);
    assert_eq!((answer.status, &*answer.text()), (503, "waiting for the database\n"));
    server.resume();
    wait_until_ready(program.port, program.admin);
}
