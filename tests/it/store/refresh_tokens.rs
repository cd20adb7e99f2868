//! Refresh tokens: one of a family is good at a time, and reuse ends the family.
use std::time::Duration;

use doorcode::store::{
    Change, Grants as _, Logins as _, Opens, Rotated, Rotation, Sessions as _, SqlStore,
    Users as _, Which,
};
use doorcode::system::Timestamp;
use futures_util::future::join_all;

use super::grants::{BEGIN, HOUR, grant, id, is_good, login, phone, session, store, user};

const SECOND: Duration = Duration::from_secs(1);

fn rotation<'a>(old: &'a [u8; 32], new: &'a [u8; 32], at: Timestamp) -> Rotation<'a> {
    Rotation { client: "spa", old, new: Some(new), at, overlap: Duration::ZERO }
}

async fn rotate(store: &SqlStore, old: u8, new: u8, at: Timestamp) -> &'static str {
    told(&store.rotate(&rotation(&[old; 32], &[new; 32], at)).await.unwrap())
}

fn told(rotated: &Rotated) -> &'static str {
    match rotated {
        Rotated::Good(_) => "good",
        Rotated::Unknown => "unknown",
        Rotated::Over => "over",
        Rotated::Blocked => "blocked",
        Rotated::Reused { .. } => "reused",
    }
}

/// A grant 1 of a session without a browser, with the refresh token 1.
async fn granted() -> (tempfile::TempDir, SqlStore) {
    let (folder, store) = store().await;
    store.commit(&login(2, Opens::Grant(grant(1)))).await.unwrap();
    (folder, store)
}

#[tokio::test]
async fn each_token_is_replaced_by_the_next_and_says_whose_it_is() {
    let (_folder, store) = granted().await;
    let rotated = store.rotate(&rotation(&[1; 32], &[2; 32], BEGIN + HOUR)).await.unwrap();
    let Rotated::Good(found) = rotated else { panic!("{rotated:?}") };
    assert_eq!((found.id, found.user, found.session), (id(1), user(), session(2)));
    assert_eq!((found.phone, found.signed_in), (phone(), BEGIN));
    assert_eq!(rotate(&store, 2, 3, BEGIN + HOUR * 2).await, "good");
    assert_eq!(rotate(&store, 9, 4, BEGIN + HOUR * 2).await, "unknown");
    let own = store.of_user(user(), BEGIN).await.unwrap();
    assert_eq!((own[0].id, own[0].last_seen), (session(2), BEGIN + HOUR * 2), "it was used");
}

#[tokio::test]
async fn a_token_that_comes_again_ends_the_family() {
    let (_folder, store) = granted().await;
    assert_eq!(rotate(&store, 1, 2, BEGIN).await, "good");
    let reused = store.rotate(&rotation(&[1; 32], &[3; 32], BEGIN)).await.unwrap();
    assert!(matches!(reused, Rotated::Reused { grant } if grant == id(1)), "{reused:?}");
    assert!(!is_good(&store, 1).await);
    assert_eq!(rotate(&store, 2, 4, BEGIN).await, "over", "the thief's or the owner's");
    assert_eq!(rotate(&store, 3, 4, BEGIN).await, "unknown", "nothing was made of the reuse");
    assert_eq!(store.changes(0).await.unwrap(), [(1, Change::Grant(id(1)))]);
}

#[tokio::test]
async fn of_fifty_rotations_of_one_token_one_is_good_and_the_family_ends() {
    let (_folder, store) = granted().await;
    let new: Vec<_> = (10..60).map(|n| [n; 32]).collect();
    let all = new
        .iter()
        .map(|new| async { told(&store.rotate(&rotation(&[1; 32], new, BEGIN)).await.unwrap()) });
    let all = join_all(all).await;
    let count = |what| all.iter().filter(|told| **told == what).count();
    assert_eq!((count("good"), count("reused")), (1, 49), "{all:?}");
    assert!(!is_good(&store, 1).await);
}

