use std::time::Duration;

use doorcode::domain::{AttemptId, Host, Identifier, PhoneNumber, SessionId, TokenDigest, UserId};
use doorcode::store::{
    Change, LoginOutcome, LoginStore, NewLogin, SessionBinding, SessionSelection, SessionStore,
    SignInContext, SqlStore, StoreError, StoredSession,
};
use doorcode::system::Timestamp;
use futures_util::future::join_all;

const HOUR: Duration = Duration::from_hours(1);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).unwrap()
}

/// The login of an attempt; `number` makes everything about it its own.
fn login(number: u8) -> NewLogin {
    NewLogin {
        attempt: AttemptId::from_bytes([number; 12]),
        identifier: phone("+447400123456").into(),
        new_user: Some(user(number)),
        session: SessionId::from_bytes([number; 16]),
        binding: opens(number, None),
        sign_in_context: SignInContext::default(),
        at: at(1_000),
        expires: at(1_000) + HOUR,
    }
}

fn opens(number: u8, instead_of: Option<SessionId>) -> SessionBinding {
    let token = TokenDigest::from_bytes([number; 32]);
    SessionBinding::Token { token, host: Host::parse("a.example").unwrap(), replaces: instead_of }
}

fn user(number: u8) -> UserId {
    UserId::from_bytes([number; 12])
}

async fn found(store: &SqlStore, number: u8) -> Option<StoredSession> {
    store.find(&TokenDigest::from_bytes([number; 32])).await.unwrap()
}

#[tokio::test]
async fn a_login_makes_a_user_and_a_session_that_is_found_by_its_token() {
    let database = super::database().await;
    let store = database.open().await;
    let begun = store.commit(&login(1)).await.unwrap();
    assert_eq!(begun, LoginOutcome::Begun { user: user(1), new_user: true });
    let session = found(&store, 1).await.unwrap();
    assert_eq!((session.id, session.user), (login(1).session, user(1)));
    assert_eq!(Identifier::from(session.phone), login(1).identifier);
    assert_eq!(session.host.unwrap().as_str(), "a.example");
    assert_eq!((session.last_seen, session.expires), (at(1_000), at(1_000) + HOUR));
    assert!(found(&store, 2).await.is_none());
    store.ping().await.unwrap();
}

#[tokio::test]
async fn a_code_is_spent_once_whatever_else_is_asked_for() {
    let database = super::database().await;
    let store = database.open().await;
    store.commit(&login(1)).await.unwrap();
    let again = NewLogin { attempt: login(1).attempt, at: at(9_000), ..login(2) };
    for login in [&login(1), &again] {
        let spent = store.commit(login).await.unwrap();
        assert_eq!(spent, LoginOutcome::AlreadySpent { at: at(1_000) });
    }
    assert!(found(&store, 2).await.is_none(), "a spent code began a session");
}

#[tokio::test]
async fn the_user_of_a_number_is_found_again() {
    let database = super::database().await;
    let store = database.open().await;
    store.commit(&login(1)).await.unwrap();
    let second = store.commit(&login(2)).await.unwrap();
    assert_eq!(second, LoginOutcome::Begun { user: user(1), new_user: false });
    let other = NewLogin { identifier: phone("+12025550123").into(), ..login(3) };
    let other = store.commit(&other).await.unwrap();
    assert_eq!(other, LoginOutcome::Begun { user: user(3), new_user: true });
    assert_eq!(found(&store, 2).await.unwrap().user, user(1));
}

#[tokio::test]
async fn of_fifty_commits_of_one_attempt_one_begins_a_session() {
    let database = super::database().await;
    let store = database.open().await;
    let logins: Vec<_> =
        (1..=50).map(|number| NewLogin { attempt: login(1).attempt, ..login(number) }).collect();
    let all = join_all(logins.iter().map(|login| store.commit(login))).await;
    let begun = all.iter().filter(|done| matches!(done, Ok(LoginOutcome::Begun { .. }))).count();
    let spent = LoginOutcome::AlreadySpent { at: at(1_000) };
    let late = all.iter().filter(|done| done.as_ref().is_ok_and(|done| *done == spent)).count();
    assert_eq!((begun, late), (1, 49), "{all:?}");
    let sessions = join_all((1..=50).map(|number| found(&store, number))).await;
    assert_eq!(sessions.iter().flatten().count(), 1);
}

