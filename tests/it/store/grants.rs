//! Authorization codes and grants: each is given once, and ends with whatever it hangs on.
use std::sync::LazyLock;
use std::time::Duration;

use doorcode::domain::{
    AttemptId, Audience, AuthorizationCodeDigest, ClientId, GrantId, Host, PhoneNumber,
    RefreshFamilyDigest, RefreshTokenDigest, Scope, SessionId, TokenDigest, UserId,
};
use doorcode::store::{
    Change, GrantState, GrantStore as _, LoginOutcome, LoginStore as _, NewAuthorizationCode,
    NewGrant, NewLogin, RedeemedCode, RefreshDigests, SessionBinding, SessionKind,
    SessionSelection, SessionStore as _, SignInContext, SqlStore, StoredAuthorizationCode,
    UserStore as _,
};
use doorcode::system::Timestamp;
use futures_util::future::join_all;

use crate::support::databases::TestDatabase;
use crate::support::settings::ADA;

pub(super) const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);
pub(super) const BEGIN: Timestamp = Timestamp::from_millis(1_767_225_600_000);

pub(super) fn phone() -> PhoneNumber {
    PhoneNumber::from_e164(ADA).unwrap()
}

pub(super) static SPA: LazyLock<ClientId> = LazyLock::new(|| ClientId::parse("spa").unwrap());

/// The code that [`code`] makes.
pub(super) const CODE: AuthorizationCodeDigest = AuthorizationCodeDigest::from_bytes([7; 32]);

pub(super) fn host(text: &str) -> Host {
    Host::parse(text).unwrap()
}

pub(super) fn user() -> UserId {
    UserId::from_bytes([1; 12])
}

pub(super) fn session(n: u8) -> SessionId {
    SessionId::from_bytes([n; 16])
}

pub(super) fn id(n: u8) -> GrantId {
    GrantId::from_bytes([n; 16])
}

pub(super) fn grant(n: u8) -> NewGrant {
    NewGrant {
        id: id(n),
        client: SPA.clone(),
        scope: Scope::parse("openid offline_access").unwrap(),
        audience: Some(Audience::parse("https://api.example").unwrap()),
        expires: BEGIN + HOUR * 90,
        idle: HOUR * 30,
        refresh: Some(refresh(n, n)),
    }
}

/// The refresh token of a family that has this second secret.
pub(super) fn refresh(family: u8, present: u8) -> RefreshDigests {
    RefreshDigests {
        family: RefreshFamilyDigest::from_bytes([family; 32]),
        present: RefreshTokenDigest::from_bytes([present; 32]),
    }
}

pub(super) fn login(n: u8, opens: SessionBinding) -> NewLogin {
    NewLogin {
        attempt: AttemptId::from_bytes([n; 12]),
        identifier: phone().into(),
        new_user: Some(user()),
        session: session(n),
        sign_in_context: SignInContext::default(),
        at: BEGIN,
        expires: BEGIN + HOUR * 10,
        binding: opens,
    }
}

pub(super) fn token(n: u8) -> SessionBinding {
    let token = TokenDigest::from_bytes([n; 32]);
    SessionBinding::Token { token, host: host("a.example"), replaces: None }
}

/// A database in which Ada is signed in, in the session 1 of a browser.
pub(super) async fn store() -> (TestDatabase, SqlStore) {
    let database = super::database().await;
    let store = database.open().await;
    store.commit(&login(1, token(1))).await.unwrap();
    (database, store)
}

pub(super) async fn is_good(store: &SqlStore, n: u8) -> bool {
    matches!(store.grant_state(id(n)).await.unwrap(), GrantState::Active(_))
}

/// A code of the session 1 that nobody has redeemed yet.
pub(super) fn code() -> NewAuthorizationCode {
    let code = StoredAuthorizationCode {
        client: SPA.clone(),
        redirect_uri: "https://spa.example/callback".to_owned(),
        user: user(),
        session: session(1),
        scope: Scope::parse("openid").unwrap(),
        audience: None,
        nonce: Some("n~.-".to_owned()),
        challenge: None,
    };
    NewAuthorizationCode { digest: CODE, code, at: BEGIN, expires: BEGIN + MINUTE }
}

/// Hands the code in, for the grant `n`.
async fn redeem(store: &SqlStore, n: u8, at: Timestamp) -> RedeemedCode {
    store.redeem_code(&CODE, Some(&grant(n)), at, at).await.unwrap()
}

/// What a code that was used before took back.
fn taken_back(redeemed: &RedeemedCode) -> Option<GrantId> {
    let RedeemedCode::Reused { revoked } = redeemed else { panic!("{redeemed:?}") };
    *revoked
}

