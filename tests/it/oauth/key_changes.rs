//! Keys after a change of what the configuration says: its secret, its lifetimes, its algorithm.
use std::sync::Arc;

use doorcode::domain::KeyId;
use doorcode::oauth::{Algorithm, KeyRotation, KeyUsage, KeysError, SigningKeys, publish_next};
use doorcode::store::{KeyState, StoredKey};
use doorcode::system::Timestamp;

use super::node::{ASSERTION, DAY, HOUR, MINUTE, MOMENT, Node, Says, USUAL, keyring, kids};
use super::world::parts;
use crate::support::still::StillClock;

const ES256: Says = Says { algorithm: Algorithm::Es256, ..USUAL };

type Row = (String, KeyState, bool, KeyId, Option<Timestamp>, Option<Timestamp>);

/// What of a key the world and other processes notice.
fn noticed(key: StoredKey) -> Row {
    let StoredKey { kid, state, sealed, sealed_by, signed_from, signed_until, .. } = key;
    (kid, state, sealed.is_empty(), sealed_by, signed_from, signed_until)
}

#[tokio::test]
async fn another_secret_writes_nothing_whatever_is_due() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()));
    let node = Node::start(folder.path(), &clock, Says { key_lifetime: DAY, ..USUAL }).await;
    let KeyRotation { store, system, keys, wanted, pace, .. } = &node.rotation;
    let stranger = KeyRotation {
        store: Arc::clone(store),
        keyring: keyring("b"),
        system: system.clone(),
        keys: Arc::clone(keys),
        wanted: wanted.clone(),
        pace: *pace,
    };
    let is_refused = |tried: Result<(), KeysError>| {
        assert!(matches!(tried, Err(KeysError::OtherSecret { .. })), "{tried:?}");
    };
    let due = [
        ("the next is to be published", DAY.saturating_sub(10 * MINUTE)),
        ("it is to sign", 10 * MINUTE),
        ("the former is to be retired", HOUR + 10 * MINUTE),
    ];
    for (what, pass) in due {
        clock.pass(pass);
        let rows = async || node.rows().await.into_iter().map(noticed).collect::<Vec<_>>();
        let before = rows().await;
        is_refused(stranger.turn().await);
        let published = publish_next(&**store, &keyring("b"), wanted, system).await;
        is_refused(published.map(drop));
        let more = [(KeyUsage::Token, Algorithm::Es256)];
        is_refused(SigningKeys::open(&**store, &keyring("b"), &more, system).await.map(drop));
        assert_eq!(rows().await, before, "{what}");
        node.turn().await;
        assert_ne!(rows().await, before, "{what}: it was due");
    }
}

#[tokio::test]
async fn a_key_stays_until_all_it_signed_is_dead_whatever_lifetimes_are_said_later() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()));
    Node::start(folder.path(), &clock, USUAL).await.turn().await;
    // A moment after the other noted its hour.
    let node = Node::start(folder.path(), &clock, Says { token_lifetime: DAY, ..USUAL }).await;
    node.turn().await;
    let first = node.signs();
    let KeyRotation { store, system, wanted, .. } = &node.rotation;
    publish_next(&**store, &keyring("a"), wanted, system).await.unwrap();
    clock.pass(10 * MINUTE);
    let last = node.token();
    node.turn().await;
    assert_ne!(node.signs(), first);

    let node = Node::start(folder.path(), &clock, USUAL).await;
    clock.pass(DAY.saturating_sub(MOMENT));
    node.turn().await;
    assert!(node.takes(&last), "to its end");
    clock.pass(10 * MINUTE);
    node.turn().await;
    assert_eq!(node.row(&first).await.state, KeyState::Published, "another clock may be late");
    clock.pass(MOMENT);
    node.turn().await;
    assert_eq!(node.row(&first).await.state, KeyState::Retired);
    assert_eq!(node.published().len(), 1);
}

