//! Refresh tokens: one of a family is good at a time, and reuse ends the family.
use std::time::Duration;

use doorcode::domain::{ClientId, RefreshFamilyDigest, RefreshTokenDigest};
use doorcode::store::{
    Change, GrantStore as _, LoginStore as _, MaskedSuccessor, NewGrant, RefreshDigests,
    RefreshRotation, RefreshSuccessor, RefreshTokenState, SessionBinding, SessionSelection,
    SessionStore as _, SqlStore, StoredRefreshToken, UserStore as _,
};
use doorcode::system::Timestamp;
use futures_util::future::join_all;

use super::grants::{
    BEGIN, HOUR, SPA, grant, id, is_good, login, phone, refresh, session, store, user,
};
use crate::support::databases::TestDatabase;

/// The family of the grant 1.
fn rotation(token: &RefreshDigests, next: u8, at: Timestamp) -> RefreshRotation<'_> {
    overlapping(token, next, at, Duration::ZERO)
}

fn overlapping(
    token: &RefreshDigests,
    next: u8,
    at: Timestamp,
    overlap: Duration,
) -> RefreshRotation<'_> {
    let digest = RefreshTokenDigest::from_bytes([next; 32]);
    let (masked, overlap_end) = (MaskedSuccessor([next; 32]), at + overlap);
    let next = Some(RefreshSuccessor { digest, masked, overlap_end });
    RefreshRotation { client: &SPA, token, next, at }
}

async fn rotate(store: &SqlStore, old: u8, new: u8, at: Timestamp) -> &'static str {
    let used = store.rotate_refresh_token(&rotation(&refresh(1, old), new, at)).await.unwrap();
    told(used.as_ref())
}

/// What a look at a token of the family tells.
pub(super) async fn look(store: &SqlStore, token: u8, at: Timestamp) -> &'static str {
    told(store.find_refresh_token(&refresh(1, token), &SPA, at).await.unwrap().as_ref())
}

fn told(found: Option<&StoredRefreshToken>) -> &'static str {
    match found.map(|found| found.state) {
        Some(RefreshTokenState::Active) => "good",
        None => "unknown",
        Some(RefreshTokenState::Ended) => "over",
        Some(RefreshTokenState::Blocked) => "blocked",
        Some(RefreshTokenState::JustReplaced(_)) => "just replaced",
        Some(RefreshTokenState::Replaced) => "replaced",
    }
}

/// A grant 1 of a session without a browser, with the refresh token 1.
pub(super) async fn granted() -> (TestDatabase, SqlStore) {
    let (database, store) = store().await;
    store.commit(&login(2, SessionBinding::Grant(grant(1)))).await.unwrap();
    (database, store)
}

#[tokio::test]
async fn each_token_is_replaced_by_the_next_and_says_whose_it_is() {
    let (_database, store) = granted().await;
    let first = refresh(1, 1);
    let used = store.rotate_refresh_token(&rotation(&first, 2, BEGIN + HOUR)).await.unwrap();
    let Some(StoredRefreshToken { grant: found, state: RefreshTokenState::Active }) = used else {
        panic!("{used:?}")
    };
    assert_eq!((found.id, found.user, found.session), (id(1), user(), session(2)));
    assert_eq!((found.phone, found.signed_in), (phone(), BEGIN));
    assert_eq!(rotate(&store, 2, 3, BEGIN + HOUR * 2).await, "good");
    let own = store.list_by_user(user(), BEGIN).await.unwrap();
    assert_eq!((own[0].id, own[0].last_seen), (session(2), BEGIN + HOUR * 2), "it was used");
}

#[tokio::test]
async fn a_look_tells_what_a_token_is_worth_and_changes_nothing() {
    let (_database, store) = granted().await;
    for _ in 0..2 {
        assert_eq!(look(&store, 1, BEGIN).await, "good");
        assert_eq!(look(&store, 9, BEGIN).await, "replaced");
        assert_eq!(look(&store, 1, BEGIN + HOUR * 30).await, "over");
    }
    assert_eq!(rotate(&store, 1, 2, BEGIN).await, "good");
    assert_eq!((look(&store, 1, BEGIN).await, look(&store, 2, BEGIN).await), ("replaced", "good"));
    store.revoke_grant(id(1), BEGIN).await.unwrap();
    assert_eq!((look(&store, 1, BEGIN).await, look(&store, 2, BEGIN).await), ("over", "over"));
}

#[tokio::test]
async fn only_the_secret_of_its_family_leads_to_a_grant() {
    let (_database, store) = granted().await;
    let mut known = [0; 32];
    known[..16].copy_from_slice(&[1; 16]);
    // The grant's id, another family, none at all, and the second secret in the place of the first.
    let second = refresh(7, 1);
    let known = RefreshFamilyDigest::from_bytes(known);
    for token in [RefreshDigests { family: known, ..second }, refresh(9, 1), second] {
        let used = store.rotate_refresh_token(&rotation(&token, 2, BEGIN)).await.unwrap();
        assert_eq!(told(used.as_ref()), "unknown");
    }
    assert_eq!(look(&store, 1, BEGIN).await, "good");
    let twin = NewGrant { id: id(5), ..grant(1) };
    store.create_grant(session(1), &twin, BEGIN).await.expect_err("a family is of one grant");
}

#[tokio::test]
async fn a_token_that_comes_again_ends_the_family() {
    let (_database, store) = granted().await;
    assert_eq!(rotate(&store, 1, 2, BEGIN).await, "good");
    assert_eq!(rotate(&store, 1, 3, BEGIN).await, "replaced");
    assert!(!is_good(&store, 1).await);
    for token in [1, 2, 3] {
        assert_eq!(rotate(&store, token, 4, BEGIN).await, "over", "the thief's or the owner's");
    }
    assert_eq!(store.changes_after(0).await.unwrap(), [(1, Change::Grant(id(1)))]);
}

