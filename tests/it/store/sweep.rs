//! What is deleted when it is over, and what is not.
use std::time::Duration;

use doorcode::domain::{AttemptId, Host, PhoneNumber, SessionId, TokenDigest, UserId};
use doorcode::store::{
    Database, LoginOutcome, LoginStore as _, NewLogin, SessionBinding, SessionSelection,
    SessionStore as _, SignInContext, SqlStore,
};
use doorcode::system::Timestamp;
use tempfile::TempDir;

use crate::support::browser::code_in;
use crate::support::gate::{Gate, wait_for};
use crate::support::settings::ADA;
use crate::support::tables::{Count, counters, session_tokens, sessions, spent_codes, users};

const BEGIN: Timestamp = Timestamp::from_millis(1_767_225_600_000);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

fn user() -> UserId {
    UserId::from_bytes([1; 12])
}

fn token(n: u16) -> TokenDigest {
    let mut token = [0; 32];
    token[..2].copy_from_slice(&n.to_be_bytes());
    TokenDigest::from_bytes(token)
}

/// The login of an attempt; `n` makes it its own. All of one user.
fn login(n: u16, life: Duration) -> NewLogin {
    let [a, b] = n.to_be_bytes();
    let (mut attempt, mut session) = ([0; 12], [0; 16]);
    (attempt[0], attempt[1], session[0], session[1]) = (a, b, a, b);
    let token = token(n);
    NewLogin {
        attempt: AttemptId::from_bytes(attempt),
        identifier: PhoneNumber::from_e164(ADA).unwrap().into(),
        new_user: Some(user()),
        session: SessionId::from_bytes(session),
        sign_in_context: SignInContext::default(),
        binding: SessionBinding::Token {
            token,
            host: Host::parse("a.example").unwrap(),
            replaces: None,
        },
        at: BEGIN,
        expires: BEGIN + life,
    }
}

async fn open(folder: &TempDir) -> SqlStore {
    SqlStore::open(&Database::Sqlite(folder.path().join("swept.db"))).await.unwrap()
}

async fn count(folder: &TempDir, count: Count) -> i64 {
    count.read(&folder.path().join("swept.db")).await
}

#[tokio::test]
async fn sessions_go_when_they_are_over_and_living_ones_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    for (n, life) in [(1, DAY * 30), (2, DAY * 30), (3, DAY)] {
        store.commit(&login(n, life)).await.unwrap();
    }
    store.end(user(), SessionSelection::Only(login(2, DAY).session), BEGIN).await.unwrap();
    for (passed, left) in [
        (DAY.saturating_sub(MINUTE), 3),
        (DAY, 2),
        ((DAY * 8).saturating_sub(MINUTE), 2),
        (DAY * 8, 1),
        ((DAY * 37).saturating_sub(MINUTE), 1),
    ] {
        store.clean_up(BEGIN + passed).await.unwrap();
        assert_eq!(count(&folder, sessions::ALL).await, left, "after {passed:?}");
        assert_eq!(count(&folder, session_tokens::ALL).await, left, "after {passed:?}");
    }
    assert!(store.find(&token(1)).await.unwrap().is_some(), "never one that lives");
    store.clean_up(BEGIN + DAY * 37).await.unwrap();
    assert_eq!(
        (count(&folder, sessions::ALL).await, count(&folder, session_tokens::ALL).await),
        (0, 0)
    );
    assert_eq!(count(&folder, users::ALL).await, 1, "people stay");
}

#[tokio::test]
async fn a_spent_code_is_remembered_for_longer_than_it_could_be_typed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    store.commit(&login(1, DAY)).await.unwrap();
    // 10 minutes to live, 25 to be remembered, and a clock that is an hour wrong.
    for passed in [MINUTE * 10, MINUTE * 25, MINUTE * 95, DAY.saturating_sub(MINUTE)] {
        store.clean_up(BEGIN + passed).await.unwrap();
        let again = NewLogin { at: BEGIN + passed, ..login(1, DAY * 40) };
        let again = store.commit(&again).await.unwrap();
        assert_eq!(again, LoginOutcome::AlreadySpent { at: BEGIN }, "after {passed:?}");
    }
    store.clean_up(BEGIN + DAY).await.unwrap();
    assert_eq!(count(&folder, spent_codes::ALL).await, 0);
}

#[tokio::test]
async fn more_than_goes_in_one_transaction_goes_in_several() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    for n in 0..1_201 {
        store.commit(&login(n, MINUTE)).await.unwrap();
    }
    let swept = store.clean_up(BEGIN + DAY * 8).await.unwrap();
    assert_eq!((swept.sessions, swept.spent), (1_201, 1_201));
    assert_eq!(
        (count(&folder, sessions::ALL).await, count(&folder, session_tokens::ALL).await),
        (0, 0)
    );
    assert_eq!(store.clean_up(BEGIN + DAY * 8).await.unwrap().all(), 0);
}

#[test]
fn the_server_sweeps_by_itself_and_loses_nobody_who_is_signed_in() {
    let gate = Gate::changed(&[("[login]", "[login]\nsession_idle = \"20d\"")]);
    let mut ada = gate.browser();
    ada.sign_in("/", ADA, &gate.texts).is(200);
    let mut gone = gate.browser();
    gone.sign_in("/", ADA, &gate.texts).is(200);
    gone.post("/.doorcode/sign-out", &[]).is(303);
    assert_eq!(gate.count(sessions::ALL), 2);
    gate.pass(DAY + MINUTE);
    wait_for("sweep", || (gate.count(sessions::ALL) == 1).then_some(()));
    wait_for("sweep of the rest", || (gate.count(spent_codes::ALL) == 0).then_some(()));
    assert_eq!(gate.count(session_tokens::ALL), 1);
    assert_eq!(gate.count(counters::SHORTER_THAN_A_DAY), 0);
    ada.get("/orders").is(200);
    gone.get("/orders").is(303);
    let page = gone.visit("/");
    let page = gone.give_number(&page, ADA).is(200);
    let text = gate.texts.text(3);
    let answer = gone.give_code(&page, &code_in(&text.body)).is(303);
    gone.finish(answer).is(200);
}
