//! Signed tokens (RFC 7519) for the proxies that verify one per request.
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

pub(crate) const HS256_KEY: &str = "a-key-of-thirty-two-characters-x";

/// The claims: those that an app receives.
fn unsigned(algorithm: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#);
    let claims = format!(
        r#"{{"sub":"sms|0123456789abcdef01234567","phone_number":"+12025550123","groups":"staff","exp":{}}}"#,
        now + 86_400
    );
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

pub(crate) fn hs256() -> String {
    let text = unsigned("HS256");
    let key = hmac::Key::new(hmac::HMAC_SHA256, HS256_KEY.as_bytes());
    let signature = hmac::sign(&key, text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Writes the public key to `public`, in PEM.
pub(crate) fn rs256(public: &Path) -> String {
    let text = unsigned("RS256");
    let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: PublicKeyX509Der<'_> = key.public_key().as_der().expect("a public key");
    let encoded = STANDARD.encode(der.as_ref());
    let lines: Vec<&str> =
        (0..encoded.len()).step_by(64).map(|at| &encoded[at..encoded.len().min(at + 64)]).collect();
    let pem =
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
    std::fs::write(public, pem).expect("the public key");
    let mut signature = vec![0; key.public_modulus_len()];
    let random = rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).expect("a signature");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}
