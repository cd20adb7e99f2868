use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{DecodingKey, EncodingKey, Header};
use serde::Serialize;
use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use super::certificate::KeyCertificate;
use crate::domain::{KeyId, Keyring, Subkey};
use crate::store::{self, KeyState, StoreError, StoredKey};
use crate::system::System;

/// Label of the subkey that encrypts private keys.
const SEALS: &str = "signing keys";

/// What a key signs; it signs nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUsage {
    /// Assertions, which tell apps behind the gate who is signed in.
    Assertion,
    /// ID and access tokens for clients of the API.
    Token,
}

impl KeyUsage {
    const ALL: [Self; 2] = [Self::Assertion, Self::Token];

    /// As the database and the command line name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assertion => "assertion",
            Self::Token => "token",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|usage| usage.as_str() == text)
    }

    /// Whether verifiers accept every algorithm in the key set. Apps that verify assertions are
    /// configured with one.
    pub(super) fn takes_any_algorithm(self) -> bool {
        self == Self::Token
    }
}

/// Why the signing keys cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("store.database: the signing keys: {0}")]
    Store(#[from] StoreError),
    #[error(
        "server.secret does not open the signing key {kid} in the database, which was stored \
         with another secret. Put that one back, as the second of two if it is being changed. \
         If it is lost, so is every session: begin with a new database"
    )]
    OtherSecret { kid: String },
    #[error("the signing key {kid} in the database is damaged")]
    Damaged { kid: String },
    #[error("no {algorithm} key can be made on this machine")]
    NotMade { algorithm: &'static str },
}

