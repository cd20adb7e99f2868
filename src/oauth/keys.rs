use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{DecodingKey, EncodingKey, Header};
use serde::Serialize;

use super::Algorithm;
use crate::domain::{Keyring, Subkey};
use crate::store::{self, KeyState, StoreError, StoredKey};
use crate::system::System;

/// The subkey that keeps the private halves.
const SEALS: &str = "signing keys";

/// What a key signs. A key signs nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// What tells apps behind the gate who their caller is.
    Assertion,
    /// ID and access tokens for clients of the API.
    Token,
}

impl Usage {
    const NAMES: [(Self, &'static str); 2] =
        [(Self::Assertion, "assertion"), (Self::Token, "token")];

    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(usage, _)| *usage == self).map_or("", |(_, name)| name)
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, name)| *name == text).map(|(usage, _)| *usage)
    }
}

/// Why there are no keys to sign with.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("store.database: the signing keys: {0}")]
    Store(#[from] StoreError),
    #[error(
        "server.secret does not open the signing key {kid} in the database: another secret was \
         there when it was kept. Put that one back, as the second of two if it is being changed. \
         If it is lost, every session is lost with it: begin with a new database"
    )]
    OtherSecret { kid: String },
    #[error("the signing key {kid} in the database is damaged")]
    Damaged { kid: String },
    #[error("no {algorithm} key can be made on this machine")]
    NotMade { algorithm: &'static str },
}

/// Something could not be signed, so nobody can be told what it says.
#[derive(Debug, thiserror::Error)]
pub enum Unsigned {
    #[error("there is no {0} key")]
    NoKey(&'static str),
    #[error("{0}")]
    Failed(#[from] jsonwebtoken::errors::Error),
}

/// The issuer's keys: private halves that sign, and the public ones for the world. Asked without
/// a lock, and without I/O.
#[derive(Default)]
pub struct SigningKeys {
    all: ArcSwap<Vec<Arc<Key>>>,
}

pub(super) struct Key {
    kid: String,
    usage: Usage,
    algorithm: Algorithm,
    signs: bool,
    encoding: EncodingKey,
    decoding: DecodingKey,
    public: Jwk,
}

impl Key {
    /// The whole header of what the key signs: nothing of ours has a field more.
    pub(super) fn header(&self, typ: &str) -> Header {
        let mut header = Header::new(self.algorithm.jwt());
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.kid.clone());
        header
    }

    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

impl SigningKeys {
    /// Reads the keys, and makes those that are `wanted` and not there. Nodes that start at once
    /// come to have the same: all read again what only one of them wrote.
    pub async fn open(
        store: &dyn store::SigningKeys,
        keyring: &Keyring,
        wanted: &[(Usage, Algorithm)],
        system: &System,
    ) -> Result<Self, KeysError> {
        let stored = store.living().await?;
        for (usage, algorithm) in wanted {
            if !signs(&stored, *usage, *algorithm) {
                let mut new = make(*usage, *algorithm, keyring, system)?;
                (new.state, new.signed_from) = (KeyState::Signing, Some(new.created));
                store.add_unless_there(&new).await?;
            }
        }
        let keys = Self::default();
        keys.read(store, keyring, system).await?;
        Ok(keys)
    }

    /// Reads again what this or another process changed in the table. Where that fails, all stays
    /// as it was.
    pub(super) async fn read(
        &self,
        store: &dyn store::SigningKeys,
        keyring: &Keyring,
        system: &System,
    ) -> Result<(), KeysError> {
        let subkeys = keyring.subkeys(SEALS);
        let mut all = Vec::new();
        for stored in store.living().await? {
            all.extend(open(store, stored, &subkeys, system).await?.map(Arc::new));
        }
        self.all.store(Arc::new(all));
        Ok(())
    }

    /// The public halves as a JWK set (RFC 7517 §5): all, or those that one use and algorithm has.
    pub fn published(&self, of: Option<(Usage, Algorithm)>) -> Bytes {
        let fits = |key: &&Arc<Key>| of.is_none_or(|of| of == (key.usage, key.algorithm));
        let keys = self.all.load().iter().filter(fits).map(|key| key.public.clone()).collect();
        Bytes::from(serde_json::to_vec(&JwkSet { keys }).unwrap_or_default())
    }

    /// Signs `claims` with the key that signs now for this use and algorithm. `typ`: the header's,
    /// which keeps what was signed for one purpose from being taken for another (RFC 8725 §3.11).
    pub(super) fn sign(
        &self,
        (usage, algorithm): (Usage, Algorithm),
        typ: &str,
        claims: &impl Serialize,
    ) -> Result<String, Unsigned> {
        let all = self.all.load();
        let fits = |key: &&Arc<Key>| key.signs && key.usage == usage && key.algorithm == algorithm;
        let key = all.iter().find(fits).ok_or(Unsigned::NoKey(algorithm.as_str()))?;
        Ok(jsonwebtoken::encode(&key.header(typ), claims, &key.encoding)?)
    }

    /// The key of that name, whether it still signs or not, unless it is for another use.
    pub(super) fn verifying(&self, usage: Usage, kid: &str) -> Option<Arc<Key>> {
        let all = self.all.load();
        all.iter().find(|key| key.usage == usage && key.kid == kid).map(Arc::clone)
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all.load().iter().map(|key| &key.kid)).finish()
    }
}

fn signs(stored: &[StoredKey], usage: Usage, algorithm: Algorithm) -> bool {
    stored.iter().any(|key| {
        key.state == KeyState::Signing
            && key.usage == usage.as_str()
            && key.algorithm == algorithm.as_str()
    })
}

/// A new key, published and the next to sign. Not written anywhere yet.
pub(super) fn make(
    usage: Usage,
    algorithm: Algorithm,
    keyring: &Keyring,
    system: &System,
) -> Result<StoredKey, KeysError> {
    let subkey = &keyring.subkeys(SEALS)[0];
    let not_made = || KeysError::NotMade { algorithm: algorithm.as_str() };
    let pkcs8 = algorithm.generate().map_err(|_| not_made())?;
    let public = public(algorithm, &algorithm.encoding(&pkcs8)).ok_or_else(not_made)?;
    let mut key = StoredKey {
        // Follows from the key (RFC 7638), so that no two keys share one.
        kid: public.common.key_id.unwrap_or_default(),
        usage: usage.as_str().to_owned(),
        algorithm: algorithm.as_str().to_owned(),
        state: KeyState::Published,
        sealed: Vec::new(),
        sealed_by: subkey.id(),
        created: system.now(),
        signed_from: None,
        signed_until: None,
    };
    key.sealed = seal(&key, &pkcs8, subkey, system);
    Ok(key)
}

/// The public half, with what its readers ask of it (RFC 7517 §4).
fn public(algorithm: Algorithm, encoding: &EncodingKey) -> Option<Jwk> {
    let mut public = Jwk::from_encoding_key(encoding, algorithm.jwt()).ok()?;
    public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256).ok()?);
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    Some(public)
}

