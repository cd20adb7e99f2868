//! What a right code gives to an application, to whom, and how often.
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use doorcode::domain::{Origin, PhoneNumber};
use doorcode::login::{Channel, DeadReason, Requester, Verdict, Verified};
use doorcode::store::{
    SendOutcome, SendRefusal, SessionSelection, SessionStore as _, UserStore as _,
};
use futures_util::future::join_all;

use super::world::{Kind, REFUSED, World, client, phone};
use crate::support::browser::unlike;
use crate::support::tables::{grants, sessions};

fn right(verdict: Verdict) -> Verified {
    let Verdict::Right(verified) = verdict else { panic!("{verdict:?}") };
    verified
}

fn host() -> doorcode::domain::Host {
    Origin::parse("http://localhost:1").unwrap().host().clone()
}

#[tokio::test]
async fn of_fifty_right_answers_at_once_one_succeeds() {
    for kind in Kind::ALL {
        let world = World::new().await;
        let code = world.start(client(), &phone(1)).await.unwrap();
        let (number, world) = (phone(1), &world);
        let all = join_all((0..50).map(|_| world.give(&number, &code, kind))).await;
        let right = all.iter().filter(|given| matches!(given, Ok(Verdict::Right(_)))).count();
        let over = |given: &&_| matches!(given, Ok(Verdict::Over(DeadReason::Used)));
        assert_eq!((right, all.iter().filter(over).count()), (1, 49), "{kind:?}: {all:?}");
        assert_eq!(world.count(sessions::ALL).await, 1, "{kind:?}");
        let grants = world.count(grants::ALL).await;
        assert_eq!(grants, i64::from(kind == Kind::Grant), "{kind:?}");
    }
}

#[tokio::test]
async fn who_signed_in_is_told_and_is_the_same_person_next_time() {
    let world = World::new().await;
    let code = world.start(client(), &phone(1)).await.unwrap();
    let first = right(world.give(&phone(1), &code, Kind::Grant).await.unwrap());
    assert!(first.new_user() && first.token().is_none() && *first.phone() == phone(1));
    let who = world.sessions.find_by_id(first.session()).await.unwrap().expect("signed in");
    assert_eq!((who.user(), who.session()), (first.user(), first.session()));
    world.pass(Duration::from_mins(2));
    let code = world.start(client(), &phone(1)).await.unwrap();
    let next = right(world.give(&phone(1), &code, Kind::Grant).await.unwrap());
    assert_eq!((next.user(), next.new_user()), (first.user(), false));
    assert_ne!(next.session(), first.session(), "each login is a session");
}

#[tokio::test]
async fn a_code_works_only_at_the_door_that_asked_for_it() {
    let world = World::new().await;
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let code = world.start(client(), &phone(1)).await.unwrap();
    let same = client();
    let page = Requester { channel: Channel::Page, ..same };
    let others = [
        page,
        Requester::api("spa2", "sms", address),
        Requester::api("spa", "sms2", address),
        Requester::api("spas", "ms", address),
    ];
    for other in others {
        let gives = world.gives(Kind::Grant);
        let verdict = world.login.verify(&other, &phone(1), &code, gives).await.verdict.unwrap();
        assert!(matches!(verdict, Verdict::Over(DeadReason::Unknown)), "{other:?}: {verdict:?}");
    }
    // Where it is asked from does not matter: a server may ask for many people.
    let elsewhere = Requester::api("spa", "sms", IpAddr::V4(Ipv4Addr::BROADCAST));
    let gives = world.gives(Kind::Grant);
    right(world.login.verify(&elsewhere, &phone(1), &code, gives).await.verdict.unwrap());
}