#[tokio::test]
async fn a_key_of_a_new_algorithm_is_shown_before_it_signs_and_the_former_ones_goes() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()));
    let former = Node::start(folder.path(), &clock, USUAL).await;
    let first = former.signs();
    clock.pass(30 * DAY);
    let node = Node::start(folder.path(), &clock, ES256).await;
    node.turn().await;
    assert_eq!(node.signs(), first, "nobody has seen the new one");
    let shown = node.published();
    assert_eq!((shown.len(), &shown[0]), (2, &first));
    let supported = |node: &Node| node.world.keys.token_algorithms(Algorithm::Es256);
    assert_eq!(supported(&node), [Algorithm::Es256, Algorithm::EdDsa]);
    let id = node.world.id_of(Algorithm::Es256, "openid", |id| id.at_hash_of = Some("token"));
    let (header, claims) = parts(&id);
    // Half of SHA-512, which belongs to EdDSA; ES256 has SHA-256.
    let half_hash = claims["at_hash"].as_str().unwrap();
    assert_eq!((header["alg"].as_str(), half_hash.len()), (Some("EdDSA"), 43));

    clock.pass((10 * MINUTE).saturating_sub(MOMENT));
    node.turn().await;
    assert_eq!(node.signs(), first, "others may not have read the set yet");
    let old = node.token();
    clock.pass(MOMENT);
    node.turn().await;
    assert_eq!((node.signs(), node.signs_by()), (shown[1].clone(), "ES256".to_owned()));
    let shown = [shown[1].clone(), shown[0].clone()];
    assert_eq!(node.published(), shown, "the one that signs is the first");
    assert!(node.takes(&old));

    // For as long as a server that still signs with it may be asleep.
    clock.pass(DAY.saturating_sub(10 * MINUTE + MOMENT));
    node.turn().await;
    assert_eq!(node.row(&first).await.state, KeyState::Signing);
    clock.pass(MOMENT);
    node.turn().await;
    assert_eq!(node.row(&first).await.state, KeyState::Published);
    clock.pass((HOUR + 10 * MINUTE).saturating_sub(MOMENT));
    node.turn().await;
    assert_eq!(node.published(), shown);
    clock.pass(MOMENT);
    node.turn().await;
    assert_eq!(node.published(), shown[..1]);
    let gone = node.row(&first).await;
    assert_eq!((gone.state, gone.sealed.len()), (KeyState::Retired, 0));
    assert_eq!(supported(&node), [Algorithm::Es256]);
}

#[tokio::test]
async fn servers_of_two_algorithms_leave_each_other_their_keys() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()));
    let one = Node::start(folder.path(), &clock, USUAL).await;
    let other = Node::start(folder.path(), &clock, ES256).await;
    let first = one.signs();
    clock.pass(10 * MINUTE);
    for _ in 0..60 {
        for node in [&one, &other] {
            node.turn().await;
        }
        assert_eq!((one.signs(), other.signs_by()), (first.clone(), "ES256".to_owned()));
        assert!(one.takes(&other.token()) && other.takes(&one.token()));
        clock.pass(HOUR);
    }
    assert_eq!(one.published().len(), 2);
}

#[tokio::test]
async fn a_next_key_that_nobody_wants_any_more_never_signs_and_goes() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()));
    let node = Node::start(folder.path(), &clock, USUAL).await;
    let KeyRotation { store, system, wanted, .. } = &node.rotation;
    let published = publish_next(&**store, &keyring("a"), wanted, system).await.unwrap();
    let next = &published[0].kid;
    let node = Node::start(folder.path(), &clock, ES256).await;
    clock.pass(10 * MINUTE);
    node.turn().await;
    node.turn().await;
    assert_eq!((node.signs_by(), node.published().len()), ("ES256".to_owned(), 3));
    clock.pass(DAY);
    node.turn().await;
    assert!(!node.published().contains(next));
    assert_eq!(node.row(next).await.signed_from, None);
    // Those of assertions went on as they were meant to.
    assert_eq!(kids(&node.world.keys.published(ASSERTION)).len(), 1);
}
