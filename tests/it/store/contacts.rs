//! Phone numbers, which a copy of the database does not tell, and the change of the secret.
use std::collections::BTreeSet;

use doorcode::domain::{AttemptId, Host, PhoneNumber, SessionId, TokenDigest, UserId};
use doorcode::store::{
    ContactKeys, LoginOutcome, LoginStore as _, NewLogin, Reencrypted, SessionBinding,
    SessionStore as _, SignInContext, SqlStore, StoreError, UserStore as _,
};
use doorcode::system::{System, Timestamp};
use futures_util::future::join_all;

use crate::support::contacts::keys_of;
use crate::support::databases::TestDatabase;
use crate::support::settings::SECRET;
use crate::support::tables::{contact_indexes, users};

const NEXT: &str = "the secret that comes after the first one";
const THIRD: &str = "a secret that nobody has written anything under";
const AT: Timestamp = Timestamp::from_millis(1_000);

fn phone(n: u8) -> PhoneNumber {
    PhoneNumber::from_store(&format!("+12025550{n:03}")).unwrap()
}

fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 12])
}

fn token(n: u8) -> TokenDigest {
    TokenDigest::from_bytes([n; 32])
}

/// The login of a person; `n` makes everything about it its own.
fn login(n: u8) -> NewLogin {
    NewLogin {
        attempt: AttemptId::from_bytes([n; 12]),
        identifier: phone(n).into(),
        new_user: Some(user(n)),
        session: SessionId::from_bytes([n; 16]),
        binding: SessionBinding::Token {
            token: token(n),
            host: Host::parse("a.example").unwrap(),
            replaces: None,
        },
        sign_in_context: SignInContext::default(),
        at: AT,
        expires: Timestamp::from_millis(9_000_000),
    }
}

async fn id(store: &SqlStore, n: u8) -> Option<UserId> {
    store.find_by_identifier(&phone(n).into()).await.unwrap().map(|found| found.id)
}

async fn tells(database: &TestDatabase, number: &str) -> bool {
    let files = database.files().await;
    files.windows(number.len()).any(|part| part == number.as_bytes())
}

async fn reencrypt(store: &SqlStore) -> Reencrypted {
    store.reencrypt_contacts(&mut |_| {}).await.unwrap()
}

#[tokio::test]
async fn a_copy_of_the_database_tells_no_number() {
    let database = super::database().await;
    let store = database.open().await;
    for n in 1..=20 {
        store.commit(&login(n)).await.unwrap();
    }
    store.ensure_users(&[(user(30), phone(30).into())], AT).await.unwrap();
    store.close().await;
    assert!(tells(&database, "a.example").await, "what is not secret is found");
    assert!(!tells(&database, "2025550").await);
    assert!(!tells(&database, "50007").await, "the last digits");
}

#[tokio::test]
async fn numbers_that_a_former_version_wrote_are_encrypted_and_everybody_stays_who_they_are() {
    let database = super::database().await;
    database.without_contacts().await;
    database
        .run(
            "INSERT INTO users (id, phone, created, blocked, version)
               VALUES ('sms|010101010101010101010101', '+12025550001', 5, NULL, 3),
                      ('sms|020202020202020202020202', '+12025550002', 6, 7, 0);
             INSERT INTO user_roles (user_id, role) VALUES ('sms|010101010101010101010101', 'staff');
             INSERT INTO sessions (id, user_id, kind, created, last_seen, expires)
               VALUES ('01010101010101010101010101010101', 'sms|010101010101010101010101', 'browser',
                 8, 9, 9000000);
             INSERT INTO session_tokens (digest, session_id, host)
               VALUES ('0101010101010101010101010101010101010101010101010101010101010101',
                 '01010101010101010101010101010101', 'a.example');",
        )
        .await;
    assert!(tells(&database, "+12025550001").await);
    let store = database.open().await;
    let session = store.find(&token(1)).await.unwrap().expect("the session goes on");
    assert_eq!((session.user, session.phone), (user(1), phone(1)));
    assert_eq!(session.revision.version, 3);
    let found = store.find_by_identifier(&phone(2).into()).await.unwrap().expect("a user");
    assert_eq!((found.id, found.blocked), (user(2), Some(Timestamp::from_millis(7))));
    let again = NewLogin { identifier: phone(1).into(), ..login(3) };
    let begun = LoginOutcome::Begun { user: user(1), new_user: false };
    assert_eq!(store.commit(&again).await.unwrap(), begun);
    store.close().await;
    let proved = database.rows("SELECT user_id, proved FROM contacts ORDER BY user_id").await;
    let proved: Vec<_> = proved.iter().map(|(_, at)| *at).collect();
    assert_eq!(proved, [Some(8), None], "by the first session; nobody signed in with the second");
    assert!(!tells(&database, "2025550").await, "what was deleted is overwritten");
}