/// What stands before a key where it is sealed: who can write to the table and no more cannot
/// give a key another name, use or algorithm.
fn label(key: &StoredKey) -> String {
    format!("{} {} {}\n", key.usage, key.algorithm, key.kid)
}

fn seal(key: &StoredKey, pkcs8: &[u8], subkey: &Subkey, system: &System) -> Vec<u8> {
    let plain = zeroize::Zeroizing::new([label(key).as_bytes(), pkcs8].concat());
    subkey.seal(system.random(), &plain)
}

/// A key of the table; `None`: for a use or algorithm that only a newer version knows.
async fn open(
    store: &dyn store::SigningKeys,
    stored: StoredKey,
    subkeys: &[Subkey],
    system: &System,
) -> Result<Option<Key>, KeysError> {
    let (Some(usage), Some(algorithm)) =
        (Usage::parse(&stored.usage), Algorithm::parse(&stored.algorithm))
    else {
        return Ok(None);
    };
    let kid = || stored.kid.clone();
    let opens = |subkey: &&Subkey| subkey.id() == stored.sealed_by;
    let subkey = subkeys.iter().find(opens).ok_or_else(|| KeysError::OtherSecret { kid: kid() })?;
    let plain = subkey.open(&stored.sealed).map_err(|_| KeysError::Damaged { kid: kid() })?;
    let plain = zeroize::Zeroizing::new(plain);
    let damaged = || KeysError::Damaged { kid: kid() };
    let pkcs8 = plain.strip_prefix(label(&stored).as_bytes()).ok_or_else(damaged)?;
    let encoding = algorithm.encoding(pkcs8);
    let public = public(algorithm, &encoding).ok_or_else(damaged)?;
    let decoding = DecodingKey::from_jwk(&public).map_err(|_| damaged())?;
    if subkey.id() != subkeys[0].id() {
        // So that the older secret can be taken away one day.
        let mut newer = StoredKey { sealed_by: subkeys[0].id(), ..stored.clone() };
        newer.sealed = seal(&newer, pkcs8, &subkeys[0], system);
        store.reseal(&newer, stored.sealed_by).await?;
    }
    let signs = stored.state == KeyState::Signing;
    Ok(Some(Key { kid: stored.kid, usage, algorithm, signs, encoding, decoding, public }))
}
