//! A database that is copied to one of the other kind.
use doorcode::domain::TokenDigest;
use doorcode::store::{
    self, CopyError, GrantStore as _, LoginStore as _, SessionStore as _, UserStore as _,
};

use super::grants::{BEGIN, code, grant, id, is_good, login, phone, session, token};
use crate::support::databases;
use crate::support::tables::{changes, grants, sessions, users};

#[tokio::test]
async fn a_database_is_copied_to_one_of_the_other_kind_and_back() {
    let (file, server, back) =
        (databases::sqlite().await, databases::postgresql().await, databases::sqlite().await);
    let from = file.open().await;
    for n in 1..=30 {
        from.commit(&login(n, token(n))).await.unwrap();
    }
    from.create_grant(session(1), &grant(1), BEGIN).await.unwrap();
    from.create_grant(session(2), &grant(2), BEGIN).await.unwrap();
    from.insert_code(&code()).await.unwrap();
    from.revoke_grant(id(2), BEGIN).await.unwrap();
    let to = server.open().await;
    let mut shown = Vec::new();
    let rows = store::copy(&from, &to, &mut |progress| shown.push(progress)).await.unwrap();
    assert!(rows > 90, "{rows}");
    assert!(shown.iter().any(|progress| progress.table == "users" && progress.done == 1));

    // What was there goes on there.
    assert!(to.find(&TokenDigest::from_bytes([7; 32])).await.unwrap().is_some());
    assert!(is_good(&to, 1).await && !is_good(&to, 2).await);
    let before = file.count(changes::ALL).await;
    to.set_blocked(&phone().into(), true, BEGIN).await.unwrap();
    assert_eq!(to.changes_after(before).await.unwrap().len(), 30, "the numbers go on");

    let again = store::copy(&from, &to, &mut |_| {}).await;
    assert!(matches!(again, Err(CopyError::InUse)), "{again:?}");
    let end = back.open().await;
    store::copy(&to, &end, &mut |_| {}).await.unwrap();
    for count in [users::ALL, sessions::ALL, grants::ALL, changes::ALL] {
        assert_eq!(back.count(count).await, server.count(count).await);
    }
}

#[tokio::test]
async fn a_copy_that_was_interrupted_is_finished_and_one_that_differs_is_told() {
    let (file, server) = (databases::sqlite().await, databases::postgresql().await);
    let (from, to) = (file.open().await, server.open().await);
    for n in 1..=5 {
        from.commit(&login(n, token(n))).await.unwrap();
    }
    store::copy(&from, &to, &mut |_| {}).await.unwrap();
    // As one that ended in the middle left it.
    server
        .run(
            "DELETE FROM session_tokens; DELETE FROM sessions WHERE id LIKE '0303%';
             DELETE FROM change_counter;",
        )
        .await;
    store::copy(&from, &to, &mut |_| {}).await.unwrap();
    assert!(to.find(&TokenDigest::from_bytes([3; 32])).await.unwrap().is_some());

    server
        .run("UPDATE sessions SET device = 'x' WHERE id LIKE '0404%'; DELETE FROM change_counter")
        .await;
    let told = store::copy(&from, &to, &mut |_| {}).await;
    assert!(matches!(told, Err(CopyError::Differs("sessions"))), "{told:?}");
}
