//! PostgreSQL loses a statement in the middle of a transaction: it is refused, its connection is cut,
//! or the process that works on it is killed, which makes the server end all others and recover.
use super::database::{Point, STATEMENTS};
use super::visitor::{Step, Visitor};
use super::world::World;
use crate::support::engines::Cache;

/// What becomes of a statement.
const REFUSED: &str = "RAISE EXCEPTION 'a fail point'";
const CUT: &str = "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60)";
/// The shell's parent is the process that works on the statement.
const KILLED: &str = "EXECUTE $c$COPY (SELECT 1) TO PROGRAM 'kill -KILL $PPID'$c$;
    PERFORM pg_sleep(60)";

async fn meet(world: &World, n: u32, point: &Point, what: &str) {
    let Point { step, at, again } = point;
    let name = format!("{step:?}, again {again}: {at}: {what}");
    let mut visitor = if *again {
        Visitor::who_was_here(world, n, &name).await
    } else {
        Visitor::new(world, n).await
    };
    let before = world.texts(&visitor.phone).len();
    visitor.come_to(*step).await;
    // What is counted at another moment is another row.
    world.pass(std::time::Duration::from_secs(1));
    world
        .execute(format!(
            "CREATE OR REPLACE FUNCTION fail_point() RETURNS trigger LANGUAGE plpgsql AS $f$
             BEGIN {what}; RETURN NULL; END $f$;
             CREATE OR REPLACE TRIGGER fail_point {at} FOR EACH ROW EXECUTE FUNCTION fail_point()"
        ))
        .await;
    let answer = visitor.take(*step).await;
    world.execute("DROP FUNCTION IF EXISTS fail_point CASCADE".to_owned()).await;
    // A few of them count what nobody's answer depends on.
    let is_spent = at.contains("spent") || at.contains("users") || at.contains("session");
    assert!(matches!(answer.status, 303 | 503), "{name}: {answer:?}");
    assert!(answer.status == 503 || !is_spent, "{name}: was not met");
    world.send_texts().await;
    visitor.comes_back(before, false, &name).await;
}

async fn meet_all(cache: Cache, what: &str, points: impl Fn(&Point) -> bool) {
    let world = World::on(cache).await;
    for (n, point) in (0..).zip(STATEMENTS.iter().filter(|point| points(point))) {
        meet(&world, n, point, what).await;
    }
}

/// Those of the transaction that spends a code.
fn spends(point: &Point) -> bool {
    point.step == Step::GiveCode && !point.at.ends_with("counters")
}

#[tokio::test]
async fn a_statement_that_postgresql_refuses_or_loses_leaves_nothing_by_half() {
    meet_all(Cache::Memory, REFUSED, spends).await;
    meet_all(Cache::Redis, CUT, |point| spends(point) && point.at.starts_with("AFTER")).await;
}

#[tokio::test]
async fn a_postgresql_that_crashes_in_a_statement_leaves_nothing_by_half() {
    let few = |point: &Point| !point.again && point.at.starts_with("AFTER");
    meet_all(Cache::Redis, KILLED, |point| spends(point) && few(point)).await;
}

#[tokio::test]
#[ignore = "tests/long"]
async fn a_postgresql_that_loses_any_statement_leaves_nothing_by_half() {
    for what in [REFUSED, CUT, KILLED] {
        meet_all(Cache::Memory, what, |_| true).await;
    }
    for what in [CUT, KILLED] {
        meet_all(Cache::Database, what, spends).await;
    }
}
