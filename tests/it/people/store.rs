//! What the database itself keeps of people.
use doorcode::domain::{AttemptId, Host, SessionId, TokenDigest, UserId};
use doorcode::store::{
    Change, Database, LoginOutcome, LoginStore as _, NewLogin, SessionBinding, SessionSelection,
    SessionStore as _, SignInContext, SqlStore, UserStore as _,
};
use doorcode::system::Timestamp;

use super::phone;
use crate::support::contacts::contact_keys;
use crate::support::settings::{ADA, BOB};

const TEST: &str = "+15550100001";

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 12])
}

fn session(n: u8) -> SessionId {
    SessionId::from_bytes([n; 16])
}

fn login(n: u8, e164: &str) -> NewLogin {
    NewLogin {
        attempt: AttemptId::from_bytes([n; 12]),
        identifier: phone(e164).into(),
        new_user: Some(user(n)),
        session: session(n),
        binding: SessionBinding::Token {
            token: TokenDigest::from_bytes([n; 32]),
            host: Host::parse("localhost").unwrap(),
            replaces: None,
        },
        sign_in_context: SignInContext { device: "a|b".to_owned(), address_block: "c".to_owned() },
        at: at(i64::from(n)),
        expires: at(1000),
    }
}

async fn store() -> (tempfile::TempDir, SqlStore) {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::Sqlite(folder.path().join("test.db"));
    let store = SqlStore::open(&database, contact_keys()).await.unwrap();
    (folder, store)
}

#[tokio::test]
async fn to_enrol_again_changes_nothing() {
    let (_folder, store) = store().await;
    for n in 1..4 {
        store
            .ensure_users(&[(user(n), phone(ADA).into()), (user(n + 9), phone(BOB).into())], at(1))
            .await
            .unwrap();
    }
    assert_eq!(store.find_by_identifier(&phone(ADA).into()).await.unwrap().unwrap().id, user(1));
    assert_eq!(store.find_by_identifier(&phone(BOB).into()).await.unwrap().unwrap().id, user(10));
    assert_eq!(store.find_by_identifier(&phone("+12025550111").into()).await.unwrap(), None);
}

#[tokio::test]
async fn a_test_number_that_is_not_named_any_more_loses_its_sessions() {
    let (_folder, store) = store().await;
    let begun = LoginOutcome::Begun { user: user(1), new_user: true };
    assert_eq!(store.commit(&login(1, TEST)).await.unwrap(), begun);
    store.commit(&login(2, ADA)).await.unwrap();
    store.ensure_users(&[(user(3), phone(TEST).into())], at(5)).await.unwrap();
    assert!(store.find(&TokenDigest::from_bytes([1; 32])).await.unwrap().is_some());
    store.ensure_users(&[], at(5)).await.unwrap();
    assert!(store.find(&TokenDigest::from_bytes([1; 32])).await.unwrap().is_none());
    assert!(store.find(&TokenDigest::from_bytes([2; 32])).await.unwrap().is_some());
    assert_eq!(store.changes_after(0).await.unwrap(), [(1, Change::Session(session(1)))]);
}

#[tokio::test]
async fn who_may_not_be_made_is_not_made_and_the_code_is_spent() {
    let (_folder, store) = store().await;
    let closed = |n| NewLogin { new_user: None, ..login(n, ADA) };
    assert_eq!(store.commit(&closed(1)).await.unwrap(), LoginOutcome::Unknown);
    assert_eq!(store.find_by_identifier(&phone(ADA).into()).await.unwrap(), None);
    assert_eq!(
        store.commit(&login(1, ADA)).await.unwrap(),
        LoginOutcome::AlreadySpent { at: at(1) }
    );
    store.ensure_users(&[(user(7), phone(ADA).into())], at(1)).await.unwrap();
    let begun = LoginOutcome::Begun { user: user(7), new_user: false };
    assert_eq!(store.commit(&closed(2)).await.unwrap(), begun);
}

#[tokio::test]
async fn only_sessions_of_that_user_end_and_each_is_told_once() {
    let (_folder, store) = store().await;
    for (n, e164) in [(1, ADA), (2, ADA), (3, ADA), (4, BOB)] {
        store.commit(&login(n, e164)).await.unwrap();
    }
    let own: Vec<_> = store.list_by_user(user(1), at(9)).await.unwrap();
    let own: Vec<_> = own.iter().map(|own| (own.id, own.created)).collect();
    assert_eq!(own, [3, 2, 1].map(|n| (session(n), at(n.into()))));
    assert_eq!(store.list_by_user(user(1), at(1000)).await.unwrap().len(), 0, "they expired");

    let end = async |of: u8, which| store.end(user(of), which, at(9)).await.unwrap();
    assert_eq!(end(1, SessionSelection::Only(session(4))).await, []);
    assert_eq!(end(1, SessionSelection::Only(session(2))).await, [session(2)]);
    assert_eq!(end(1, SessionSelection::Only(session(2))).await, []);
    let mut ended = end(1, SessionSelection::AllBut(session(1))).await;
    ended.sort();
    assert_eq!(ended, [session(3)]);
    let told = store.changes_after(0).await.unwrap();
    assert_eq!(told, [(1, Change::Session(session(2))), (2, Change::Session(session(3)))]);
    assert_eq!(store.changes_after(1).await.unwrap().len(), 1);
    assert_eq!(store.changes_after(2).await.unwrap(), []);
}
