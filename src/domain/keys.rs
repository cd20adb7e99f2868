use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest as sha, hkdf, hmac};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// SHA-256. Digests that are stored or compared have types of their own, such as
/// [`super::TokenDigest`].
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(sha::digest(&sha::SHA256, bytes).as_ref());
    out
}

/// Identifies the server secret that something was made with; stored beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyId(pub u32);

/// One value of `server.secret`: at least 32 bytes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ServerSecret(Vec<u8>);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("has fewer than 32 characters; make one with `openssl rand -base64 32`")]
pub struct WeakSecret;

impl ServerSecret {
    /// # Errors
    ///
    /// [`WeakSecret`] if `text`, without white space around it, has fewer than 32 bytes.
    pub fn new(text: &str) -> Result<Self, WeakSecret> {
        let bytes = text.trim().as_bytes();
        (bytes.len() >= 32).then(|| Self(bytes.to_vec())).ok_or(WeakSecret)
    }

    fn expand(&self, label: &str) -> [u8; 32] {
        let mut out = [0; 32];
        // RFC 5869: the salt is the product's name, `info` the label of the use.
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"doorcode");
        let key = salt.extract(&self.0);
        let filled =
            key.expand(&[label.as_bytes()], hkdf::HKDF_SHA256).map(|okm| okm.fill(&mut out));
        debug_assert!(matches!(filled, Ok(Ok(()))), "32 bytes are within HKDF's 255 blocks");
        out
    }
}

impl fmt::Debug for ServerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerSecret(•••)")
    }
}

/// The server secrets. The newest signs and encrypts, all of them verify and decrypt.
#[derive(Clone, Debug)]
pub struct Keyring {
    newest: ServerSecret,
    older: Vec<ServerSecret>,
}

impl Keyring {
    pub fn new(newest: ServerSecret, older: Vec<ServerSecret>) -> Self {
        Self { newest, older }
    }

    /// Whether both have the same secrets in the same order.
    pub fn is_same(&self, other: &Self) -> bool {
        let ids =
            |all: &Self| all.subkeys("same").into_iter().map(|key| key.id).collect::<Vec<_>>();
        ids(self) == ids(other)
    }

    /// The subkeys for one use, newest first; never empty.
    pub fn subkeys(&self, label: &str) -> Vec<Subkey> {
        std::iter::once(&self.newest).chain(&self.older).map(|s| Subkey::new(s, label)).collect()
    }
}

/// A key for one use, derived from a server secret.
#[derive(Clone)]
pub struct Subkey {
    id: KeyId,
    mac: hmac::Key,
    seal: std::sync::Arc<LessSafeKey>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not sealed by this server, or changed since")]
pub struct SealError;

impl Subkey {
    fn new(secret: &ServerSecret, label: &str) -> Self {
        let id = secret.expand("key id");
        let mut mac = secret.expand(&format!("{label} mac"));
        let mut seal = secret.expand(&format!("{label} seal"));
        let sealing = UnboundKey::new(&AES_256_GCM, &seal);
        #[expect(clippy::expect_used, reason = "AES-256 takes every key of 32 bytes")]
        let sealing = LessSafeKey::new(sealing.expect("32 bytes"));
        let key = Self {
            id: KeyId(u32::from_be_bytes([id[0], id[1], id[2], id[3]])),
            mac: hmac::Key::new(hmac::HMAC_SHA256, &mac),
            seal: std::sync::Arc::new(sealing),
        };
        mac.zeroize();
        seal.zeroize();
        key
    }

    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// HMAC-SHA-256 of the parts, each preceded by its length, so that different lists of parts
    /// never have the same input.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.mac);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }

    /// AES-256-GCM; returns nonce, ciphertext and tag. `nonce` must be random.
    pub fn seal(&self, nonce: [u8; NONCE_LEN], plain: &[u8]) -> Vec<u8> {
        self.seal_for(&[], nonce, plain)
    }

    /// The same, bound to a context (additional authenticated data): it opens nowhere else.
    pub fn seal_for(&self, context: &[u8], nonce: [u8; NONCE_LEN], plain: &[u8]) -> Vec<u8> {
        let mut body = plain.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        let sealed = self.seal.seal_in_place_append_tag(unique, Aad::from(context), &mut body);
        debug_assert!(sealed.is_ok(), "AES-GCM fails only beyond 64 GiB");
        let mut out = nonce.to_vec();
        out.append(&mut body);
        out
    }

    /// Decrypts what [`Self::seal`] returned.
    ///
    /// # Errors
    ///
    /// [`SealError`] if it was sealed with another key, or modified.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        self.open_for(&[], sealed)
    }

    /// Decrypts what [`Self::seal_for`] returned.
    ///
    /// # Errors
    ///
    /// [`SealError`] if it was sealed with another key or for another context, or modified.
    pub fn open_for(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let mut body = ciphertext.to_vec();
        let plain = self.seal.open_in_place(nonce, Aad::from(context), &mut body);
        Ok(plain.map_err(|_| SealError)?.to_vec())
    }
}

impl fmt::Debug for Subkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subkey({:08x})", self.id.0)
    }
}
