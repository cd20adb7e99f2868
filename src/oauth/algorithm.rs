use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::EncodingKey;
use zeroize::Zeroizing;

/// How something is signed (RFC 7518 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA with P-256: short, and quick to make.
    Es256,
    /// RSA with 2,048 bits: for apps that take nothing else.
    Rs256,
}

struct Row {
    algorithm: Algorithm,
    name: &'static str,
    jwt: jsonwebtoken::Algorithm,
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
        generate: || {
            let der: Pkcs8V1Der<'_> = KeyPair::generate(KeySize::Rsa2048)?.as_der()?;
            Ok(Zeroizing::new(der.as_ref().to_vec()))
        },
        // The library takes PKCS #1 alone, which is what stands in PKCS #8.
        encoding: |pkcs8| EncodingKey::from_rsa_der(pkcs8.get(RSA_IN_PKCS8..).unwrap_or_default()),
    },
];

impl Algorithm {
    fn row(self) -> &'static Row {
        // Both have one; the first is as good as any where the compiler cannot see it.
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
}