fn gave(redeemed: &RedeemedCode) -> bool {
    matches!(redeemed, RedeemedCode::Redeemed(GrantState::Active(_)))
}

#[tokio::test]
async fn a_code_is_read_whole_and_gives_once() {
    let (_database, store) = store().await;
    assert!(matches!(redeem(&store, 1, BEGIN).await, RedeemedCode::Unknown));
    assert_eq!(store.find_code(&CODE).await.unwrap(), None);
    store.insert_code(&code()).await.unwrap();
    assert!(store.insert_code(&code()).await.is_err(), "two codes are never the same");
    assert_eq!(store.find_code(&CODE).await.unwrap(), Some(code().code));
    assert!(gave(&redeem(&store, 1, BEGIN).await));
    assert!(is_good(&store, 1).await);
    assert_eq!(taken_back(&redeem(&store, 2, BEGIN).await), Some(id(1)));
    let late = redeem(&store, 3, BEGIN + HOUR).await;
    assert_eq!(taken_back(&late), None, "once, also when it would have expired since");
    assert!(!is_good(&store, 2).await && !is_good(&store, 3).await);
}

#[tokio::test]
async fn a_code_that_the_wrong_one_handed_in_gives_nothing_to_anybody() {
    let (_database, store) = store().await;
    store.insert_code(&code()).await.unwrap();
    let wasted = store.redeem_code(&CODE, None, BEGIN, BEGIN).await.unwrap();
    assert!(matches!(wasted, RedeemedCode::Redeemed(GrantState::Ended)), "{wasted:?}");
    assert_eq!(taken_back(&redeem(&store, 1, BEGIN).await), None);
    assert!(!is_good(&store, 1).await);
}

#[tokio::test]
async fn a_code_is_dead_when_its_time_is_over() {
    let (_database, store) = store().await;
    store.insert_code(&code()).await.unwrap();
    assert!(matches!(redeem(&store, 1, BEGIN + MINUTE).await, RedeemedCode::Expired));
    assert!(!is_good(&store, 1).await);
    let before = BEGIN + MINUTE.saturating_sub(Duration::from_millis(1));
    assert!(gave(&redeem(&store, 1, before).await), "to come late spends nothing");
}

#[tokio::test]
async fn a_code_of_somebody_who_is_out_or_blocked_gives_nothing() {
    for (blocked, n) in [(false, 1), (true, 2)] {
        let (_database, store) = store().await;
        store.insert_code(&code()).await.unwrap();
        if blocked {
            store.set_blocked(&phone().into(), true, BEGIN).await.unwrap();
        } else {
            store.end(user(), SessionSelection::Only(session(1)), BEGIN).await.unwrap();
        }
        let state = redeem(&store, n, BEGIN).await;
        let RedeemedCode::Redeemed(state) = state else { panic!("{state:?}") };
        assert_eq!(matches!(state, GrantState::Blocked), blocked, "{state:?}");
        assert!(!matches!(state, GrantState::Active(_)) && !is_good(&store, n).await);
    }
}

#[tokio::test]
async fn of_fifty_who_take_a_code_one_gets_it_and_what_it_gives_is_revoked() {
    let (_database, store) = store().await;
    store.insert_code(&code()).await.unwrap();
    let all: Vec<_> = join_all((1..=50).map(|n| redeem(&store, n, BEGIN))).await;
    let winners: Vec<_> = (1..=50).zip(&all).filter(|(_, redeemed)| gave(redeemed)).collect();
    let [(winner, _)] = winners[..] else { panic!("{all:?}") };
    let others = all.iter().filter(|redeemed| !gave(redeemed));
    let told: Vec<_> = others.filter_map(taken_back).collect();
    assert_eq!(told, [id(winner)], "one of them took back what it gave");
    assert!(!is_good(&store, winner).await, "somebody else had the code");
    store.create_grant(session(1), &grant(60), BEGIN).await.unwrap();
    assert!(is_good(&store, 60).await, "a grant of another code");
}

#[tokio::test]
async fn a_code_that_comes_again_takes_back_what_it_gave() {
    let (_database, store) = store().await;
    store.insert_code(&code()).await.unwrap();
    redeem(&store, 1, BEGIN).await;
    assert!(is_good(&store, 1).await);
    for wrong in [None, Some(&grant(2))] {
        store.redeem_code(&CODE, wrong, BEGIN, BEGIN).await.unwrap();
        assert!(!is_good(&store, 1).await);
    }
    let told = store.changes_after(0).await.unwrap();
    assert_eq!(told, [(1, Change::Grant(id(1)))], "every node is told, once");
}