#[tokio::test]
async fn a_number_that_signs_in_in_many_places_at_once_is_one_user() {
    let database = super::database().await;
    let store = database.open().await;
    let logins: Vec<_> = (1..=20).map(login).collect();
    let all = join_all(logins.iter().map(|login| store.commit(login))).await;
    let (mut users, mut made) = (std::collections::BTreeSet::new(), 0);
    for done in all {
        let Ok(LoginOutcome::Begun { user, new_user }) = done else { panic!("{done:?}") };
        users.insert(user);
        made += u8::from(new_user);
    }
    assert_eq!((users.len(), made), (1, 1));
    let sessions = join_all((1..=20).map(|number| found(&store, number))).await;
    assert_eq!(sessions.iter().flatten().count(), 20);
}

#[tokio::test]
async fn a_login_that_fails_half_way_spends_nothing() {
    let database = super::database().await;
    let store = database.open().await;
    store.commit(&login(1)).await.unwrap();
    // Its session has an id that is taken, so the last step of the transaction fails.
    let broken = NewLogin {
        session: login(1).session,
        identifier: phone("+12025550123").into(),
        ..login(2)
    };
    assert!(matches!(store.commit(&broken).await, Err(StoreError::Database(_))));
    let whole =
        NewLogin { identifier: phone("+12025550123").into(), new_user: Some(user(3)), ..login(2) };
    let begun = store.commit(&whole).await.unwrap();
    assert_eq!(begun, LoginOutcome::Begun { user: user(3), new_user: true });
}

#[tokio::test]
async fn an_ended_session_is_not_found_and_the_others_are() {
    let database = super::database().await;
    let store = database.open().await;
    for number in [1, 2] {
        store.commit(&login(number)).await.unwrap();
    }
    for _ in 0..2 {
        store.end(user(1), SessionSelection::Only(login(1).session), at(2_000)).await.unwrap();
        assert!(found(&store, 1).await.is_none());
        assert!(found(&store, 2).await.is_some());
    }
    store
        .end(user(1), SessionSelection::Only(SessionId::from_bytes([9; 16])), at(2_000))
        .await
        .unwrap();
    let spent = store.commit(&login(1)).await.unwrap();
    assert_eq!(spent, LoginOutcome::AlreadySpent { at: at(1_000) }, "the end frees no code");
}

#[tokio::test]
async fn a_blocked_user_has_no_session_and_gets_none() {
    let database = super::database().await;
    let store = database.open().await;
    store.commit(&login(1)).await.unwrap();
    database.run("UPDATE users SET blocked = 1500").await;
    assert!(found(&store, 1).await.is_none());
    let blocked = LoginOutcome::Blocked { user: user(1) };
    assert_eq!(store.commit(&login(2)).await.unwrap(), blocked);
    assert!(found(&store, 2).await.is_none());
    database.run("UPDATE users SET blocked = NULL").await;
    let spent = LoginOutcome::AlreadySpent { at: at(1_000) };
    assert_eq!(store.commit(&login(2)).await.unwrap(), spent, "the code was spent all the same");
    assert!(found(&store, 1).await.is_some());
}

