//! What is deleted when it is over, and what is not.
use std::time::Duration;

use doorcode::domain::{AttemptId, Host, PhoneNumber, SessionId, TokenDigest, UserId};
use doorcode::store::{
    LoginOutcome, LoginStore as _, NewLogin, SessionBinding, SessionSelection, SessionStore as _,
    SignInContext,
};
use doorcode::system::Timestamp;

use crate::support::settings::ADA;
use crate::support::tables::{session_tokens, sessions, spent_codes, users};

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

#[tokio::test]
async fn sessions_go_when_they_are_over_and_living_ones_stay() {
    let database = super::database().await;
    let store = database.open().await;
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
        assert_eq!(database.count(sessions::ALL).await, left, "after {passed:?}");
        assert_eq!(database.count(session_tokens::ALL).await, left, "after {passed:?}");
    }
    assert!(store.find(&token(1)).await.unwrap().is_some(), "never one that lives");
    store.clean_up(BEGIN + DAY * 37).await.unwrap();
    assert_eq!(
        (database.count(sessions::ALL).await, database.count(session_tokens::ALL).await),
        (0, 0)
    );
    assert_eq!(database.count(users::ALL).await, 1, "people stay");
}

#[tokio::test]
async fn a_spent_code_is_remembered_for_longer_than_it_could_be_typed() {
    let database = super::database().await;
    let store = database.open().await;
    store.commit(&login(1, DAY)).await.unwrap();
    // 10 minutes to live, 25 to be remembered, and a clock that is an hour wrong.
    for passed in [MINUTE * 10, MINUTE * 25, MINUTE * 95, DAY.saturating_sub(MINUTE)] {
        store.clean_up(BEGIN + passed).await.unwrap();
        let again = NewLogin { at: BEGIN + passed, ..login(1, DAY * 40) };
        let again = store.commit(&again).await.unwrap();
        assert_eq!(again, LoginOutcome::AlreadySpent { at: BEGIN }, "after {passed:?}");
    }
    store.clean_up(BEGIN + DAY).await.unwrap();
    assert_eq!(database.count(spent_codes::ALL).await, 0);
}

#[tokio::test]
async fn more_than_goes_in_one_transaction_goes_in_several() {
    let database = super::database().await;
    let store = database.open().await;
    for n in 0..1_201 {
        store.commit(&login(n, MINUTE)).await.unwrap();
    }
    let swept = store.clean_up(BEGIN + DAY * 8).await.unwrap();
    assert_eq!((swept.sessions, swept.spent), (1_201, 1_201));
    assert_eq!(
        (database.count(sessions::ALL).await, database.count(session_tokens::ALL).await),
        (0, 0)
    );
    assert_eq!(store.clean_up(BEGIN + DAY * 8).await.unwrap().all(), 0);
}