#[tokio::test]
async fn why_a_code_is_dead_is_told_apart() {
    let world = World::new().await;
    let over = async |number: &PhoneNumber, code: &str| {
        let verdict = world.give(number, code, Kind::Grant).await.unwrap();
        let Verdict::Over(over) = verdict else { panic!("{verdict:?}") };
        over
    };
    assert_eq!(over(&phone(1), "123456").await, DeadReason::Unknown);
    let code = world.start(client(), &phone(1)).await.unwrap();
    for n in 0..3 {
        let wrong = world.give(&phone(1), &unlike(&code, n), Kind::Grant).await.unwrap();
        assert!(matches!(wrong, Verdict::Wrong { .. }), "{wrong:?}");
    }
    assert_eq!(over(&phone(1), &code).await, DeadReason::NoTriesLeft);
    let code = world.start(client(), &phone(2)).await.unwrap();
    world.pass(Duration::from_mins(5));
    assert_eq!(over(&phone(2), &code).await, DeadReason::Expired);
}

#[tokio::test]
async fn who_looks_whether_a_code_is_right_spends_nothing() {
    let world = World::new().await;
    let (number, requester) = (phone(1), client());
    let code = world.start(requester, &number).await.unwrap();
    let peek = async |typed: &str| {
        world.login.verify_without_consuming(&requester, &number, typed).await.verdict.unwrap()
    };
    for _ in 0..5 {
        assert!(matches!(peek(&code).await, Verdict::Right(())));
    }
    let all =
        join_all((0..20).map(|_| world.login.verify_without_consuming(&requester, &number, &code)))
            .await;
    assert!(all.iter().all(|peeked| matches!(peeked.verdict, Ok(Verdict::Right(())))), "{all:?}");
    assert!(matches!(peek("12").await, Verdict::WrongLength));
    for (n, left) in [(0, 2), (1, 1)] {
        let wrong = peek(&unlike(&code, n)).await;
        assert!(matches!(wrong, Verdict::Wrong { tries_left } if tries_left == left), "{wrong:?}");
        assert!(matches!(peek(&code).await, Verdict::Right(())));
    }
    assert_eq!(world.count(sessions::ALL).await, 0);
    right(world.give(&number, &code, Kind::Grant).await.unwrap());
    assert!(matches!(peek(&code).await, Verdict::Over(DeadReason::Used)));
}