#[tokio::test]
async fn a_token_that_stays_is_good_as_often_as_it_comes() {
    let (_folder, store) = granted().await;
    let stays = Rotation { new: None, ..rotation(&[1; 32], &[2; 32], BEGIN) };
    let all = join_all((0..20).map(|_| store.rotate(&stays))).await;
    assert!(all.into_iter().all(|rotated| told(&rotated.unwrap()) == "good"));
    let day = HOUR * 24;
    let used = store.rotate(&Rotation { at: BEGIN + day, ..stays }).await.unwrap();
    assert_eq!(told(&used), "good");
    let later = Rotation { at: BEGIN + day + HOUR * 29, ..stays };
    assert_eq!(told(&store.rotate(&later).await.unwrap()), "good", "each use begins it anew");
}

#[tokio::test]
async fn a_lost_answer_is_made_up_for_where_that_is_allowed() {
    let (_folder, store) = granted().await;
    assert_eq!(rotate(&store, 1, 2, BEGIN).await, "good");
    let again = |new, after| Rotation {
        overlap: SECOND * 10,
        ..rotation(&[1; 32], new, BEGIN + SECOND * after)
    };
    assert_eq!(told(&store.rotate(&again(&[3; 32], 9)).await.unwrap()), "good");
    assert_eq!(rotate(&store, 3, 4, BEGIN + SECOND * 9).await, "good");
    assert_eq!(told(&store.rotate(&again(&[5; 32], 10)).await.unwrap()), "reused");
    assert_eq!(rotate(&store, 2, 6, BEGIN + SECOND * 10).await, "over");
}

#[tokio::test]
async fn a_token_of_one_client_is_nothing_in_the_hands_of_another() {
    let (_folder, store) = granted().await;
    let other = Rotation { client: "other", ..rotation(&[1; 32], &[2; 32], BEGIN) };
    assert_eq!(told(&store.rotate(&other).await.unwrap()), "unknown");
    assert_eq!(store.revoke_by_refresh(&[1; 32], "other", BEGIN).await.unwrap(), None);
    assert_eq!(rotate(&store, 1, 2, BEGIN).await, "good", "and nothing came of it");
    assert_eq!(told(&store.rotate(&other).await.unwrap()), "unknown", "replaced or not");
    assert!(is_good(&store, 1).await);
}

#[tokio::test]
async fn a_client_gives_its_own_back() {
    let (_folder, store) = granted().await;
    assert_eq!(rotate(&store, 1, 2, BEGIN).await, "good");
    let revoke = async |n| store.revoke_by_refresh(&[n; 32], "spa", BEGIN).await.unwrap();
    assert_eq!(revoke(9).await, None);
    assert_eq!(revoke(1).await, Some(id(1)), "replaced or not");
    assert_eq!(revoke(2).await, None, "it was before");
    assert_eq!(rotate(&store, 2, 3, BEGIN).await, "over");
    assert_eq!(store.changes(0).await.unwrap(), [(1, Change::Grant(id(1)))]);
}

#[tokio::test]
async fn a_family_ends_when_it_is_idle_and_in_the_end() {
    let millisecond = Duration::from_millis(1);
    let (_folder, store) = granted().await;
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
    let (_folder, store) = granted().await;
    store.set_blocked(&phone(), true, BEGIN).await.unwrap();
    assert_eq!(rotate(&store, 1, 2, BEGIN).await, "blocked");
    store.set_blocked(&phone(), false, BEGIN).await.unwrap();
    assert_eq!(rotate(&store, 1, 2, BEGIN).await, "over", "every session was ended");
    store.commit(&login(3, Opens::Grant(grant(3)))).await.unwrap();
    store.end(user(), Which::Only(session(3)), BEGIN).await.unwrap();
    assert_eq!(rotate(&store, 3, 4, BEGIN).await, "over");
}