/// Why a token or assertion could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error("there is no {0} key")]
    NoKey(&'static str),
    #[error("{0}")]
    Failed(#[from] jsonwebtoken::errors::Error),
}

/// The issuer's key pairs. Reading them takes no lock and does no I/O.
#[derive(Default)]
pub struct SigningKeys {
    all: ArcSwap<Vec<Arc<SigningKey>>>,
}

pub(super) struct SigningKey {
    kid: String,
    usage: KeyUsage,
    algorithm: Algorithm,
    signs: bool,
    encoding: EncodingKey,
    decoding: DecodingKey,
    public: Jwk,
}

impl SigningKey {
    /// The exact JWS header of everything that the key signs.
    pub(super) fn header(&self, typ: &str) -> Header {
        let mut header = Header::new(self.algorithm.jwt());
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.kid.clone());
        header
    }

    /// Signs `claims`. `typ`: the header's, which prevents that what was signed for one purpose is
    /// taken for another (RFC 8725 §3.11).
    pub(super) fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, SigningError> {
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
    /// Reads the keys, and makes those that are `wanted` and missing. Nodes that start at the same
    /// time end up with the same keys: one insert succeeds, and all read the table again.
    ///
    /// # Errors
    ///
    /// [`KeysError`]; then nothing was written.
    pub async fn open(
        store: &dyn store::SigningKeyStore,
        keyring: &Keyring,
        wanted: &[(KeyUsage, Algorithm)],
        system: &System,
    ) -> Result<Self, KeysError> {
        let keys = Self::default();
        let stored = keys.read(store, keyring, system).await?;
        for kind in wanted {
            if let Some(new) = keys.missing(&stored, *kind, keyring, system)? {
                store.insert_if_absent(&new).await?;
            }
        }
        keys.read(store, keyring, system).await?;
        Ok(keys)
    }

    /// A new key for a use and algorithm that has none. While a key of another algorithm stands in,
    /// the new one is only published, so that verifiers learn it before it signs; else it signs at
    /// once.
    pub(super) fn missing(
        &self,
        stored: &[StoredKey],
        kind: (KeyUsage, Algorithm),
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

    /// Loads the table into this process and returns it. On error the current keys stay in use.
    pub(super) async fn read(
        &self,
        store: &dyn store::SigningKeyStore,
        keyring: &Keyring,
        system: &System,
    ) -> Result<Vec<StoredKey>, KeysError> {
        let stored = store.list_unretired().await?;
        let opened = open_all(&stored, keyring)?;
        for LoadedKey { stored, pkcs8, sealed_by_older, .. } in &opened {
            if *sealed_by_older {
                // So that the older secret can be removed.
                let newer = sealed(stored, pkcs8, keyring, system);
                store.reseal(&newer, stored.sealed_by).await?;
            }
        }
        self.all.store(Arc::new(opened.into_iter().map(|opened| Arc::new(opened.key)).collect()));
        Ok(stored)
    }

    /// The public keys of a use as a JWK set (RFC 7517 §5). The one that signs for this algorithm
    /// comes first, since some verifiers read no other.
    pub fn published(&self, kind: (KeyUsage, Algorithm)) -> Bytes {
        self.key_set(kind, |key| key.usage == kind.0)
    }

    /// The same without the keys of other algorithms, for verifiers that fail on them.
    pub fn published_only(&self, kind: (KeyUsage, Algorithm)) -> Bytes {
        self.key_set(kind, |key| (key.usage, key.algorithm) == kind)
    }

    fn key_set(&self, first: (KeyUsage, Algorithm), shows: impl Fn(&SigningKey) -> bool) -> Bytes {
        let signing = self.signing(first).ok();
        let is_later = |key: &&Arc<SigningKey>| {
            (signing.as_ref().is_none_or(|first| first.kid != key.kid), !key.signs)
        };
        let all = self.all.load();
        let mut keys: Vec<_> = all.iter().filter(|key| shows(key)).collect();
        keys.sort_by_key(is_later);
        let keys = keys.into_iter().map(|key| key.public.clone()).collect();
        Bytes::from(serde_json::to_vec(&JwkSet { keys }).unwrap_or_default())
    }

    /// The key that signs now for this use and algorithm. Until the first of that algorithm signs,
    /// one of another algorithm stands in, where verifiers accept any.
    pub(super) fn signing(
        &self,
        (usage, algorithm): (KeyUsage, Algorithm),
    ) -> Result<Arc<SigningKey>, SigningError> {
        let all = self.all.load();
        let mut signing = all.iter().filter(|key| key.signs && key.usage == usage);
        let own = signing.clone().find(|key| key.algorithm == algorithm);
        let found = own.or_else(|| signing.next().filter(|_| usage.takes_any_algorithm()));
        found.map(Arc::clone).ok_or(SigningError::NoKey(algorithm.as_str()))
    }

    /// The algorithms of all published token keys, `wanted` first.
    pub fn token_algorithms(&self, wanted: Algorithm) -> Vec<Algorithm> {
        let mut algorithms = vec![wanted];
        for key in self.all.load().iter().filter(|key| key.usage == KeyUsage::Token) {
            if !algorithms.contains(&key.algorithm) {
                algorithms.push(key.algorithm);
            }
        }
        algorithms
    }

    /// The published key with that `kid`, signing or not, if it is for this use.
    pub(super) fn verifying(&self, usage: KeyUsage, kid: &str) -> Option<Arc<SigningKey>> {
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
pub(super) fn is_of(key: &StoredKey, (usage, algorithm): (KeyUsage, Algorithm)) -> bool {
    key.usage == usage.as_str() && key.algorithm == algorithm.as_str()
}

/// A new key in the state `Published`, next to sign. Not stored yet.
pub(super) fn make(
    (usage, algorithm): (KeyUsage, Algorithm),
    keyring: &Keyring,
    system: &System,
) -> Result<StoredKey, KeysError> {
    let not_made = || KeysError::NotMade { algorithm: algorithm.as_str() };
    let pkcs8 = algorithm.generate().map_err(|_| not_made())?;
    let public = public(algorithm, &algorithm.encoding(&pkcs8)).ok_or_else(not_made)?;
    let created = system.now();
    let key = StoredKey {
        // The thumbprint (RFC 7638), unique to the key.
        kid: public.common.key_id.unwrap_or_default(),
        usage: usage.as_str().to_owned(),
        algorithm: algorithm.as_str().to_owned(),
        state: KeyState::Published,
        sealed: Vec::new(),
        sealed_by: KeyId(0),
        created,
        signed_from: None,
        signed_until: None,
        last_used: created,
        longest_lifetime: Duration::ZERO,
    };
    Ok(sealed(&key, &pkcs8, keyring, system))
}

/// The public key as a JWK with `kid` and `use` (RFC 7517 §4).
fn public(algorithm: Algorithm, encoding: &EncodingKey) -> Option<Jwk> {
    let mut public = Jwk::from_encoding_key(encoding, algorithm.jwt()).ok()?;
    public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256).ok()?);
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    Some(public)
}

/// Prefix of the plain text of a sealed key. It binds the key to its name, use and algorithm, so
/// that write access to the table alone cannot change them.
fn label(key: &StoredKey) -> String {
    format!("{} {} {}\n", key.usage, key.algorithm, key.kid)
}

/// `key` with its private key encrypted under the newest secret.
fn sealed(key: &StoredKey, pkcs8: &[u8], keyring: &Keyring, system: &System) -> StoredKey {
    let subkey = &keyring.subkeys(SEALS)[0];
    let plain = Zeroizing::new([label(key).as_bytes(), pkcs8].concat());
    let sealed = subkey.seal(system.random(), &plain);
    StoredKey { sealed, sealed_by: subkey.id(), ..key.clone() }
}

/// A stored key that was decrypted.
pub(super) struct LoadedKey<'s> {
    stored: &'s StoredKey,
    key: SigningKey,
    pkcs8: Zeroizing<Vec<u8>>,
    sealed_by_older: bool,
}

/// Whether all keys of a table can be decrypted.
///
/// # Errors
///
/// As [`SigningKeys::open`], of which this is the part that writes nothing.
pub fn check_keys(stored: &[StoredKey], keyring: &Keyring) -> Result<(), KeysError> {
    open_all(stored, keyring).map(drop)
}

/// Decrypts all keys of the table, or none, and writes nothing: a process with another secret must
/// not change them. Keys of a use or algorithm that only a newer version knows are skipped.
pub(super) fn open_all<'s>(
    stored: &'s [StoredKey],
    keyring: &Keyring,
) -> Result<Vec<LoadedKey<'s>>, KeysError> {
    let subkeys = keyring.subkeys(SEALS);
    let known = |key: &StoredKey| KeyUsage::parse(&key.usage).zip(Algorithm::parse(&key.algorithm));
    let kinds = stored.iter().filter_map(|key| Some((key, known(key)?)));
    kinds.map(|(key, kind)| open(key, kind, &subkeys)).collect()
}

