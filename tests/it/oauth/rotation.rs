//! Keys follow each other, and nobody who holds a token or a kept key set notices.
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::{Keyring, ServerSecret};
use doorcode::oauth::{
    Algorithm, KeyRotation, KeyUsage, publish_next, signs_from, verify_access_token,
};
use doorcode::store::{self, KeyState};
use doorcode::system::{Clock as _, System};

use super::node::{
    ASSERTION, DAY, HOUR, MINUTE, MOMENT, Node, Says, USUAL, database, keyring, kid, kids,
};
use super::world::World;
use crate::support::gate::{Gate, wait_for};
use crate::support::program::Program;
use crate::support::settings::{BOB, SECRET};
use crate::support::still::{SeededRandom, StillClock};
use crate::support::tables::{migrations, signing_keys};

const TOKEN: (KeyUsage, Algorithm) = (KeyUsage::Token, Algorithm::EdDsa);

fn every(key_lifetime: Duration) -> Says {
    Says { key_lifetime, ..USUAL }
}

#[tokio::test]
async fn a_key_is_shown_before_it_signs_and_as_long_as_what_it_signed_lives() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()));
    let one = Node::start(folder.path(), &clock, every(90 * DAY)).await;
    let other = Node::start(folder.path(), &clock, every(90 * DAY)).await;
    let first = one.signs();
    clock.pass((90 * DAY).saturating_sub(10 * MINUTE + MOMENT));
    one.turn().await;
    assert_eq!(one.published(), [first.as_str()], "not yet");

    clock.pass(MOMENT);
    one.turn().await;
    let shown = one.published();
    assert_eq!((shown.len(), &shown[0]), (2, &first));
    let second = shown[1].clone();
    assert_eq!(other.published(), [first.as_str()], "did not look yet");
    other.turn().await;
    assert_eq!(other.published(), shown, "the same key, not one of its own");

    clock.pass((10 * MINUTE).saturating_sub(MOMENT));
    one.turn().await;
    assert_eq!(one.signs(), first, "others may not have read the set yet");
    clock.pass(MOMENT);
    one.turn().await;
    assert_eq!((one.signs(), other.signs()), (second.clone(), first.clone()));
    let (new, old) = (one.token(), other.token());
    for node in [&one, &other] {
        assert!(node.takes(&new) && node.takes(&old), "whichever of the two looked last");
    }
    other.turn().await;
    assert_eq!(other.signs(), second);
    let shown = [second.clone(), first.clone()];
    assert_eq!(one.published(), shown, "the one that signs is the first");

    clock.pass(HOUR.saturating_sub(MOMENT));
    one.turn().await;
    assert!(one.takes(&old), "to its end");
    assert_eq!(one.published(), shown);
    clock.pass(10 * MINUTE);
    one.turn().await;
    assert_eq!(one.published(), shown, "another clock may be late");
    clock.pass(MOMENT);
    one.turn().await;
    other.turn().await;
    assert_eq!((one.published(), other.published()), (vec![second.clone()], vec![second]));
    let gone = one.row(&first).await;
    assert_eq!((gone.state, gone.sealed.len()), (KeyState::Retired, 0), "its private half is gone");
}

#[tokio::test]
async fn without_a_lifetime_keys_change_only_by_hand_and_only_those_that_were_meant() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()));
    let node = Node::start(folder.path(), &clock, USUAL).await;
    let first = node.signs();
    clock.pass(3_000 * DAY);
    node.turn().await;
    assert_eq!((node.signs(), node.published().len()), (first.clone(), 1));

    // As the command line does it: on the database.
    let store = database(&folder.path().join("db")).await;
    let rotate = async |kinds: &[(KeyUsage, Algorithm)]| {
        publish_next(&store, &keyring("a"), kinds, &node.rotation.system).await.unwrap()
    };
    let published = rotate(&[TOKEN]).await;
    assert_eq!(published.len(), 1);
    assert_eq!(signs_from(&published[0]), clock.now() + 10 * MINUTE);
    assert!(rotate(&[TOKEN]).await.is_empty(), "one is on its way");
    assert_eq!(rotate(&[TOKEN, ASSERTION]).await.len(), 1, "that of the assertions");

    node.turn().await;
    assert_eq!((node.signs(), node.published().len()), (first.clone(), 2));
    clock.pass(10 * MINUTE);
    node.turn().await;
    assert_eq!(node.signs(), published[0].kid);
    let again = Node::start(folder.path(), &clock, USUAL).await;
    assert_eq!(again.signs(), published[0].kid, "after a restart too");
    assert_eq!(again.published(), node.published());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_look_at_once_do_it_once() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()));
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(Node::start(folder.path(), &clock, every(DAY)).await);
    }
    for pass in [DAY.saturating_sub(10 * MINUTE), 10 * MINUTE, MINUTE] {
        clock.pass(pass);
        futures_util::future::join_all(nodes.iter().map(Node::turn)).await;
    }
    for node in &nodes {
        node.turn().await;
        assert_eq!(node.published(), nodes[0].published());
        assert_eq!((node.signs(), node.published().len()), (nodes[0].signs(), 2));
    }
    let all = store::SigningKeyStore::list_unretired(&*nodes[0].rotation.store).await.unwrap();
    let state = |state| all.iter().filter(|key| key.state == state).count();
    assert_eq!((state(KeyState::Signing), state(KeyState::Published)), (2, 2), "of two uses");
}

