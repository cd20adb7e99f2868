//! Keys follow each other, and nobody who holds a token or a kept key set notices.
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::{Keyring, ServerSecret};
use doorcode::oauth::{
    Algorithm, Pace, Rotation, SigningKeys, Usage, publish_next, signs_from, verify_access,
};
use doorcode::store::{self, Database, KeyState, SqlStore};
use doorcode::system::{Clock as _, System};
use serde_json::Value;

use super::world::{World, parts};
use crate::support::gate::{Gate, wait_for};
use crate::support::program::Program;
use crate::support::settings::{BOB, SECRET};
use crate::support::still::{SeededRandom, StillClock};

const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const MOMENT: Duration = Duration::from_millis(1);
const TOKEN: (Usage, Algorithm) = (Usage::Token, Algorithm::EdDsa);
const ASSERTION: (Usage, Algorithm) = (Usage::Assertion, Algorithm::Es256);

/// A process on the database in a folder.
struct Node {
    world: World,
    rotation: Rotation,
    clock: Arc<StillClock>,
}

impl Node {
    async fn start(folder: &Path, clock: &Arc<StillClock>, lifetime: Duration) -> Self {
        let store = database(&folder.join("db")).await;
        let random = Arc::new(SeededRandom::new(1));
        let system = System { clock: Arc::clone(clock) as _, random };
        let wanted = [TOKEN, ASSERTION];
        let keys = SigningKeys::open(&store, &keyring("a"), &wanted, &system).await.unwrap();
        let keys = Arc::new(keys);
        let rotation = Rotation {
            store: Arc::new(store),
            keyring: keyring("a"),
            system,
            keys: Arc::clone(&keys),
            wanted: wanted.to_vec(),
            pace: Pace { lifetime, tokens: HOUR },
        };
        Self { world: World::with(keys), rotation, clock: Arc::clone(clock) }
    }

    async fn turn(&self) {
        self.rotation.turn().await.expect("turns");
    }

    fn token(&self) -> String {
        self.world.access_now(self.clock.now())
    }

    fn takes(&self, token: &str) -> bool {
        let World { keys, issuer, .. } = &self.world;
        verify_access(keys, issuer, token, self.clock.now()).is_ok()
    }

    /// The key that signs.
    fn signs(&self) -> String {
        kid(&self.token())
    }

    /// The keys of tokens in the set that everybody is shown.
    fn published(&self) -> Vec<String> {
        kids(&self.world.keys.published(Some(TOKEN)))
    }
}

async fn database(path: &Path) -> SqlStore {
    SqlStore::open(&Database::Sqlite(path.to_owned())).await.unwrap()
}

fn keyring(secret: &str) -> Keyring {
    Keyring::new(ServerSecret::new(&secret.repeat(32)).unwrap(), Vec::new())
}

fn kid(token: &str) -> String {
    parts(token).0["kid"].as_str().unwrap().to_owned()
}

fn kids(set: &[u8]) -> Vec<String> {
    let set: Value = serde_json::from_slice(set).unwrap();
    let keys = set["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_key_is_shown_before_it_signs_and_as_long_as_what_it_signed_lives() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()));
    let one = Node::start(folder.path(), &clock, 90 * DAY).await;
    let other = Node::start(folder.path(), &clock, 90 * DAY).await;
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
    let all = store::SigningKeys::all(&*one.rotation.store).await.unwrap();
    let gone = all.iter().find(|key| key.kid == first).expect("its row");
    assert_eq!((gone.state, gone.sealed.len()), (KeyState::Retired, 0), "its private half is gone");
}

#[tokio::test]
async fn without_a_lifetime_keys_change_only_by_hand_and_only_those_that_were_meant() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()));
    let node = Node::start(folder.path(), &clock, Duration::ZERO).await;
    let first = node.signs();
    clock.pass(3_000 * DAY);
    node.turn().await;
    assert_eq!((node.signs(), node.published().len()), (first.clone(), 1));

    // As the command line does it: on the database.
    let store = database(&folder.path().join("db")).await;
    let rotate = async |usage| {
        publish_next(&store, &keyring("a"), usage, &node.rotation.system).await.unwrap()
    };
    let published = rotate(Some(Usage::Token)).await;
    assert_eq!(published.len(), 1);
    assert_eq!(signs_from(&published[0]), clock.now() + 10 * MINUTE);
    assert!(rotate(Some(Usage::Token)).await.is_empty(), "one is on its way");
    assert_eq!(rotate(None).await.len(), 1, "that of the assertions");

    node.turn().await;
    assert_eq!((node.signs(), node.published().len()), (first.clone(), 2));
    clock.pass(10 * MINUTE);
    node.turn().await;
    assert_eq!(node.signs(), published[0].kid);
    let again = Node::start(folder.path(), &clock, Duration::ZERO).await;
    assert_eq!(again.signs(), published[0].kid, "after a restart too");
    assert_eq!(again.published(), node.published());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_look_at_once_do_it_once() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()));
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(Node::start(folder.path(), &clock, DAY).await);
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
    let all = store::SigningKeys::living(&*nodes[0].rotation.store).await.unwrap();
    let state = |state| all.iter().filter(|key| key.state == state).count();
    assert_eq!((state(KeyState::Signing), state(KeyState::Published)), (2, 2), "of two uses");
}

#[tokio::test]
async fn what_cannot_be_read_changes_nothing() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()));
    let node = Node::start(folder.path(), &clock, Duration::ZERO).await;
    let token = node.token();
    let lost = Rotation { keyring: keyring("b"), ..node.rotation };
    lost.turn().await.expect_err("another secret");
    let now = clock.now();
    verify_access(&node.world.keys, &node.world.issuer, &token, now).expect("still good");
    assert!(!node.world.access_now(now).is_empty(), "still signs");
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
    let system =
        System { clock: Arc::clone(&gate.clock) as _, random: Arc::new(SeededRandom::new(2)) };
    // A key of the same moment might stand before the other.
    gate.pass(MINUTE);
    let published = gate.run(async {
        let store = database(&gate.folder.path().join("doorcode.db")).await;
        let keyring = Keyring::new(ServerSecret::new(SECRET).unwrap(), Vec::new());
        publish_next(&store, &keyring, None, &system).await.unwrap()
    });
    let second = published[0].kid.clone();
    assert_eq!(wait(2), [first.clone(), second.clone()]);
    bob.get("/").is(200);
    assert_eq!(signed_by(&gate), first);
    gate.pass(10 * MINUTE);
    let succeeded = "SELECT COUNT(*) FROM signing_keys WHERE signed_until IS NOT NULL";
    wait_for("a key that took the other's place", || (gate.count(succeeded) == 1).then_some(()));
    // What a session is told is kept for a minute.
    wait_for("an assertion by the new key", || {
        gate.pass(Duration::from_secs(1));
        bob.get("/").is(200);
        (signed_by(&gate) == second).then_some(())
    });
    assert_eq!(set(), [first, second.clone()], "what the old one signed lives on");
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
    assert!(said.contains("no key signs that has none to follow it"), "{said}");
    let (code, said) =
        program.command(&["keys", "rotate", "--usage", "token", "--config", "my.toml"]);
    assert_eq!(code, Some(1), "none of that use: {said}");
}
