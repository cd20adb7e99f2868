use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{DecodingKey, EncodingKey, Header};
use serde::Serialize;
use zeroize::Zeroizing;

use super::Algorithm;
use crate::domain::{KeyId, Keyring, Subkey};
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

    /// Whether who reads what keys of this use signed takes every algorithm in the key set. Apps
    /// that read assertions name the one that they take.
    pub(super) fn takes_any_algorithm(self) -> bool {
        self == Self::Token
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

    /// Signs `claims`. `typ`: the header's, which keeps what was signed for one purpose from being
    /// taken for another (RFC 8725 §3.11).
    pub(super) fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, Unsigned> {
        Ok(jsonwebtoken::encode(&self.header(typ), claims, &self.encoding)?)
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

impl SigningKeys {
    /// Reads the keys, then makes those that are `wanted` and not there. Nodes that start at once
    /// come to have the same: all read again what only one of them wrote.
    pub async fn open(
        store: &dyn store::SigningKeys,
        keyring: &Keyring,
        wanted: &[(Usage, Algorithm)],
        system: &System,
    ) -> Result<Self, KeysError> {
        let keys = Self::default();
        let stored = keys.read(store, keyring, system).await?;
        for kind in wanted {
            if let Some(new) = keys.missing(&stored, *kind, keyring, system)? {
                store.add_unless_there(&new).await?;
            }
        }
        keys.read(store, keyring, system).await?;
        Ok(keys)
    }

    /// A key for a use and algorithm that has none. Where another signs meanwhile it is the next,
    /// so that everybody knows it before it signs; else it signs at once.
    pub(super) fn missing(
        &self,
        stored: &[StoredKey],
        kind: (Usage, Algorithm),
        keyring: &Keyring,
        system: &System,
    ) -> Result<Option<StoredKey>, KeysError> {
        let signing = self.signing(kind).ok();
        let has_next = || stored.iter().any(|key| key.is_next() && is_of(key, kind));
        if signing.as_ref().is_some_and(|key| key.algorithm == kind.1 || has_next()) {
            return Ok(None);
        }
        let mut new = make(kind, keyring, system)?;
        if signing.is_none() {
            (new.state, new.signed_from) = (KeyState::Signing, Some(new.created));
        }
        Ok(Some(new))
    }

    /// Reads again what this or another process changed in the table, and gives it. Where that
    /// fails, all stays as it was.
    pub(super) async fn read(
        &self,
        store: &dyn store::SigningKeys,
        keyring: &Keyring,
        system: &System,
    ) -> Result<Vec<StoredKey>, KeysError> {
        let stored = store.living().await?;
        let opened = open_all(&stored, keyring)?;
        for Opened { stored, pkcs8, sealed_by_older, .. } in &opened {
            if *sealed_by_older {
                // So that the older secret can be taken away one day.
                let newer = sealed(stored, pkcs8, keyring, system);
                store.reseal(&newer, stored.sealed_by).await?;
            }
        }
        self.all.store(Arc::new(opened.into_iter().map(|opened| Arc::new(opened.key)).collect()));
        Ok(stored)
    }

    /// The public halves as a JWK set (RFC 7517 §5): all, or those that one use and algorithm has.
    pub fn published(&self, of: Option<(Usage, Algorithm)>) -> Bytes {
        let fits = |key: &&Arc<Key>| of.is_none_or(|of| of == (key.usage, key.algorithm));
        let keys = self.all.load().iter().filter(fits).map(|key| key.public.clone()).collect();
        Bytes::from(serde_json::to_vec(&JwkSet { keys }).unwrap_or_default())
    }

    /// The key that signs now for this use and algorithm. While its first is published and does not
    /// sign yet, that of another algorithm, where readers take any.
    pub(super) fn signing(
        &self,
        (usage, algorithm): (Usage, Algorithm),
    ) -> Result<Arc<Key>, Unsigned> {
        let all = self.all.load();
        let mut signing = all.iter().filter(|key| key.signs && key.usage == usage);
        let own = signing.clone().find(|key| key.algorithm == algorithm);
        let found = own.or_else(|| signing.next().filter(|_| usage.takes_any_algorithm()));
        found.map(Arc::clone).ok_or(Unsigned::NoKey(algorithm.as_str()))
    }

    /// The algorithms of published keys that sign tokens, `wanted` first.
    pub fn token_algorithms(&self, wanted: Algorithm) -> Vec<Algorithm> {
        let mut algorithms = vec![wanted];
        for key in self.all.load().iter().filter(|key| key.usage == Usage::Token) {
            if !algorithms.contains(&key.algorithm) {
                algorithms.push(key.algorithm);
            }
        }
        algorithms
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

/// Whether a key has this use and algorithm.
pub(super) fn is_of(key: &StoredKey, (usage, algorithm): (Usage, Algorithm)) -> bool {
    key.usage == usage.as_str() && key.algorithm == algorithm.as_str()
}

/// A new key, published and the next to sign. Not written anywhere yet.
pub(super) fn make(
    (usage, algorithm): (Usage, Algorithm),
    keyring: &Keyring,
    system: &System,
) -> Result<StoredKey, KeysError> {
    let not_made = || KeysError::NotMade { algorithm: algorithm.as_str() };
    let pkcs8 = algorithm.generate().map_err(|_| not_made())?;
    let public = public(algorithm, &algorithm.encoding(&pkcs8)).ok_or_else(not_made)?;
    let created = system.now();
    let key = StoredKey {
        // Follows from the key (RFC 7638), so that no two keys share one.
        kid: public.common.key_id.unwrap_or_default(),
        usage: usage.as_str().to_owned(),
        algorithm: algorithm.as_str().to_owned(),
        state: KeyState::Published,
        sealed: Vec::new(),
        sealed_by: KeyId(0),
        created,
        signed_from: None,
        signed_until: None,
        wanted: created,
        longest: Duration::ZERO,
    };
    Ok(sealed(&key, &pkcs8, keyring, system))
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

/// `key` with what it holds encrypted under the newest secret.
fn sealed(key: &StoredKey, pkcs8: &[u8], keyring: &Keyring, system: &System) -> StoredKey {
    let subkey = &keyring.subkeys(SEALS)[0];
    let plain = Zeroizing::new([label(key).as_bytes(), pkcs8].concat());
    let sealed = subkey.seal(system.random(), &plain);
    StoredKey { sealed, sealed_by: subkey.id(), ..key.clone() }
}

/// A key of the table that could be read.
pub(super) struct Opened<'s> {
    stored: &'s StoredKey,
    key: Key,
    pkcs8: Zeroizing<Vec<u8>>,
    sealed_by_older: bool,
}

/// Opens the keys of the table, all or none, and writes nothing: who has another secret than those
/// who made them must change nothing. Left out are those for a use or algorithm that only a newer
/// version knows.
pub(super) fn open_all<'s>(
    stored: &'s [StoredKey],
    keyring: &Keyring,
) -> Result<Vec<Opened<'s>>, KeysError> {
    let subkeys = keyring.subkeys(SEALS);
    let known = |key: &StoredKey| Usage::parse(&key.usage).zip(Algorithm::parse(&key.algorithm));
    let kinds = stored.iter().filter_map(|key| Some((key, known(key)?)));
    kinds.map(|(key, kind)| open(key, kind, &subkeys)).collect()
}

fn open<'s>(
    stored: &'s StoredKey,
    (usage, algorithm): (Usage, Algorithm),
    subkeys: &[Subkey],
) -> Result<Opened<'s>, KeysError> {
    let kid = || stored.kid.clone();
    let opens = |subkey: &&Subkey| subkey.id() == stored.sealed_by;
    let subkey = subkeys.iter().find(opens).ok_or_else(|| KeysError::OtherSecret { kid: kid() })?;
    let damaged = || KeysError::Damaged { kid: kid() };
    let plain = Zeroizing::new(subkey.open(&stored.sealed).map_err(|_| damaged())?);
    let pkcs8 = plain.strip_prefix(label(stored).as_bytes()).ok_or_else(damaged)?;
    let encoding = algorithm.encoding(pkcs8);
    let public = public(algorithm, &encoding).ok_or_else(damaged)?;
    let decoding = DecodingKey::from_jwk(&public).map_err(|_| damaged())?;
    let signs = stored.state == KeyState::Signing;
    let pkcs8 = Zeroizing::new(pkcs8.to_vec());
    let key = Key { kid: kid(), usage, algorithm, signs, encoding, decoding, public };
    Ok(Opened { stored, key, pkcs8, sealed_by_older: subkey.id() != subkeys[0].id() })
}
