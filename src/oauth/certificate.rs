use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::CommonParameters;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyUsagePurpose, PKCS_RSA_SHA256, PublicKeyData,
    SerialNumber, SignatureAlgorithm, SigningKey, date_time_ymd,
};

use crate::system::Timestamp;

/// The bytes of a serial number (RFC 5280 §4.1.2.2 allows 20).
const SERIAL_LENGTH: usize = 16;

/// The certificate of a public RSA key, signed with the key itself: some libraries take a key from
/// nothing but its certificate. It says nothing that the key set does not, and follows from the key
/// alone (PKCS #1 v1.5 signatures are deterministic), so that every server publishes the same one.
pub(super) struct KeyCertificate {
    der: Vec<u8>,
}

impl KeyCertificate {
    /// `pkcs8`: the private key. `kid`: the subject. `created`: valid from that day on, without an
    /// end: the key set says how long the key is good.
    ///
    /// # Errors
    ///
    /// It is no RSA key in PKCS #8.
    pub(super) fn of_rsa(
        pkcs8: &[u8],
        kid: &str,
        created: Timestamp,
    ) -> Result<Self, rcgen::Error> {
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
        let pair = Signer(pair);
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, kid);
        params.serial_number = Some(serial_number(kid));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let (year, month, day) = date(created);
        params.not_before = date_time_ymd(year, month, day);
        params.not_after = date_time_ymd(9999, 12, 31);
        Ok(Self { der: params.self_signed(&pair)?.der().to_vec() })
    }

    /// Writes `x5c`, `x5t` and `x5t#S256` (RFC 7517 §4.7 to §4.9).
    pub(super) fn describe(&self, jwk: &mut CommonParameters) {
        let hash = |by| URL_SAFE_NO_PAD.encode(digest(by, &self.der));
        jwk.x509_chain = Some(vec![STANDARD.encode(&self.der)]);
        jwk.x509_sha1_fingerprint = Some(hash(&SHA1_FOR_LEGACY_USE_ONLY));
        jwk.x509_sha256_fingerprint = Some(hash(&SHA256));
    }
}

fn serial_number(kid: &str) -> SerialNumber {
    let hash = digest(&SHA256, kid.as_bytes());
    SerialNumber::from_slice(&hash.as_ref()[..SERIAL_LENGTH])
}

/// The date in UTC.
fn date(at: Timestamp) -> (i32, u8, u8) {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
    (date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
}

/// Signs with a key that stays in aws-lc, which wipes it.
struct Signer(RsaKeyPair);

impl PublicKeyData for Signer {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for Signer {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature)
    }
}