/// A version before wrote them as landlines, for users of the configuration.
#[tokio::test]
async fn mobile_numbers_of_argentina_get_their_nine() {
    let database = super::database().await;
    database.without_contacts().await;
    database
        .run(
            "INSERT INTO users (id, phone, created, blocked) VALUES
           ('sms|010101010101010101010101', '+541123456789', 0, NULL),
           ('sms|020202020202020202020202', '+541123456788', 0, 7),
           ('sms|030303030303030303030303', '+5491123456788', 0, NULL),
           ('sms|040404040404040404040404', '+548001234567', 0, NULL),
           ('sms|050505050505050505050505', '+447400123456', 0, NULL);
         DROP TABLE nodes; DROP TABLE cells; DELETE FROM _sqlx_migrations WHERE version > 11;",
        )
        .await;
    let store = database.open().await;
    for (number, n, blocked) in [
        ("+5491123456789", 1, None),
        // There is one of the number already, which is blocked too from now on.
        ("+541123456788", 2, Some(7)),
        ("+5491123456788", 3, Some(7)),
        ("+548001234567", 4, None),
        ("+447400123456", 5, None),
    ] {
        let number = PhoneNumber::from_store(number).unwrap();
        let found = store.find_by_identifier(&number.into()).await.unwrap().expect("a user");
        assert_eq!((found.id, found.blocked), (user(n), blocked.map(Timestamp::from_millis)));
    }
}

#[tokio::test]
async fn when_a_number_was_first_proved_stays_known() {
    let database = super::database().await;
    let store = database.open().await;
    store.ensure_users(&[(user(1), phone(1).into())], Timestamp::from_millis(1)).await.unwrap();
    let proved = async || database.rows("SELECT kind, proved FROM contacts").await[0].clone();
    assert_eq!(proved().await, ("phone".to_owned(), None));
    store.commit(&login(1)).await.unwrap();
    let later = Timestamp::from_millis(5_000);
    store.commit(&NewLogin { at: later, identifier: phone(1).into(), ..login(2) }).await.unwrap();
    assert_eq!(proved().await.1, Some(1_000));
}

#[tokio::test]
async fn users_are_found_by_the_end_of_their_number() {
    let database = super::database().await;
    let before = database.open().await;
    for n in 1..=3 {
        before.commit(&login(n)).await.unwrap();
    }
    let store = database.open_with(&[NEXT, SECRET]).await;
    let same = PhoneNumber::from_store("+13035550002").unwrap();
    store.commit(&NewLogin { identifier: same.clone().into(), ..login(9) }).await.unwrap();
    let mut found = store.find_by_ending("0002").await.unwrap();
    found.sort_by_key(|user| user.id);
    let found: Vec<_> = found.into_iter().map(|user| (user.id, user.phone)).collect();
    assert_eq!(found, [(user(2), phone(2)), (user(9), same)]);
    assert_eq!(store.find_by_ending("9999").await.unwrap(), []);
}

#[tokio::test]
async fn a_secret_is_changed_while_servers_run() {
    let database = super::database().await;
    let former = database.open().await;
    for n in 1..=30 {
        former.commit(&login(n)).await.unwrap();
    }
    let both = database.open_with(&[NEXT, SECRET]).await;
    assert_eq!(id(&both, 7).await, Some(user(7)));
    // Of somebody new, each server knows what the other wrote.
    let order = database.open_with(&[SECRET, NEXT]).await;
    both.commit(&login(31)).await.unwrap();
    assert_eq!(id(&order, 31).await, Some(user(31)));
    let refused = former.find_by_identifier(&phone(31).into()).await;
    assert!(matches!(refused, Err(StoreError::OtherSecret)), "{refused:?}");
    order.commit(&login(32)).await.unwrap();
    assert_eq!(id(&both, 32).await, Some(user(32)));
    // One that lacks a secret creates nobody: whom it does not find may be there all the same.
    let refused = former.commit(&login(34)).await;
    assert!(matches!(refused, Err(StoreError::OtherSecret)), "{refused:?}");
    assert_eq!(database.count(contact_indexes::ALL).await, 34);

    let mut shown = Vec::new();
    let done = both.reencrypt_contacts(&mut |progress| shown.push(progress)).await.unwrap();
    assert_eq!(done, Reencrypted { changed: 31, unreadable: 0 });
    let end = shown.last().unwrap();
    assert_eq!((end.done, end.all), (31, 31));
    assert_eq!(reencrypt(&both).await.changed, 0, "once is enough");

    // Also who was there and is no longer found.
    let known = NewLogin { identifier: phone(5).into(), ..login(35) };
    let refused = former.commit(&known).await;
    assert!(matches!(refused, Err(StoreError::OtherSecret)), "{refused:?}");
    both.commit(&login(33)).await.unwrap();
    let next = database.open_with(&[NEXT]).await;
    for n in 1..=33 {
        assert_eq!(id(&next, n).await, Some(user(n)), "{n}");
        assert_eq!(next.find(&token(n)).await.unwrap().unwrap().phone, phone(n));
    }
    assert_eq!(next.find_by_ending("0005").await.unwrap().len(), 1);
    next.forget_former_indexes().await.unwrap();
    assert_eq!(database.count(contact_indexes::ALL).await, 33, "nothing of the former secret");
    let again = NewLogin { identifier: phone(33).into(), ..login(40) };
    let begun = LoginOutcome::Begun { user: user(33), new_user: false };
    assert_eq!(next.commit(&again).await.unwrap(), begun);
}