#[tokio::test]
async fn within_the_overlap_the_one_before_leads_to_the_one_successor() {
    let (_database, store) = granted().await;
    let (first, second) = (refresh(1, 1), refresh(1, 2));
    let overlap = Duration::from_secs(10);
    let tries = (10..60).map(|new| {
        let (store, first) = (&store, &first);
        async move {
            let rotation = overlapping(first, new, BEGIN, overlap);
            (new, store.rotate_refresh_token(&rotation).await.unwrap().unwrap().state)
        }
    });
    let all = join_all(tries).await;
    let winner = all.iter().find(|(_, state)| *state == RefreshTokenState::Active).unwrap().0;
    let same = RefreshTokenState::JustReplaced(MaskedSuccessor([winner; 32]));
    assert!(all.iter().all(|(new, state)| *new == winner || *state == same), "{all:?}");
    assert!(is_good(&store, 1).await);
    assert_eq!(look(&store, 1, BEGIN + overlap).await, "replaced");
    let next = refresh(1, winner);
    let rotated = store.rotate_refresh_token(&overlapping(&next, 2, BEGIN, overlap)).await.unwrap();
    assert_eq!(told(rotated.as_ref()), "good");
    assert_eq!(look(&store, winner, BEGIN).await, "just replaced");
    assert_eq!(look(&store, 1, BEGIN).await, "replaced", "only the one before");
    let stays = RefreshRotation { next: None, ..rotation(&second, 3, BEGIN) };
    assert_eq!(told(store.rotate_refresh_token(&stays).await.unwrap().as_ref()), "good");
    assert_eq!(look(&store, winner, BEGIN).await, "just replaced", "a use replaces nothing");
}

#[tokio::test]
async fn of_fifty_rotations_of_one_token_one_is_good_and_the_family_ends() {
    let (_database, store) = granted().await;
    let all = join_all((10..60).map(|new| rotate(&store, 1, new, BEGIN))).await;
    let count = |what| all.iter().filter(|told| **told == what).count();
    assert_eq!((count("good"), count("replaced"), count("over")), (1, 1, 48), "{all:?}");
    assert!(!is_good(&store, 1).await);
    assert_eq!(store.changes_after(0).await.unwrap(), [(1, Change::Grant(id(1)))]);
}

#[tokio::test]
async fn a_token_that_stays_is_good_as_often_as_it_comes() {
    let (_database, store) = granted().await;
    let token = refresh(1, 1);
    let stays = RefreshRotation { next: None, ..rotation(&token, 2, BEGIN) };
    let all = join_all((0..20).map(|_| store.rotate_refresh_token(&stays))).await;
    assert!(all.into_iter().all(|used| told(used.unwrap().as_ref()) == "good"));
    let day = HOUR * 24;
    for at in [BEGIN + day, BEGIN + day + HOUR * 29] {
        let used = store.rotate_refresh_token(&RefreshRotation { at, ..stays }).await.unwrap();
        assert_eq!(told(used.as_ref()), "good", "each use begins it anew");
    }
}

#[tokio::test]
async fn a_token_of_one_client_is_nothing_in_the_hands_of_another() {
    let (_database, store) = granted().await;
    let token = refresh(1, 1);
    let client = ClientId::parse("other").unwrap();
    let other = RefreshRotation { client: &client, ..rotation(&token, 2, BEGIN) };
    assert!(store.rotate_refresh_token(&other).await.unwrap().is_none());
    assert!(store.find_refresh_token(&token, &client, BEGIN).await.unwrap().is_none());
    assert_eq!(rotate(&store, 1, 2, BEGIN).await, "good", "and nothing came of it");
    assert!(store.rotate_refresh_token(&other).await.unwrap().is_none(), "replaced or not");
    assert!(is_good(&store, 1).await);
}

#[tokio::test]
async fn a_family_ends_when_it_is_idle_and_in_the_end() {
    let millisecond = Duration::from_millis(1);
    let (_database, store) = granted().await;
    let idle = BEGIN + HOUR * 30;
    assert_eq!(rotate(&store, 1, 2, idle).await, "over");
    assert_eq!(rotate(&store, 1, 2, idle - millisecond).await, "good", "nothing was used up");
    let later = idle + HOUR * 29;
    assert_eq!(rotate(&store, 2, 3, later).await, "good");
    assert_eq!(rotate(&store, 3, 4, later + HOUR * 29).await, "good");
    assert_eq!(rotate(&store, 4, 5, BEGIN + HOUR * 90).await, "over", "used or not");
    assert_eq!(rotate(&store, 4, 5, BEGIN + HOUR * 90 - millisecond).await, "good");
}

#[tokio::test]
async fn a_blocked_user_is_told_so_and_an_ended_session_is_over() {
    let (_database, store) = granted().await;
    store.set_blocked(&phone().into(), true, BEGIN).await.unwrap();
    assert_eq!(rotate(&store, 1, 2, BEGIN).await, "blocked");
    store.set_blocked(&phone().into(), false, BEGIN).await.unwrap();
    assert_eq!(rotate(&store, 1, 2, BEGIN).await, "over", "every session was ended");
    store.commit(&login(3, SessionBinding::Grant(grant(3)))).await.unwrap();
    store.end(user(), SessionSelection::Only(session(3)), BEGIN).await.unwrap();
    let token = refresh(3, 3);
    let used = store.rotate_refresh_token(&rotation(&token, 4, BEGIN)).await.unwrap();
    assert_eq!(told(used.as_ref()), "over");
}
