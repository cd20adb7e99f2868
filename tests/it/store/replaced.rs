//! A session that another of the same browser takes the place of, and what clients hold of it.
use doorcode::domain::{PhoneNumber, TokenDigest, UserId};
use doorcode::store::{
    Change, GrantState, GrantStore as _, LoginStore as _, NewLogin, RedeemedCode, SessionStore as _,
};

use super::grants::{BEGIN, CODE, code, grant, id, is_good, login, session, store, token};
use crate::support::settings::BOB;

#[tokio::test]
async fn what_clients_hold_goes_on_with_the_next_session_of_the_same_person() {
    let (_database, store) = store().await;
    store.create_grant(session(1), &grant(1), BEGIN).await.unwrap();
    store.create_grant(session(1), &grant(2), BEGIN).await.unwrap();
    store.revoke_grant(id(2), BEGIN).await.unwrap();
    store.insert_code(&code()).await.unwrap();
    store.commit(&login(2, token(2))).await.unwrap();
    store.replace(session(1), session(2), BEGIN).await.unwrap();

    assert!(
        store.find(&TokenDigest::from_bytes([1; 32])).await.unwrap().is_none(),
        "the former session is over"
    );
    assert!(store.changes_after(0).await.unwrap().contains(&(2, Change::Session(session(1)))));
    let GrantState::Active(moved) = store.grant_state(id(1)).await.unwrap() else { panic!("over") };
    assert_eq!(moved.session, session(2));
    assert!(!is_good(&store, 2).await, "what was revoked stays so");
    let redeemed = store.redeem_code(&CODE, Some(&grant(3)), BEGIN, BEGIN).await.unwrap();
    let RedeemedCode::Redeemed(GrantState::Active(given)) = redeemed else {
        panic!("{redeemed:?}")
    };
    assert_eq!(given.session, session(2));

    store.replace(session(1), session(9), BEGIN).await.unwrap();
    assert!(is_good(&store, 1).await, "what is over already takes nothing along");
}

#[tokio::test]
async fn nothing_goes_on_with_the_session_of_somebody_else() {
    let (_database, store) = store().await;
    store.create_grant(session(1), &grant(1), BEGIN).await.unwrap();
    store.insert_code(&code()).await.unwrap();
    let identifier = PhoneNumber::from_e164(BOB).unwrap().into();
    let bob = Some(UserId::from_bytes([2; 12]));
    let other = NewLogin { identifier, new_user: bob, ..login(2, token(2)) };
    store.commit(&other).await.unwrap();
    store.replace(session(1), session(2), BEGIN).await.unwrap();
    assert!(!is_good(&store, 1).await);
    let redeemed = store.redeem_code(&CODE, Some(&grant(3)), BEGIN, BEGIN).await.unwrap();
    assert!(matches!(redeemed, RedeemedCode::Redeemed(GrantState::Ended)), "{redeemed:?}");
}