#[tokio::test]
async fn whoever_lacks_the_secret_is_told_and_changes_nothing() {
    let database = super::database().await;
    let store = database.open().await;
    store.commit(&login(1)).await.unwrap();
    let database_of = &database.database;
    for opened in [
        SqlStore::open(database_of, keys_of(&[NEXT])).await,
        SqlStore::open_existing(database_of, keys_of(&[NEXT])).await,
        SqlStore::open(database_of, keys_of(&[NEXT, THIRD])).await,
    ] {
        assert!(matches!(opened.err(), Some(StoreError::OtherSecret)));
    }
    assert_eq!(id(&store, 1).await, Some(user(1)));
    database.open_with(&[NEXT, SECRET]).await;

    let none = ContactKeys::none(System::real());
    let none = SqlStore::open(database_of, none).await.unwrap();
    assert!(matches!(none.commit(&login(2)).await, Err(StoreError::NoContactKeys)));
    assert!(matches!(none.find(&token(1)).await, Err(StoreError::NoContactKeys)));
    assert_eq!(database.count(users::ALL).await, 1);
}

/// Somebody who can write to the database, and knows no secret.
#[tokio::test]
async fn a_number_leads_to_nobody_but_whose_it_is() {
    let database = super::database().await;
    let store = database.open().await;
    for n in 1..=3 {
        store.commit(&login(n)).await.unwrap();
    }
    database
        .run(
            "UPDATE contact_indexes SET user_id = 'sms|030303030303030303030303'
             WHERE user_id = 'sms|010101010101010101010101';
             DELETE FROM contacts WHERE user_id = 'sms|020202020202020202020202';",
        )
        .await;
    for n in 1..=2 {
        let again = NewLogin { identifier: phone(n).into(), ..login(n + 10) };
        let refused = store.commit(&again).await;
        assert!(matches!(refused, Err(StoreError::BadRow { .. })), "{n}: {refused:?}");
        let refused = store.set_blocked(&phone(n).into(), true, AT).await;
        assert!(matches!(refused, Err(StoreError::BadRow { .. })), "{n}: {refused:?}");
        let refused = store.find_by_identifier(&phone(n).into()).await;
        assert!(matches!(refused, Err(StoreError::BadRow { .. })), "{n}: {refused:?}");
    }
    assert_eq!(id(&store, 3).await, Some(user(3)));
    assert_eq!(database.count(users::ALL).await, 3);
}

/// Somebody who can write to the database, and knows no secret.
#[tokio::test]
async fn a_number_that_was_moved_to_somebody_else_is_refused() {
    let database = super::database().await;
    let store = database.open().await;
    for n in 1..=2 {
        store.commit(&login(n)).await.unwrap();
    }
    database
        .run(
            "UPDATE contacts SET value = (SELECT c.value FROM contacts c
               WHERE c.user_id = 'sms|020202020202020202020202')
             WHERE user_id = 'sms|010101010101010101010101'",
        )
        .await;
    let moved = store.find(&token(1)).await;
    assert!(matches!(moved, Err(StoreError::BadRow { column: "value", .. })), "{moved:?}");
    assert!(store.find(&token(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_number_that_signs_in_at_two_servers_with_the_secrets_in_another_order_is_one_user() {
    let database = super::database().await;
    let one = database.open_with(&[SECRET, NEXT]).await;
    let other = database.open_with(&[NEXT, SECRET]).await;
    let logins: Vec<_> =
        (1..=40).map(|n| NewLogin { identifier: phone(n / 4).into(), ..login(n) }).collect();
    let commit = |(n, login)| if n % 2 == 0 { one.commit(login) } else { other.commit(login) };
    let mut users = BTreeSet::new();
    for done in join_all(logins.iter().enumerate().map(commit)).await {
        let Ok(LoginOutcome::Begun { user, .. }) = done else { panic!("{done:?}") };
        users.insert(user);
    }
    assert_eq!(users.len(), 11);
    assert_eq!(database.count(users::ALL).await, 11);
    assert_eq!(database.count(contact_indexes::ALL).await, 22);
}