fn open<'s>(
    stored: &'s StoredKey,
    (usage, algorithm): (KeyUsage, Algorithm),
    subkeys: &[Subkey],
) -> Result<LoadedKey<'s>, KeysError> {
    let kid = || stored.kid.clone();
    let opens = |subkey: &&Subkey| subkey.id() == stored.sealed_by;
    let subkey = subkeys.iter().find(opens).ok_or_else(|| KeysError::OtherSecret { kid: kid() })?;
    let damaged = || KeysError::Damaged { kid: kid() };
    let plain = Zeroizing::new(subkey.open(&stored.sealed).map_err(|_| damaged())?);
    let pkcs8 = plain.strip_prefix(label(stored).as_bytes()).ok_or_else(damaged)?;
    let encoding = algorithm.encoding(pkcs8);
    let mut public = public(algorithm, &encoding).ok_or_else(damaged)?;
    if algorithm == Algorithm::Rs256 {
        let certificate = KeyCertificate::of_rsa(pkcs8, &stored.kid, stored.created);
        certificate.map_err(|_| damaged())?.describe(&mut public.common);
    }
    let decoding = DecodingKey::from_jwk(&public).map_err(|_| damaged())?;
    let signs = stored.state == KeyState::Signing;
    let pkcs8 = Zeroizing::new(pkcs8.to_vec());
    let key = SigningKey { kid: kid(), usage, algorithm, signs, encoding, decoding, public };
    Ok(LoadedKey { stored, key, pkcs8, sealed_by_older: subkey.id() != subkeys[0].id() })
}