#[tokio::test]
async fn who_is_blocked_is_refused_after_the_right_code_and_no_sooner() {
    let world = World::new().await;
    let code = world.start(client(), &phone(1)).await.unwrap();
    let first = right(world.give(&phone(1), &code, Kind::Grant).await.unwrap());
    world.store.set_blocked(&phone(1).into(), true, world.system.now()).await.unwrap();
    world.sessions.apply_changes().await.unwrap();
    assert!(world.sessions.find_by_id(first.session()).await.unwrap().is_none());
    for kind in Kind::ALL {
        world.pass(Duration::from_mins(30));
        let code = world.start(client(), &phone(1)).await.expect("a text");
        let wrong = world.give(&phone(1), &unlike(&code, 0), kind).await.unwrap();
        assert!(matches!(wrong, Verdict::Wrong { tries_left: 2 }), "{wrong:?}");
        let peeked = world
            .login
            .verify_without_consuming(&client(), &phone(1), &code)
            .await
            .verdict
            .unwrap();
        assert!(matches!(peeked, Verdict::Blocked), "{peeked:?}");
        let given = world.give(&phone(1), &code, kind).await.unwrap();
        assert!(matches!(given, Verdict::Blocked), "{given:?}");
        assert_eq!(world.count(sessions::ALL).await, 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_ticket_becomes_a_browsers_session_or_nothing() {
    let world = World::new().await;
    let ticket = async |n| {
        let code = world.start(client(), &phone(n)).await.unwrap();
        right(world.give(&phone(n), &code, Kind::Ticket).await.unwrap()).session()
    };
    let (first, second) = (ticket(1).await, ticket(2).await);
    assert!(world.sessions.find_by_id(first).await.unwrap().is_none());
    let begun = world.sessions.begin_at(first, &host(), world.session).await.unwrap();
    let (token, who) = begun.expect("a session");
    assert_eq!(who.session(), first);
    assert!(world.sessions.find_by_id(first).await.unwrap().is_some(), "it is somebody's now");
    world.pass(Duration::from_mins(1));
    let late = world.sessions.begin_at(second, &host(), world.session).await.unwrap();
    assert!(late.is_none());
    world.pass(Duration::from_hours(23));
    let who = world.sessions.check(&token, &host(), world.session).await.unwrap();
    assert!(who.is_some(), "it lasts as any other");
    world.store.clean_up(world.system.now() + Duration::from_hours(24)).await.unwrap();
    assert_eq!(world.count(sessions::ALL).await, 1, "what nobody took up is gone");
}

#[tokio::test]
async fn a_session_is_found_by_its_id_without_io_until_it_ends() {
    let world = World::new().await;
    let code = world.start(client(), &phone(1)).await.unwrap();
    let given = right(world.give(&phone(1), &code, Kind::Grant).await.unwrap());
    let calls = async || {
        world.trap.arm(None);
        let found = world.sessions.find_by_id(given.session()).await.unwrap();
        (found.is_some(), world.trap.disarm().0)
    };
    assert_eq!(calls().await, (true, vec!["sessions.with_id", "sessions.with_id"]));
    // Neither idle nor past its absolute end: a token has an end of its own.
    world.pass(Duration::from_hours(24 * 365));
    assert_eq!(calls().await, (true, vec![]));
    // Ended by another process: until this one learns of it, it is as it was.
    let which = SessionSelection::Only(given.session());
    world.store.end(given.user(), which, world.system.now()).await.unwrap();
    assert_eq!(calls().await, (true, vec![]));
    assert_eq!(world.sessions.apply_changes().await.unwrap(), 1);
    assert_eq!(calls().await, (false, vec![]));
}

#[tokio::test]
async fn a_session_that_ended_before_it_was_asked_for_is_nobodys() {
    let world = World::new().await;
    let code = world.start(client(), &phone(1)).await.unwrap();
    let given = right(world.give(&phone(1), &code, Kind::Grant).await.unwrap());
    let which = SessionSelection::Only(given.session());
    world.store.end(given.user(), which, world.system.now()).await.unwrap();
    assert!(world.sessions.find_by_id(given.session()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_grant_that_was_revoked_elsewhere_is_learned_of() {
    use doorcode::store::GrantStore as _;
    let world = World::new().await;
    let code = world.start(client(), &phone(1)).await.unwrap();
    let gives = world.gives(Kind::Grant);
    let doorcode::login::LoginGrant::Api { grant, .. } = gives.clone() else { panic!() };
    let verified =
        right(world.login.verify(&client(), &phone(1), &code, gives).await.verdict.unwrap());
    let epoch = world.sessions.revoked_epoch();
    world.store.revoke_grant(grant.id, world.system.now()).await.unwrap();
    assert!(!world.sessions.is_revoked(grant.id));
    world.sessions.apply_changes().await.unwrap();
    assert!(world.sessions.is_revoked(grant.id));
    assert!(
        world.sessions.find_by_id(verified.session()).await.unwrap().is_some(),
        "and nothing else"
    );
    // That it is told twice, as to whoever revoked it here, makes nobody ask again.
    world.sessions.note_revoked(grant.id);
    assert_eq!(world.sessions.revoked_epoch(), epoch);
    // Changes that were forgotten before this process read them.
    world.execute("UPDATE change_counter SET seq = 100".to_owned()).await;
    world
        .store
        .end(verified.user(), SessionSelection::Only(verified.session()), world.system.now())
        .await
        .unwrap();
    world.sessions.apply_changes().await.unwrap();
    assert_ne!(world.sessions.revoked_epoch(), epoch, "what is known is to be asked for again");
}

#[tokio::test]
async fn what_the_provider_said_is_told_where_everybody_is_told() {
    let number = PhoneNumber::from_e164(REFUSED.0).unwrap();
    let world = World::new().await;
    assert_eq!(world.start(client(), &number).await, None);
    let refused = SendOutcome::Refused { why: SendRefusal::Number, code: Some(REFUSED.1) };
    assert_eq!(world.attempt(&number).await.outcome, refused);
    world.start(client(), &phone(1)).await.expect("a text");
    assert_eq!(world.attempt(&phone(1)).await.outcome, SendOutcome::Sent);

    let closed = World::open(false).await;
    assert_eq!(closed.start(client(), &number).await, None);
    assert_eq!(closed.attempt(&number).await.outcome, SendOutcome::Pending, "nobody is told");
}