#[tokio::test]
async fn a_grant_tells_whose_it_is() {
    let (_database, store) = store().await;
    store.create_grant(session(1), &grant(1), BEGIN + HOUR).await.unwrap();
    let GrantState::Active(found) = store.grant_state(id(1)).await.unwrap() else { panic!("none") };
    assert_eq!((found.id, found.user, found.session), (id(1), user(), session(1)));
    assert_eq!((found.phone, found.client.as_str()), (phone(), "spa"));
    assert_eq!(found.scope.to_string(), "openid offline_access");
    assert_eq!(found.audience.unwrap().as_str(), "https://api.example");
    assert_eq!((found.signed_in, found.expires), (BEGIN, BEGIN + HOUR * 90));
    assert!(matches!(store.grant_state(id(2)).await.unwrap(), GrantState::Ended));
}

#[tokio::test]
async fn a_grant_ends_with_its_session_its_user_or_by_itself() {
    let (_database, store) = store().await;
    for n in [2, 3] {
        let begun = store.commit(&login(n, SessionBinding::Grant(grant(n)))).await.unwrap();
        assert!(matches!(begun, LoginOutcome::Begun { .. }));
        assert!(is_good(&store, n).await);
    }
    store.create_grant(session(1), &grant(1), BEGIN).await.unwrap();
    assert!(store.revoke_grant(id(2), BEGIN).await.unwrap());
    assert!(!store.revoke_grant(id(2), BEGIN).await.unwrap());
    assert!(!store.revoke_grant(id(9), BEGIN).await.unwrap());
    assert_eq!(store.changes_after(0).await.unwrap(), [(1, Change::Grant(id(2)))]);
    store.end(user(), SessionSelection::Only(session(3)), BEGIN).await.unwrap();
    assert!(is_good(&store, 1).await && !is_good(&store, 2).await && !is_good(&store, 3).await);

    store.set_blocked(&phone().into(), true, BEGIN).await.unwrap();
    assert!(matches!(store.grant_state(id(1)).await.unwrap(), GrantState::Blocked));
    let opened = store.create_grant(session(1), &grant(4), BEGIN).await.unwrap();
    assert!(matches!(opened, GrantState::Blocked));
    store.set_blocked(&phone().into(), false, BEGIN).await.unwrap();
    assert!(!is_good(&store, 1).await, "to unblock revives none");
    for over in [session(1), session(9)] {
        let opened = store.create_grant(over, &grant(4), BEGIN).await.unwrap();
        assert!(matches!(opened, GrantState::Ended));
    }
    assert!(matches!(store.grant_state(id(4)).await.unwrap(), GrantState::Ended));
}

#[tokio::test]
async fn what_begins_without_a_browser_is_opened_by_no_token() {
    let (_database, store) = store().await;
    store.commit(&login(2, SessionBinding::Grant(grant(2)))).await.unwrap();
    assert!(
        !store
            .add_token(session(2), &TokenDigest::from_bytes([2; 32]), &host("a.example"), BEGIN)
            .await
            .unwrap()
    );
    assert!(store.find_by_id(session(2)).await.unwrap().is_some());
    let kinds: Vec<_> = store.list_by_user(user(), BEGIN).await.unwrap();
    let kinds: Vec<_> = kinds.iter().map(|own| (own.id, own.kind, own.granted)).collect();
    assert_eq!(
        kinds,
        [(session(1), SessionKind::Browser, false), (session(2), SessionKind::Api, true)]
    );
}

