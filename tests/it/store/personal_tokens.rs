//! Personal access tokens: each is given once, as few as are allowed, and ends with its user.
use doorcode::domain::{SessionId, TokenDigest, TokenName};
use doorcode::store::{
    Change, InsertedToken, NewPersonalToken, PersonalTokenStore as _, SessionKind,
    SessionSelection, SessionStore as _, SqlStore, UserStore as _,
};
use futures_util::future::join_all;

use super::grants::{BEGIN, HOUR, phone, session, store, user};
use crate::support::tables::{personal_tokens, sessions};

const SITE: &str = "https://git.example.com";

pub(super) fn new_token(n: u8) -> NewPersonalToken {
    NewPersonalToken {
        id: session(n),
        digest: TokenDigest::from_bytes([n; 32]),
        name: TokenName::parse("git").unwrap(),
        site: SITE.to_owned(),
        expires: BEGIN + HOUR * 24,
    }
}

async fn insert(store: &SqlStore, maker: SessionId, n: u8, most: u32) -> InsertedToken {
    store.insert_personal_token(maker, &new_token(n), most, BEGIN).await.unwrap()
}

async fn is_found(store: &SqlStore, n: u8) -> bool {
    store.find_personal_token(&new_token(n).digest).await.unwrap().is_some()
}

#[tokio::test]
async fn a_token_is_found_by_its_digest_and_is_no_session_of_a_browser() {
    let (_database, store) = store().await;
    assert_eq!(insert(&store, session(1), 2, 5).await, InsertedToken::Inserted);
    let found = store.find_personal_token(&new_token(2).digest).await.unwrap().unwrap();
    assert_eq!((found.site.as_str(), found.session.id), (SITE, session(2)));
    assert_eq!((found.session.user, found.session.phone), (user(), phone()));
    assert_eq!(found.session.kind, SessionKind::PersonalToken);
    assert_eq!(found.session.expires, BEGIN + HOUR * 24);
    assert!(store.find(&new_token(2).digest).await.unwrap().is_none(), "as a cookie");
    assert!(store.find_by_id(session(2)).await.unwrap().is_none(), "as the sid of a token");
    assert!(!is_found(&store, 1).await, "a cookie's digest is none");
    let host = super::grants::host("b.example");
    let cookie = TokenDigest::from_bytes([9; 32]);
    assert!(!store.add_token(session(2), &cookie, &host, BEGIN).await.unwrap());
    assert_eq!(store.list_by_user(user(), BEGIN).await.unwrap().len(), 1);
    let own = store.personal_tokens(user(), BEGIN).await.unwrap();
    let [own] = own.as_slice() else { panic!("{own:?}") };
    assert_eq!((own.id, own.name.as_str(), own.created), (session(2), "git", BEGIN));
    store.record_last_seen(&[(session(2), BEGIN + HOUR)]).await.unwrap();
    let own = store.personal_tokens(user(), BEGIN).await.unwrap();
    assert_eq!(own[0].last_seen, BEGIN + HOUR);
    assert!(store.personal_tokens(user(), BEGIN + HOUR * 24).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_a_browser_that_is_signed_in_gets_one() {
    let (_database, store) = store().await;
    assert_eq!(insert(&store, session(7), 2, 5).await, InsertedToken::Ended, "no session");
    assert_eq!(insert(&store, session(1), 2, 5).await, InsertedToken::Inserted);
    assert_eq!(insert(&store, session(2), 3, 5).await, InsertedToken::Ended, "a token's");
    store.end(user(), SessionSelection::Only(session(1)), BEGIN).await.unwrap();
    assert_eq!(insert(&store, session(1), 3, 5).await, InsertedToken::Ended, "ended");
    assert!(is_found(&store, 2).await, "it is not its maker's");
}

#[tokio::test]
async fn a_form_makes_one_token_and_nobody_has_more_than_they_may() {
    let (database, store) = store().await;
    let same = join_all((0..8).map(|_| insert(&store, session(1), 2, 5))).await;
    let inserted =
        |all: &[InsertedToken]| all.iter().filter(|one| **one == InsertedToken::Inserted).count();
    assert_eq!(inserted(&same), 1, "{same:?}");
    assert!(same.iter().all(|one| matches!(one, InsertedToken::Inserted | InsertedToken::Exists)));
    let others = join_all((3..20).map(|n| insert(&store, session(1), n, 5))).await;
    assert_eq!(inserted(&others), 4, "{others:?}");
    assert_eq!(others.iter().filter(|one| **one == InsertedToken::TooMany).count(), 13);
    assert_eq!(database.count(personal_tokens::ALL).await, 5);
    assert_eq!(database.count(sessions::ALL).await, 6, "what was too many left nothing");
    let ended = store.end(user(), SessionSelection::Only(session(2)), BEGIN).await.unwrap();
    assert_eq!(ended, [session(2)]);
    assert_eq!(insert(&store, session(1), 30, 5).await, InsertedToken::Inserted);
    // Those that have expired do not count.
    let later = NewPersonalToken { expires: BEGIN + HOUR * 48, ..new_token(31) };
    let next = store.insert_personal_token(session(1), &later, 1, BEGIN + HOUR * 24).await;
    assert_eq!(next.unwrap(), InsertedToken::Inserted);
}

#[tokio::test]
async fn a_token_ends_with_a_block_for_good_and_each_end_is_told() {
    let (database, store) = store().await;
    for n in [2, 3] {
        insert(&store, session(1), n, 5).await;
    }
    store.end(user(), SessionSelection::Only(session(2)), BEGIN).await.unwrap();
    assert!(!is_found(&store, 2).await && is_found(&store, 3).await);
    store.set_blocked(&phone().into(), true, BEGIN).await.unwrap();
    assert!(!is_found(&store, 3).await);
    assert_eq!(insert(&store, session(1), 4, 5).await, InsertedToken::Ended);
    store.set_blocked(&phone().into(), false, BEGIN).await.unwrap();
    assert!(!is_found(&store, 3).await, "to unblock revives none");
    let told = store.changes_after(0).await.unwrap();
    for n in [1, 2, 3] {
        assert!(told.iter().any(|(_, change)| *change == Change::Session(session(n))), "{n}");
    }
    // They go a day later, as sessions do.
    assert_eq!(store.clean_up(BEGIN + HOUR * 23).await.unwrap().personal_tokens, 0);
    assert_eq!(store.clean_up(BEGIN + HOUR * 24).await.unwrap().personal_tokens, 2);
    assert_eq!(database.count(personal_tokens::ALL).await, 0);
    assert_eq!(database.count(sessions::ALL).await, 0);
}

#[tokio::test]
async fn a_block_alone_is_enough() {
    let (database, store) = store().await;
    insert(&store, session(1), 2, 5).await;
    // As if a session had been begun while its user was blocked.
    database.run("UPDATE users SET blocked = 1").await;
    assert!(!is_found(&store, 2).await);
    assert_eq!(insert(&store, session(1), 3, 5).await, InsertedToken::Ended);
}

#[tokio::test]
async fn a_token_that_expired_goes_a_week_later() {
    let (database, store) = store().await;
    insert(&store, session(1), 2, 5).await;
    let expired = BEGIN + HOUR * 24;
    store.clean_up(expired + HOUR * 24 * 6).await.unwrap();
    assert_eq!(database.count(personal_tokens::ALL).await, 1);
    store.clean_up(expired + HOUR * 24 * 7).await.unwrap();
    assert_eq!(database.count(personal_tokens::ALL).await, 0);
}
