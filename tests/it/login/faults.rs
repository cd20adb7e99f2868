//! What fails between two steps leaves nothing by half: the code is spent together with what it
//! gave, or with nothing.
use std::pin::pin;
use std::task::Poll;

use doorcode::domain::PhoneNumber;
use doorcode::login::{DeadReason, Verdict};
use doorcode::store::{AttemptHistory as _, UserStore as _};

use super::world::{Kind, World, client, phone};
use crate::fail_points::trap::{Fault, How, When};
use crate::support::tables::{grants, session_tokens, sessions, spent_codes, users};

/// Every call of a store that a right code makes.
const CALLS: &[&str] = &[
    "attempts.get",
    "attempts.update",
    "counters.take",
    "counters.give_back",
    "logins.commit",
    "attempts.update",
    "counters.give_back",
    "counters.clear",
    "counters.clear",
    "counters.take",
    "counters.take",
];

/// Every statement that writes what it gives, and for whom it does.
const STATEMENTS: &[(&str, &[Kind])] = &[
    ("INSERT ON spent", &Kind::ALL),
    ("INSERT ON users", &Kind::ALL),
    ("INSERT ON sessions", &Kind::ALL),
    ("INSERT ON grants", &[Kind::Grant]),
];

/// So many people got in so far, each with one code and all that it gives.
async fn is_whole(world: &World, kind: Kind, name: &str) -> i64 {
    // There is one writer: who waits for it waits until what was left is over.
    world.store.add_history(&[]).await.unwrap();
    let sessions = world.count(sessions::ALL).await;
    assert_eq!(world.count(spent_codes::ALL).await, sessions, "{name}: codes");
    assert_eq!(world.count(users::ALL).await, sessions, "{name}: people");
    assert_eq!(world.count(session_tokens::ALL).await, 0, "{name}: tokens");
    let granted = if kind == Kind::Grant { sessions } else { 0 };
    assert_eq!(world.count(grants::ALL).await, granted, "{name}: grants");
    let refresh = world.count(grants::WITH_REFRESH_TOKEN).await;
    assert_eq!(refresh, granted, "{name}: refresh tokens");
    sessions
}

/// The right code gets in if it did not before, and never again.
async fn comes_back(world: &World, kind: Kind, (phone, code): (&PhoneNumber, &str), name: &str) {
    let sessions = is_whole(world, kind, name).await;
    let known = world.store.find_by_identifier(&phone.into()).await.unwrap().is_some();
    let again = world.give(phone, code, kind).await.unwrap();
    if known {
        assert!(matches!(again, Verdict::Over(DeadReason::Used)), "{name}: {again:?}");
    } else {
        assert!(matches!(again, Verdict::Right(_)), "{name}: {again:?}");
    }
    let used = world.give(phone, code, kind).await.unwrap();
    assert!(matches!(used, Verdict::Over(DeadReason::Used)), "{name}: {used:?}");
    assert_eq!(is_whole(world, kind, name).await, sessions + i64::from(!known), "{name}");
}

#[tokio::test]
async fn the_table_names_every_call() {
    let world = World::new().await;
    for (n, kind) in (0..).zip(Kind::ALL) {
        let code = world.start(client(), &phone(n)).await.unwrap();
        world.trap.arm(None);
        world.give(&phone(n), &code, kind).await.unwrap();
        assert_eq!(world.trap.disarm().0, CALLS, "{kind:?}");
    }
}

#[tokio::test]
async fn a_call_that_fails_or_never_returns_leaves_nothing_by_half() {
    for kind in Kind::ALL {
        let world = World::new().await;
        let mut n = 0;
        for how in [How::Fails, How::GoesDown, How::IsDropped] {
            for (nth, call) in CALLS.iter().enumerate() {
                for when in [When::Before, When::After] {
                    let name = format!("{kind:?}, call {nth}: {how:?} {when:?} {call}");
                    n += 1;
                    let phone = phone(n);
                    let code = world.start(client(), &phone).await.unwrap();
                    world.trap.arm(Some(Fault { nth, when, how }));
                    tokio::select! {
                        biased;
                        given = world.give(&phone, &code, kind) => drop(given),
                        () = world.trap.hung() => {}
                    }
                    assert!(world.trap.disarm().1, "{name}: was not met");
                    comes_back(&world, kind, (&phone, &code), &name).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_statement_that_is_refused_leaves_nothing_by_half() {
    for kind in Kind::ALL {
        let world = World::new().await;
        let mut n = 0;
        for (at, _) in STATEMENTS.iter().filter(|(_, kinds)| kinds.contains(&kind)) {
            for (when, how) in [("BEFORE", "ABORT"), ("AFTER", "ABORT"), ("AFTER", "ROLLBACK")] {
                let name = format!("{kind:?}: {how} {when} {at}");
                n += 1;
                let phone = phone(n);
                let code = world.start(client(), &phone).await.unwrap();
                let trigger = format!("CREATE TRIGGER fail_point {when} {at} BEGIN SELECT");
                world.execute(format!("{trigger} RAISE({how}, 'a fail point'); END")).await;
                assert!(world.give(&phone, &code, kind).await.is_err(), "{name}");
                world.execute("DROP TRIGGER fail_point".to_owned()).await;
                comes_back(&world, kind, (&phone, &code), &name).await;
            }
        }
    }
}

/// More than any login is polled.
const MOST_POLLS: usize = 400;

#[tokio::test]
async fn a_request_that_is_dropped_at_any_moment_leaves_nothing_by_half() {
    for kind in Kind::ALL {
        let world = World::new().await;
        for polls in 1..=MOST_POLLS {
            assert!(polls < MOST_POLLS, "it has no end");
            let name = format!("{kind:?}: dropped at poll {polls}");
            let phone = phone(polls);
            let code = world.start(client(), &phone).await.unwrap();
            let mut left = polls;
            let ended = {
                let mut work = pin!(world.give(&phone, &code, kind));
                std::future::poll_fn(|context| {
                    left -= 1;
                    match work.as_mut().poll(context) {
                        Poll::Ready(given) => Poll::Ready(Some(given)),
                        Poll::Pending if left == 0 => Poll::Ready(None),
                        Poll::Pending => Poll::Pending,
                    }
                })
                .await
            };
            comes_back(&world, kind, (&phone, &code), &name).await;
            if ended.is_some() {
                break;
            }
        }
    }
}