#[tokio::test]
async fn a_ticket_is_worth_nothing_until_it_is_taken_up_in_time() {
    let (_database, store) = store().await;
    for n in [2, 3] {
        let ticket = SessionBinding::Ticket { redeem_by: BEGIN + MINUTE };
        store.commit(&login(n, ticket)).await.unwrap();
        assert!(store.find_by_id(session(n)).await.unwrap().is_none());
        let opened = store.create_grant(session(n), &grant(n), BEGIN).await.unwrap();
        assert!(matches!(opened, GrantState::Ended));
    }
    assert_eq!(store.list_by_user(user(), BEGIN).await.unwrap().len(), 1, "no page shows it");
    let late = BEGIN + MINUTE;
    assert!(
        !store
            .add_token(session(2), &TokenDigest::from_bytes([2; 32]), &host("a.example"), late)
            .await
            .unwrap()
    );
    let before = late - Duration::from_millis(1);
    assert!(
        store
            .add_token(session(3), &TokenDigest::from_bytes([3; 32]), &host("a.example"), before)
            .await
            .unwrap()
    );
    assert_eq!(
        store.find(&TokenDigest::from_bytes([3; 32])).await.unwrap().unwrap().id,
        session(3)
    );
    assert!(store.find_by_id(session(3)).await.unwrap().is_some());
    assert_eq!(store.list_by_user(user(), BEGIN).await.unwrap().len(), 2);
    assert!(
        store
            .add_token(session(3), &TokenDigest::from_bytes([4; 32]), &host("b.example"), late)
            .await
            .unwrap()
    );
    store.commit(&login(4, SessionBinding::Ticket { redeem_by: BEGIN + MINUTE })).await.unwrap();
    store.set_blocked(&phone().into(), true, BEGIN).await.unwrap();
    assert!(
        !store
            .add_token(session(4), &TokenDigest::from_bytes([5; 32]), &host("a.example"), BEGIN)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_session_is_listed_as_long_as_a_grant_of_it_lives() {
    let (_database, store) = store().await;
    store.create_grant(session(1), &grant(1), BEGIN).await.unwrap();
    let listed = async |after: u32| {
        let own = store.list_by_user(user(), BEGIN + HOUR * after).await.unwrap();
        own.iter().map(|own| own.granted).collect::<Vec<bool>>()
    };
    assert_eq!(listed(29).await, [true], "its own time was 10 hours");
    assert!(listed(30).await.is_empty(), "the grant was idle for too long");
}

/// The database of a version that knew no grants.
#[tokio::test]
async fn a_database_of_the_fifth_migration_is_brought_up_to_date() {
    let (database, store) = store().await;
    store.close().await;
    database
        .run(
            "DROP TABLE nodes; DROP TABLE cells; DROP TABLE counter_totals; DROP TABLE counter_marks; DROP TABLE authorization_codes; DROP TABLE grants;
         DROP INDEX one_key_is_next; ALTER TABLE signing_keys DROP COLUMN signed_from;
         ALTER TABLE signing_keys DROP COLUMN signed_until;
         ALTER TABLE signing_keys DROP COLUMN wanted; ALTER TABLE signing_keys DROP COLUMN longest;
         DROP INDEX sessions_by_take_up; ALTER TABLE sessions DROP COLUMN take_up;
         DELETE FROM _sqlx_migrations WHERE version > 5;",
        )
        .await;
    let store = database.open().await;
    assert_eq!(
        store.find(&TokenDigest::from_bytes([1; 32])).await.unwrap().unwrap().id,
        session(1),
        "nobody is out"
    );
    store.create_grant(session(1), &grant(1), BEGIN).await.unwrap();
    assert!(is_good(&store, 1).await);
}

/// The database of a version whose refresh tokens were rows.
#[tokio::test]
async fn a_database_of_the_eighth_migration_keeps_its_grants_without_their_refresh_tokens() {
    let (database, store) = store().await;
    store.create_grant(session(1), &grant(1), BEGIN).await.unwrap();
    store.close().await;
    database
        .run(
            "DROP TABLE nodes; DROP TABLE cells; DROP TABLE counter_totals; DROP TABLE counter_marks;
         DROP INDEX grants_by_family; ALTER TABLE grants DROP COLUMN refresh_family;
         ALTER TABLE grants DROP COLUMN refresh_present;
         ALTER TABLE grants DROP COLUMN refresh_former;
         ALTER TABLE grants DROP COLUMN refresh_masked; ALTER TABLE grants DROP COLUMN overlap_end;
         CREATE TABLE refresh_tokens (digest TEXT PRIMARY KEY NOT NULL,
           grant_id TEXT NOT NULL REFERENCES grants (id), made BIGINT NOT NULL, replaced BIGINT,
           forget BIGINT);
         INSERT INTO refresh_tokens SELECT 'd', id, created, NULL, NULL FROM grants;
         ALTER TABLE signing_keys DROP COLUMN wanted; ALTER TABLE signing_keys DROP COLUMN longest;
         DELETE FROM _sqlx_migrations WHERE version > 8;",
        )
        .await;
    let store = database.open().await;
    assert!(is_good(&store, 1).await);
    assert!(store.find_refresh_token(&refresh(1, 1), &SPA, BEGIN).await.unwrap().is_none());
    store.create_grant(session(1), &grant(2), BEGIN).await.unwrap();
    assert!(store.find_refresh_token(&refresh(2, 2), &SPA, BEGIN).await.unwrap().is_some());
}
