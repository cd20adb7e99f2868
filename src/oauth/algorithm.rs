use aws_lc_rs::digest::{Algorithm as Hash, SHA256, SHA512, digest};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use zeroize::Zeroizing;

/// How something is signed (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA with P-256: short, and quick to make.
    Es256,
    /// RSA with 2,048 bits: for apps that take nothing else.
    Rs256,
    /// `EdDSA` with Ed25519: short, and quick to sign.
    EdDsa,
}

struct Row {
    algorithm: Algorithm,
    name: &'static str,
    jwt: jsonwebtoken::Algorithm,
    /// What it hashes with, and so what `at_hash` is made with.
    hash: &'static Hash,
    /// Makes a private key. By the library's own generator of chance: it takes no other, for keys
    /// as for the chance in each signature.
    generate: fn() -> Result<Zeroizing<Vec<u8>>, Unspecified>,
    encoding: fn(&[u8]) -> EncodingKey,
}

/// Where the key itself begins in a PKCS #8 document (RFC 5208 §5) of an RSA key of 2,048 bits:
/// behind two lengths of two bytes each, a version and the name of the algorithm.
const RSA_IN_PKCS8: usize = 26;

const ROWS: &[Row] = &[
    Row {
        algorithm: Algorithm::Es256,
        name: "ES256",
        jwt: jsonwebtoken::Algorithm::ES256,
        hash: &SHA256,
        generate: || {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
            Ok(Zeroizing::new(pair.to_pkcs8v1()?.as_ref().to_vec()))
        },
        encoding: EncodingKey::from_ec_der,
    },
    Row {
        algorithm: Algorithm::Rs256,
        name: "RS256",
        jwt: jsonwebtoken::Algorithm::RS256,
        hash: &SHA256,
        generate: || {
            let der: Pkcs8V1Der<'_> = KeyPair::generate(KeySize::Rsa2048)?.as_der()?;
            Ok(Zeroizing::new(der.as_ref().to_vec()))
        },
        // The library takes PKCS #1 alone, which is what stands in PKCS #8.
        encoding: |pkcs8| EncodingKey::from_rsa_der(pkcs8.get(RSA_IN_PKCS8..).unwrap_or_default()),
    },
    Row {
        algorithm: Algorithm::EdDsa,
        name: "EdDSA",
        jwt: jsonwebtoken::Algorithm::EdDSA,
        hash: &SHA512,
        // Version 1 of PKCS #8, which holds the private half alone: the library tells the curve by
        // the document's length.
        generate: || {
            let der: Pkcs8V1Der<'_> = Ed25519KeyPair::generate()?.as_der()?;
            Ok(Zeroizing::new(der.as_ref().to_vec()))
        },
        encoding: EncodingKey::from_ed_der,
    },
];

impl Algorithm {
    fn row(self) -> &'static Row {
        // Each has one; the first is as good as any where the compiler cannot see it.
        ROWS.iter().find(|row| row.algorithm == self).unwrap_or(&ROWS[0])
    }

    pub fn parse(name: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.name == name).map(|row| row.algorithm)
    }

    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    pub(super) fn jwt(self) -> jsonwebtoken::Algorithm {
        self.row().jwt
    }

    /// A new private key, in PKCS #8.
    pub(super) fn generate(self) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        (self.row().generate)()
    }

    pub(super) fn encoding(self, pkcs8: &[u8]) -> EncodingKey {
        (self.row().encoding)(pkcs8)
    }

    /// The left half of the hash of `text`, as an ID token names the access token that was given
    /// with it (OpenID Connect Core 1.0 §3.1.3.6).
    pub(super) fn half_hash(self, text: &str) -> String {
        let hash = digest(self.row().hash, text.as_bytes());
        let half = hash.as_ref().len() / 2;
        URL_SAFE_NO_PAD.encode(&hash.as_ref()[..half])
    }
}
