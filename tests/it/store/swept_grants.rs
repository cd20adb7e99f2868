//! What is deleted of grants when it is over, and what is not.
use std::time::Duration;

use doorcode::store::{
    Grants as _, Logins as _, NewCode, NewGrant, Opens, RedeemedCode, Rotation, Sessions as _,
    SqlStore, StoredCode, Swept, Which,
};

use super::grants::{BEGIN, HOUR, grant, id, is_good, login, session, store, token, user};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
/// Of a family in these tests.
const IDLE: Duration = HOUR.saturating_mul(30);
const END: Duration = HOUR.saturating_mul(90);
/// For a clock that is wrong.
const WEEK: Duration = DAY.saturating_mul(7);

/// A little less than so long.
fn almost(time: Duration) -> Duration {
    time.saturating_sub(MINUTE)
}

async fn swept(store: &SqlStore, after: Duration) -> Swept {
    store.sweep(BEGIN + after).await.unwrap()
}

async fn rotate(store: &SqlStore, old: u8, new: u8, after: Duration) {
    let (old, new) = ([old; 32], [new; 32]);
    let (at, overlap) = (BEGIN + after, Duration::ZERO);
    let rotation = Rotation { client: "spa", old: &old, new: Some(&new), at, overlap };
    let rotated = store.rotate(&rotation).await.unwrap();
    assert!(matches!(rotated, doorcode::store::Rotated::Good(_)), "{rotated:?}");
}

#[tokio::test]
async fn a_session_stays_as_long_as_a_grant_of_it_lives() {
    let (_folder, store) = store().await;
    let long = NewGrant { idle: DAY * 60, expires: BEGIN + DAY * 90, ..grant(1) };
    store.open_grant(session(1), &long, BEGIN).await.unwrap();
    // Its own time was 10 hours.
    let nothing = swept(&store, DAY * 59).await;
    assert_eq!((nothing.sessions, nothing.grants, nothing.refresh_tokens), (0, 0, 0));
    assert!(is_good(&store, 1).await);
    rotate(&store, 1, 2, DAY * 59).await;
    let before = swept(&store, almost(DAY * 97)).await;
    assert_eq!((before.sessions, before.grants, before.refresh_tokens), (0, 0, 0));
    let all = swept(&store, DAY * 97).await;
    assert_eq!((all.sessions, all.grants, all.refresh_tokens), (1, 1, 2));
    assert!(store.find(&[1; 32]).await.unwrap().is_none());
}

#[tokio::test]
async fn grants_go_a_day_after_they_were_ended_and_a_week_after_they_were_over() {
    let (_folder, store) = store().await;
    for n in [2, 3, 4] {
        store.commit(&login(n, Opens::Grant(Some(grant(n))))).await.unwrap();
    }
    store.revoke(id(2), BEGIN).await.unwrap();
    store.end(user(), Which::Only(session(3)), BEGIN).await.unwrap();
    assert_eq!(swept(&store, almost(DAY)).await.all(), 0);
    let ended = swept(&store, DAY).await;
    // Of the one that was revoked the session goes on.
    assert_eq!((ended.grants, ended.refresh_tokens, ended.sessions), (2, 2, 1));
    assert!(is_good(&store, 4).await);
    assert_eq!(swept(&store, almost(IDLE + WEEK)).await.grants, 0);
    assert_eq!(swept(&store, IDLE + WEEK).await.grants, 1);
}

#[tokio::test]
async fn a_token_that_was_replaced_is_known_for_as_long_as_it_could_have_been_used() {
    let (_folder, store) = store().await;
    store.open_grant(session(1), &grant(1), BEGIN).await.unwrap();
    rotate(&store, 1, 2, HOUR).await;
    rotate(&store, 2, 3, HOUR * 29).await;
    assert_eq!(swept(&store, almost(HOUR + IDLE)).await.refresh_tokens, 0);
    assert_eq!(swept(&store, HOUR + IDLE).await.refresh_tokens, 1);
    rotate(&store, 3, 4, HOUR * 58).await;
    let late = swept(&store, END + WEEK).await;
    assert_eq!((late.refresh_tokens, late.grants), (3, 1));
}

#[tokio::test]
async fn codes_go_a_day_after_they_expired_and_hold_their_session_until_then() {
    let (_folder, store) = store().await;
    let code = |client: &str| StoredCode {
        client: client.to_owned(),
        redirect_uri: "https://spa.example/".to_owned(),
        user: user(),
        session: session(1),
        scope: String::new(),
        audience: String::new(),
        nonce: None,
        challenge: None,
    };
    for n in [1, 2] {
        let (at, expires) = (BEGIN, BEGIN + MINUTE);
        let new = NewCode { digest: [n; 32], code: code("spa"), at, expires };
        store.put_code(&new).await.unwrap();
    }
    store.redeem_code(&[1; 32], None, BEGIN).await.unwrap();
    store.end(user(), Which::Only(session(1)), BEGIN - MINUTE).await.unwrap();
    let early = swept(&store, DAY).await;
    assert_eq!((early.codes, early.sessions), (0, 0));
    let used = store.redeem_code(&[1; 32], None, BEGIN + DAY).await.unwrap();
    assert!(matches!(used, RedeemedCode::Used { grant: None }), "{used:?}");
    let late = swept(&store, DAY + MINUTE).await;
    assert_eq!((late.codes, late.sessions), (2, 1));
}

#[tokio::test]
async fn a_ticket_that_nobody_took_up_goes_after_a_day() {
    let (_folder, store) = store().await;
    store.commit(&login(2, Opens::Ticket { until: BEGIN + MINUTE })).await.unwrap();
    store.commit(&login(3, token(3))).await.unwrap();
    assert_eq!(swept(&store, DAY).await.sessions, 0);
    assert_eq!(swept(&store, DAY + MINUTE).await.sessions, 1);
    assert!(store.find(&[3; 32]).await.unwrap().is_some());
}

#[tokio::test]
async fn a_large_family_goes_in_several_transactions() {
    let (_folder, store) = store().await;
    store.open_grant(session(1), &grant(1), BEGIN).await.unwrap();
    let digest = |n: u16| {
        let mut digest = [1; 32];
        digest[..2].copy_from_slice(&n.to_be_bytes());
        digest
    };
    let (mut old, overlap) = ([1; 32], Duration::ZERO);
    for n in 1000..2200 {
        let new = digest(n);
        let rotation = Rotation { client: "spa", old: &old, new: Some(&new), at: BEGIN, overlap };
        store.rotate(&rotation).await.unwrap();
        old = new;
    }
    store.revoke(id(1), BEGIN).await.unwrap();
    let all = swept(&store, DAY).await;
    assert_eq!((all.refresh_tokens, all.grants), (1_201, 1));
}
