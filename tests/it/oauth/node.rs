//! A process that signs tokens and assertions with the keys of a database.
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::{Keyring, ServerSecret};
use doorcode::oauth::{
    Algorithm, KeyRotation, KeyUsage, RotationPolicy, SigningKeys, verify_access_token,
};
use doorcode::store::{self, Database, SqlStore, StoredKey};
use doorcode::system::{Clock as _, System};
use serde_json::Value;

use super::world::{World, parts};
use crate::support::contacts::contact_keys;
use crate::support::still::{SeededRandom, StillClock};

pub(super) const DAY: Duration = Duration::from_hours(24);
pub(super) const HOUR: Duration = Duration::from_hours(1);
pub(super) const MINUTE: Duration = Duration::from_mins(1);
pub(super) const MOMENT: Duration = Duration::from_millis(1);
pub(super) const ASSERTION: (KeyUsage, Algorithm) = (KeyUsage::Assertion, Algorithm::Es256);

/// What its configuration says.
#[derive(Clone, Copy)]
pub(super) struct Says {
    /// How tokens are signed.
    pub(super) algorithm: Algorithm,
    /// How long a key signs.
    pub(super) key_lifetime: Duration,
    /// How long a token is good for.
    pub(super) token_lifetime: Duration,
}

pub(super) const USUAL: Says =
    Says { algorithm: Algorithm::EdDsa, key_lifetime: Duration::ZERO, token_lifetime: HOUR };

pub(super) struct Node {
    pub(super) world: World,
    pub(super) rotation: KeyRotation,
    says: Says,
    clock: Arc<StillClock>,
}

impl Node {
    pub(super) async fn start(folder: &Path, clock: &Arc<StillClock>, says: Says) -> Self {
        let store = database(&folder.join("db")).await;
        let random = Arc::new(SeededRandom::new(1));
        let system = System::new(Arc::clone(clock) as _, random);
        let wanted = [(KeyUsage::Token, says.algorithm), ASSERTION];
        let keys = SigningKeys::open(&store, &keyring("a"), &wanted, &system).await.unwrap();
        let keys = Arc::new(keys);
        let rotation = KeyRotation {
            store: Arc::new(store),
            keyring: keyring("a"),
            system,
            keys: Arc::clone(&keys),
            wanted: wanted.to_vec(),
            pace: RotationPolicy { lifetime: says.key_lifetime, tokens: says.token_lifetime },
        };
        Self { world: World::with(keys), rotation, says, clock: Arc::clone(clock) }
    }

    pub(super) async fn turn(&self) {
        self.rotation.turn().await.expect("turns");
    }

    pub(super) fn token(&self) -> String {
        let Says { algorithm, token_lifetime, .. } = self.says;
        self.world.access_for(token_lifetime, algorithm, self.clock.now())
    }

    pub(super) fn takes(&self, token: &str) -> bool {
        let World { keys, issuer, .. } = &self.world;
        verify_access_token(keys, issuer, token, self.clock.now()).is_ok()
    }

    /// The key that signs.
    pub(super) fn signs(&self) -> String {
        kid(&self.token())
    }

    /// The algorithm that it signs with.
    pub(super) fn signs_by(&self) -> String {
        parts(&self.token()).0["alg"].as_str().unwrap().to_owned()
    }

    /// The keys of tokens, as their set has them: the one that signs is the first.
    pub(super) fn published(&self) -> Vec<String> {
        kids(&self.world.keys.published((KeyUsage::Token, self.says.algorithm)))
    }

    /// The whole table.
    pub(super) async fn rows(&self) -> Vec<StoredKey> {
        store::SigningKeyStore::list_all(&*self.rotation.store).await.unwrap()
    }

    pub(super) async fn row(&self, kid: &str) -> StoredKey {
        self.rows().await.into_iter().find(|key| key.kid == kid).expect("its row")
    }
}

pub(super) async fn database(path: &Path) -> SqlStore {
    SqlStore::open(&Database::Sqlite(path.to_owned()), contact_keys()).await.unwrap()
}

pub(super) fn keyring(secret: &str) -> Keyring {
    Keyring::new(ServerSecret::new(&secret.repeat(32)).unwrap(), Vec::new())
}

pub(super) fn kid(token: &str) -> String {
    parts(token).0["kid"].as_str().unwrap().to_owned()
}

pub(super) fn kids(set: &[u8]) -> Vec<String> {
    let set: Value = serde_json::from_slice(set).unwrap();
    let keys = set["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}