#[tokio::test]
async fn last_seen_never_moves_back() {
    let database = super::database().await;
    let store = database.open().await;
    for number in [1, 2] {
        store.commit(&login(number)).await.unwrap();
    }
    let (first, second) = (login(1).session, login(2).session);
    store.record_last_seen(&[(first, at(5_000)), (second, at(500))]).await.unwrap();
    store
        .record_last_seen(&[(first, at(4_000)), (SessionId::from_bytes([9; 16]), at(1))])
        .await
        .unwrap();
    store.record_last_seen(&[]).await.unwrap();
    assert_eq!(found(&store, 1).await.unwrap().last_seen, at(5_000));
    assert_eq!(found(&store, 2).await.unwrap().last_seen, at(1_000));
    store
        .record_last_seen(&[(first, at(6_000)), (first, at(7_000)), (first, at(6_500))])
        .await
        .unwrap();
    assert_eq!(found(&store, 1).await.unwrap().last_seen, at(7_000));
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let database = super::database().await;
    let store = database.open().await;
    for number in [1, 2] {
        store.commit(&login(number)).await.unwrap();
    }
    store.end(user(1), SessionSelection::Only(login(2).session), at(2_000)).await.unwrap();
    store.record_last_seen(&[(login(1).session, at(3_000))]).await.unwrap();
    store.close().await;
    let store = database.open().await;
    assert_eq!(found(&store, 1).await.unwrap().last_seen, at(3_000));
    assert!(found(&store, 2).await.is_none());
    let spent = LoginOutcome::AlreadySpent { at: at(1_000) };
    assert_eq!(store.commit(&login(1)).await.unwrap(), spent);
    let again = store.commit(&login(3)).await.unwrap();
    assert_eq!(again, LoginOutcome::Begun { user: user(1), new_user: false });
}

#[tokio::test]
async fn a_row_that_is_damaged_is_told_and_lets_nobody_in() {
    let database = super::database().await;
    let store = database.open().await;
    store.commit(&login(1)).await.unwrap();
    database.run("UPDATE users SET phone = 'nobody'").await;
    let damaged = store.find(&TokenDigest::from_bytes([1; 32])).await;
    assert!(matches!(damaged, Err(StoreError::BadRow { column: "phone", .. })), "{damaged:?}");
}

#[tokio::test]
async fn the_session_before_ends_with_what_begins_the_next_or_stays() {
    let database = super::database().await;
    let store = database.open().await;
    store.commit(&login(1)).await.unwrap();
    // Somebody else's login in the same browser, with a code that was used already.
    let instead = |number| opens(number, Some(login(1).session));
    let next =
        NewLogin { identifier: phone("+12025550123").into(), binding: instead(2), ..login(2) };
    let used = NewLogin { attempt: login(1).attempt, ..next.clone() };
    assert!(matches!(store.commit(&used).await.unwrap(), LoginOutcome::AlreadySpent { .. }));
    assert!(found(&store, 1).await.is_some(), "nothing took its place");

    store.commit(&next).await.unwrap();
    assert!(found(&store, 1).await.is_none() && found(&store, 2).await.is_some());
    let told = store.changes_after(0).await.unwrap();
    assert_eq!(told, [(1, Change::Session(login(1).session))], "every node is told");
    let again = NewLogin { binding: instead(3), ..login(3) };
    store.commit(&again).await.unwrap();
    assert_eq!(store.changes_after(1).await.unwrap(), [], "to end it again changes nothing");
}

/// A version before wrote them as landlines, for users of the configuration.
#[tokio::test]
async fn mobile_numbers_of_argentina_get_their_nine() {
    let database = super::database().await;
    database.open().await.close().await;
    database
        .run(
            "INSERT INTO users (id, phone, created, blocked) VALUES
           ('0101010101010101010101010', '+541123456789', 0, NULL),
           ('0202020202020202020202020', '+541123456788', 0, 7),
           ('0303030303030303030303030', '+5491123456788', 0, NULL),
           ('0404040404040404040404040', '+548001234567', 0, NULL),
           ('0505050505050505050505050', '+447400123456', 0, NULL);
         DROP TABLE nodes; DROP TABLE cells; DROP TABLE counter_totals; DROP TABLE counter_marks; DELETE FROM _sqlx_migrations WHERE version > 11;",
        )
        .await;
    database.open().await.close().await;
    let rows = database.rows("SELECT phone, blocked FROM users ORDER BY id").await;
    let rows: Vec<_> = rows.iter().map(|(phone, blocked)| (phone.as_str(), *blocked)).collect();
    let expected = [
        ("+5491123456789", None),
        // There is one of the number already, which is blocked too from now on.
        ("+541123456788", Some(7)),
        ("+5491123456788", Some(7)),
        ("+548001234567", None),
        ("+447400123456", None),
    ];
    assert_eq!(rows, expected);
}
