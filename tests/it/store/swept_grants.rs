//! What is deleted of grants when it is over, and what is not.
use std::time::Duration;

use doorcode::domain::{AuthorizationCodeDigest, GrantId, TokenDigest};
use doorcode::store::{
    CleanupCounts, GrantStore as _, LoginStore as _, MaskedSuccessor, NewAuthorizationCode,
    NewGrant, RedeemedCode, RefreshRotation, RefreshSuccessor, RefreshTokenState, SessionBinding,
    SessionSelection, SessionStore as _, SqlStore,
};

use super::grants::{
    BEGIN, HOUR, SPA, code, grant, id, is_good, login, refresh, session, store, token, user,
};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
/// Of a family in these tests.
const IDLE: Duration = HOUR.saturating_mul(30);
/// For a clock that is wrong.
const WEEK: Duration = DAY.saturating_mul(7);

/// A little less than so long.
fn almost(time: Duration) -> Duration {
    time.saturating_sub(MINUTE)
}

async fn swept(store: &SqlStore, after: Duration) -> CleanupCounts {
    store.clean_up(BEGIN + after).await.unwrap()
}

async fn rotate(store: &SqlStore, old: u8, new: u8, after: Duration) {
    let (token, at) = (refresh(1, old), BEGIN + after);
    let (digest, masked) = (refresh(1, new).present, MaskedSuccessor([new; 32]));
    let next = Some(RefreshSuccessor { digest, masked, overlap_end: at });
    let rotation = RefreshRotation { client: &SPA, token: &token, next, at };
    let used = store.rotate_refresh_token(&rotation).await.unwrap().expect("a family");
    assert_eq!(used.state, RefreshTokenState::Active);
}

#[tokio::test]
async fn a_session_stays_as_long_as_a_grant_of_it_lives() {
    let (_database, store) = store().await;
    let long = NewGrant { idle: DAY * 60, expires: BEGIN + DAY * 90, ..grant(1) };
    store.create_grant(session(1), &long, BEGIN).await.unwrap();
    // Its own time was 10 hours.
    let nothing = swept(&store, DAY * 59).await;
    assert_eq!((nothing.sessions, nothing.grants), (0, 0));
    assert!(is_good(&store, 1).await);
    rotate(&store, 1, 2, DAY * 59).await;
    let before = swept(&store, almost(DAY * 97)).await;
    assert_eq!((before.sessions, before.grants), (0, 0));
    let all = swept(&store, DAY * 97).await;
    assert_eq!((all.sessions, all.grants), (1, 1));
    assert!(store.find(&TokenDigest::from_bytes([1; 32])).await.unwrap().is_none());
}

#[tokio::test]
async fn grants_go_a_day_after_they_were_ended_and_a_week_after_they_were_over() {
    let (_database, store) = store().await;
    for n in [2, 3, 4] {
        store.commit(&login(n, SessionBinding::Grant(grant(n)))).await.unwrap();
    }
    store.revoke_grant(id(2), BEGIN).await.unwrap();
    store.end(user(), SessionSelection::Only(session(3)), BEGIN).await.unwrap();
    assert_eq!(swept(&store, almost(DAY)).await.all(), 0);
    let ended = swept(&store, DAY).await;
    // Of the one that was revoked the session goes on.
    assert_eq!((ended.grants, ended.sessions), (2, 1));
    assert!(is_good(&store, 4).await);
    assert_eq!(swept(&store, almost(IDLE + WEEK)).await.grants, 0);
    assert_eq!(swept(&store, IDLE + WEEK).await.grants, 1);
}

#[tokio::test]
async fn a_family_that_was_used_all_day_is_one_row_and_knows_its_first_token_to_the_end() {
    let (_database, store) = store().await;
    store.create_grant(session(1), &grant(1), BEGIN).await.unwrap();
    for n in 1..=200 {
        rotate(&store, n, n + 1, MINUTE * 5 * u32::from(n)).await;
    }
    assert_eq!(swept(&store, HOUR * 40).await.grants, 0, "more than it may be idle");
    rotate(&store, 201, 202, HOUR * 40).await;
    let first = store.find_refresh_token(&refresh(1, 1), &SPA, BEGIN + HOUR * 69).await.unwrap();
    assert_eq!(first.unwrap().state, RefreshTokenState::Replaced);
    store.revoke_grant(id(1), BEGIN).await.unwrap();
    assert_eq!(swept(&store, DAY).await.all(), 1, "all that there was of it");
}

#[tokio::test]
async fn codes_go_a_day_after_they_expired_and_hold_their_session_until_then() {
    let (_database, store) = store().await;
    for n in [1, 2] {
        let new =
            NewAuthorizationCode { digest: AuthorizationCodeDigest::from_bytes([n; 32]), ..code() };
        store.insert_code(&new).await.unwrap();
    }
    store
        .redeem_code(&AuthorizationCodeDigest::from_bytes([1; 32]), None, BEGIN, BEGIN)
        .await
        .unwrap();
    store.end(user(), SessionSelection::Only(session(1)), BEGIN - MINUTE).await.unwrap();
    let early = swept(&store, DAY).await;
    assert_eq!((early.codes, early.sessions), (0, 0));
    let used = store
        .redeem_code(&AuthorizationCodeDigest::from_bytes([1; 32]), None, BEGIN + DAY, BEGIN + DAY)
        .await
        .unwrap();
    assert!(matches!(used, RedeemedCode::Reused { revoked: None }), "{used:?}");
    let late = swept(&store, DAY + MINUTE).await;
    assert_eq!((late.codes, late.sessions), (2, 1));
}

#[tokio::test]
async fn a_ticket_that_nobody_took_up_goes_after_a_day() {
    let (_database, store) = store().await;
    store.commit(&login(2, SessionBinding::Ticket { redeem_by: BEGIN + MINUTE })).await.unwrap();
    store.commit(&login(3, token(3))).await.unwrap();
    assert_eq!(swept(&store, DAY).await.sessions, 0);
    assert_eq!(swept(&store, DAY + MINUTE).await.sessions, 1);
    assert!(store.find(&TokenDigest::from_bytes([3; 32])).await.unwrap().is_some());
}

#[tokio::test]
async fn more_grants_than_go_in_one_transaction_go_in_several() {
    let (_database, store) = store().await;
    for n in 0..1_201_u16 {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        let many = NewGrant { id: GrantId::from_bytes(bytes), refresh: None, ..grant(1) };
        store.create_grant(session(1), &many, BEGIN).await.unwrap();
    }
    assert_eq!(swept(&store, almost(IDLE + WEEK)).await.grants, 0);
    assert_eq!(swept(&store, IDLE + WEEK).await.grants, 1_201);
}
