use aws_lc_rs::digest::{Algorithm as Hash, SHA256, SHA512, digest};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use zeroize::Zeroizing;

/// A JWS algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA with P-256: short signatures, fast to make.
    Es256,
    /// RSA with 2,048 bits: for apps that accept nothing else.
    Rs256,
    /// `EdDSA` with Ed25519: short signatures, fast to make.
    EdDsa,
}

/// What algorithms differ in.
struct AlgorithmDef {
    /// As the header's `alg` names it.
    name: &'static str,
    jwt: jsonwebtoken::Algorithm,
    /// The hash of the algorithm, which `at_hash` is made with as well.
    hash: &'static Hash,
    /// Makes a private key in PKCS #8, with the library's own random numbers: it takes no other,
    /// neither for keys nor for signatures.
    generate: fn() -> Result<Zeroizing<Vec<u8>>, Unspecified>,
    encoding: fn(&[u8]) -> EncodingKey,
}

/// The offset of the PKCS #1 key in a PKCS #8 document (RFC 5208 §5) of an RSA key of 2,048 bits:
/// two lengths of two bytes each, a version and the name of the algorithm precede it.
const RSA_IN_PKCS8: usize = 26;

static ES256: AlgorithmDef = AlgorithmDef {
    name: "ES256",
    jwt: jsonwebtoken::Algorithm::ES256,
    hash: &SHA256,
    generate: || {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        Ok(Zeroizing::new(pair.to_pkcs8v1()?.as_ref().to_vec()))
    },
    encoding: EncodingKey::from_ec_der,
};

static RS256: AlgorithmDef = AlgorithmDef {
    name: "RS256",
    jwt: jsonwebtoken::Algorithm::RS256,
    hash: &SHA256,
    generate: || {
        let der: Pkcs8V1Der<'_> = KeyPair::generate(KeySize::Rsa2048)?.as_der()?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    },
    // The library reads PKCS #1 only.
    encoding: |pkcs8| EncodingKey::from_rsa_der(pkcs8.get(RSA_IN_PKCS8..).unwrap_or_default()),
};

static EDDSA: AlgorithmDef = AlgorithmDef {
    name: "EdDSA",
    jwt: jsonwebtoken::Algorithm::EdDSA,
    hash: &SHA512,
    // Version 1 of PKCS #8, which holds the private half alone: the library recognises the curve
    // by the document's length.
    generate: || {
        let der: Pkcs8V1Der<'_> = Ed25519KeyPair::generate()?.as_der()?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    },
    encoding: EncodingKey::from_ed_der,
};

impl Algorithm {
    const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    fn definition(self) -> &'static AlgorithmDef {
        match self {
            Self::Es256 => &ES256,
            Self::Rs256 => &RS256,
            Self::EdDsa => &EDDSA,
        }
    }

    /// Reads the name that `alg` has in a header or key set.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    pub fn as_str(self) -> &'static str {
        self.definition().name
    }

    pub(super) fn jwt(self) -> jsonwebtoken::Algorithm {
        self.definition().jwt
    }

    /// A new private key, in PKCS #8.
    pub(super) fn generate(self) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        (self.definition().generate)()
    }

    /// The signing key of a private key in PKCS #8.
    pub(super) fn encoding(self, pkcs8: &[u8]) -> EncodingKey {
        (self.definition().encoding)(pkcs8)
    }

    /// The left half of the hash of `text` in base64url, as `at_hash` has it (OpenID Connect
    /// Core 1.0 §3.1.3.6).
    pub(super) fn half_hash(self, text: &str) -> String {
        let hash = digest(self.definition().hash, text.as_bytes());
        let half = hash.as_ref().len() / 2;
        URL_SAFE_NO_PAD.encode(&hash.as_ref()[..half])
    }
}