#[tokio::test]
async fn what_cannot_be_read_changes_nothing() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()));
    let node = Node::start(folder.path(), &clock, USUAL).await;
    let token = node.token();
    let lost = KeyRotation { keyring: keyring("b"), ..node.rotation };
    lost.turn().await.expect_err("another secret");
    let now = clock.now();
    let World { keys, issuer, .. } = &node.world;
    verify_access_token(keys, issuer, &token, now).expect("still good");
    let again = node.world.access_for(HOUR, Algorithm::EdDsa, now);
    assert_eq!(kid(&again), kid(&token), "still signs");
}

#[test]
fn a_running_server_follows_what_was_done_to_its_database() {
    let gate = Gate::start();
    let mut bob = gate.browser();
    bob.sign_in("/", BOB, &gate.texts).is(200);
    let signed_by = |gate: &Gate| kid(gate.app.last().header("x-doorcode-assertion").expect("one"));
    let set = || {
        let set = gate.browser().get("/.doorcode/.well-known/jwks.json").is(200).text();
        kids(set.as_bytes())
    };
    let wait = |count| {
        gate.pass(MINUTE);
        wait_for("such a key set", || Some(set()).filter(|set| set.len() == count))
    };
    let first = signed_by(&gate);
    assert_eq!(set(), [first.as_str()]);
    let system = System::new(Arc::clone(&gate.clock) as _, Arc::new(SeededRandom::new(2)));
    // A key of the same moment might stand before the other.
    gate.pass(MINUTE);
    let published = gate.run(async {
        let store = database(&gate.folder.path().join("doorcode.db")).await;
        let keyring = Keyring::new(ServerSecret::new(SECRET).unwrap(), Vec::new());
        publish_next(&store, &keyring, &[ASSERTION], &system).await.unwrap()
    });
    let second = published[0].kid.clone();
    assert_eq!(wait(2), [first.clone(), second.clone()]);
    bob.get("/").is(200);
    assert_eq!(signed_by(&gate), first);
    gate.pass(10 * MINUTE);
    wait_for("a key that took the other's place", || {
        (gate.count(signing_keys::SUCCEEDED) == 1).then_some(())
    });
    // What a session is told is kept for a minute.
    wait_for("an assertion by the new key", || {
        gate.pass(Duration::from_secs(1));
        bob.get("/").is(200);
        (signed_by(&gate) == second).then_some(())
    });
    assert_eq!(set(), [second.clone(), first], "what the old one signed lives on");
    gate.pass(12 * MINUTE);
    assert_eq!(wait(1), [second]);
}

#[test]
fn the_command_lists_and_replaces_the_keys_of_a_database() {
    let program = Program::start("info");
    let keys = || program.said(&["keys", "--config", "my.toml"]);
    let (code, listed) = keys();
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!((code, lines.len()), (Some(0), 2), "{listed}");
    assert!(lines[0].starts_with("KID ") && lines[1].contains("assertion  ES256      signing"));

    let rotate = ["keys", "rotate", "--config", "my.toml"];
    let (code, said) = program.said(&rotate);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(" is published and signs (assertion, ES256) from 20"), "{said}");
    let (_, listed) = keys();
    assert!(listed.contains("assertion  ES256      next "), "{listed}");
    let (code, said) = program.command(&rotate);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("every signing key has a successor already"), "{said}");
    let (code, said) =
        program.command(&["keys", "rotate", "--usage", "token", "--config", "my.toml"]);
    assert_eq!(code, Some(1), "none of that use: {said}");
}

#[test]
fn the_command_changes_nothing_with_another_secret_or_for_tables_of_another_version() {
    let program = Program::start("info");
    let (list, rotate) = (["keys", "--config"], ["keys", "rotate", "--config"]);
    let before = program.said(&[&list[..], &["my.toml"]].concat());
    program.rewrite("other.toml", &[("env:SECRET", "env:OTHER")]);
    let (code, said) = program.command(&[&rotate[..], &["other.toml"]].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("server.secret does not open the signing key "), "{said}");
    let after = program.said(&[&list[..], &["my.toml"]].concat());
    let keys = |said: &(Option<i32>, String)| said.1.lines().count();
    assert_eq!((keys(&before), keys(&after)), (2, 2), "{}", after.1);

    // As an older version has left it.
    let newest = program.count(migrations::FORGET_NEWEST);
    for command in [&list[..], &rotate[..]] {
        let (code, said) = program.command(&[command, &["my.toml"]].concat());
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("the schema is that of another version of doorcode"), "{said}");
    }
    assert!(program.count(migrations::NEWEST) < newest, "nothing was brought up to date");
}
