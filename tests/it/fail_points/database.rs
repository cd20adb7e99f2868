//! The database refuses one statement inside a transaction, or a request ends while one is open.
use std::time::Duration;

use super::visitor::{Step, Visitor};
use super::world::World;

pub(super) struct Point {
    pub(super) step: Step,
    /// Before or after which statement, on which table.
    pub(super) at: &'static str,
    /// Somebody who was here before, and whose browser holds a session.
    pub(super) again: bool,
}

const fn point(step: Step, at: &'static str, again: bool) -> Point {
    Point { step, at, again }
}

/// Every statement that a login writes with.
pub(super) const STATEMENTS: &[Point] = &[
    point(Step::GiveNumber, "BEFORE INSERT ON counters", false),
    point(Step::GiveNumber, "AFTER INSERT ON counters", false),
    point(Step::GiveCode, "BEFORE INSERT ON counters", false),
    point(Step::GiveCode, "AFTER INSERT ON counters", false),
    point(Step::GiveCode, "BEFORE UPDATE ON counters", false),
    point(Step::GiveCode, "AFTER UPDATE ON counters", false),
    point(Step::GiveCode, "BEFORE DELETE ON counters", false),
    point(Step::GiveCode, "AFTER DELETE ON counters", false),
    point(Step::GiveCode, "BEFORE INSERT ON spent", false),
    point(Step::GiveCode, "AFTER INSERT ON spent", false),
    point(Step::GiveCode, "BEFORE INSERT ON users", false),
    point(Step::GiveCode, "AFTER INSERT ON users", false),
    point(Step::GiveCode, "BEFORE INSERT ON contact_indexes", false),
    point(Step::GiveCode, "AFTER INSERT ON contact_indexes", false),
    point(Step::GiveCode, "BEFORE INSERT ON contacts", false),
    point(Step::GiveCode, "AFTER INSERT ON contacts", false),
    point(Step::GiveCode, "BEFORE UPDATE ON users", true),
    point(Step::GiveCode, "AFTER UPDATE ON users", true),
    point(Step::GiveCode, "BEFORE INSERT ON sessions", false),
    point(Step::GiveCode, "AFTER INSERT ON sessions", false),
    point(Step::GiveCode, "BEFORE INSERT ON session_tokens", false),
    point(Step::GiveCode, "AFTER INSERT ON session_tokens", false),
    point(Step::GiveCode, "BEFORE INSERT ON session_tokens", true),
    point(Step::GiveCode, "AFTER INSERT ON session_tokens", true),
    point(Step::GiveCode, "BEFORE UPDATE ON sessions", true),
    point(Step::GiveCode, "AFTER UPDATE ON sessions", true),
    point(Step::GiveCode, "BEFORE UPDATE ON change_counter", true),
    point(Step::GiveCode, "AFTER UPDATE ON change_counter", true),
    point(Step::GiveCode, "BEFORE INSERT ON change", true),
    point(Step::GiveCode, "AFTER INSERT ON change", true),
];

/// A step on which nothing of the answer depends: what is counted too much is no harm.
fn may_pass(at: &str) -> bool {
    at.ends_with("UPDATE ON counters") || at.ends_with("DELETE ON counters")
}

async fn meet(world: &World, n: u32, point: &Point, how: &str) {
    let Point { step, at, again } = point;
    let name = format!("{step:?}, again {again}: {how} {at}");
    let mut visitor = if *again {
        Visitor::who_was_here(world, n, &name).await
    } else {
        Visitor::new(world, n).await
    };
    let before = world.texts(&visitor.phone).len();
    visitor.come_to(*step).await;
    if *step == Step::GiveCode {
        visitor.gives_a_wrong_code(0, &name).await;
    }
    // What is counted at another moment is another row.
    world.pass(Duration::from_secs(1));
    world.execute(trigger(at, how)).await;
    let answer = visitor.take(*step).await;
    world.execute("DROP TRIGGER fail_point".to_owned()).await;
    let expected = if may_pass(at) { 303 } else { 503 };
    assert_eq!(answer.status, expected, "{name}: {answer:?}");
    visitor.comes_back(before, *step == Step::GiveCode, &name).await;
}

fn trigger(at: &str, how: &str) -> String {
    format!("CREATE TRIGGER fail_point {at} BEGIN SELECT RAISE({how}, 'a fail point'); END")
}

#[tokio::test]
async fn a_statement_that_is_refused_leaves_nothing_by_half() {
    let world = World::new().await;
    for (n, point) in (0..).zip(STATEMENTS) {
        meet(&world, n, point, "ABORT").await;
    }
}

/// As a full disk does: the transaction is over before anybody ended it.
#[tokio::test]
async fn a_transaction_that_the_database_ends_leaves_nothing_by_half() {
    let world = World::new().await;
    for (n, point) in (0..).zip(STATEMENTS) {
        meet(&world, n, point, "ROLLBACK").await;
    }
}

/// More than any step is polled.
const MOST_POLLS: usize = 400;

/// Drops a step after its first poll, its second, and so on until it gets to its end. Tells how
/// often it was dropped.
async fn drop_at_every_poll(world: &World, step: Step, again: bool) -> usize {
    let first = 4000 * u32::from(again) + if step == Step::GiveCode { 2000 } else { 0 };
    for (n, polls) in (first..).zip(1..MOST_POLLS) {
        let name = format!("{step:?}, again {again}: dropped at poll {polls}");
        let mut visitor = if again {
            Visitor::who_was_here(world, n, &name).await
        } else {
            Visitor::new(world, n).await
        };
        let before = world.texts(&visitor.phone).len();
        visitor.come_to(step).await;
        let answer = visitor.take_until(step, polls, &name).await;
        world.send_texts().await;
        let sent = world.texts(&visitor.phone).len() - before;
        assert!(sent <= 1, "{name}: {sent} texts");
        visitor.comes_back(before, false, &name).await;
        if answer.is_some() {
            return polls - 1;
        }
    }
    panic!("{step:?} has no end");
}

#[tokio::test]
async fn a_request_that_is_dropped_in_the_middle_of_a_transaction_leaves_nothing_by_half() {
    let world = World::new().await;
    let started = drop_at_every_poll(&world, Step::GiveNumber, false).await;
    assert!(started >= 1, "a start waits for the database");
    for again in [false, true] {
        let dropped = drop_at_every_poll(&world, Step::GiveCode, again).await;
        // Four statements, and the two that begin and end the transaction.
        assert!(dropped >= 6, "{dropped}");
    }
}
