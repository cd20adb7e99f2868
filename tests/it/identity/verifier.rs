//! An app that believes nobody: it asks for the keys and checks what it is told.
use std::collections::HashSet;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde_json::Value;

pub(super) struct Verifier {
    pub(super) keys: JwkSet,
    pub(super) algorithm: Algorithm,
    pub(super) issuer: String,
    pub(super) audience: String,
}

impl Verifier {
    /// `keys` is a JWK set, as it was served.
    pub(super) fn new(keys: &str, issuer: &str, audience: &str) -> Self {
        Self {
            keys: serde_json::from_str(keys).expect("a JWK set"),
            algorithm: Algorithm::ES256,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
        }
    }

    /// The header and the claims of an assertion that is good at `now`, in seconds since 1970.
    pub(super) fn read(&self, assertion: &str, now: i64) -> Result<(Header, Value), String> {
        let header = decode_header(assertion).map_err(|why| why.to_string())?;
        let kid = header.kid.as_deref().ok_or("no kid")?;
        let key = self.keys.find(kid).ok_or("a key that is not published")?;
        let key = DecodingKey::from_jwk(key).map_err(|why| why.to_string())?;
        let mut rules = Validation::new(self.algorithm);
        rules.set_audience(&[&self.audience]);
        rules.set_issuer(&[&self.issuer]);
        rules.required_spec_claims = HashSet::from(["exp", "iss", "aud", "sub"].map(str::to_owned));
        // The library would ask the machine's clock; the stories have one of their own.
        rules.validate_exp = false;
        let claims: Value = decode(assertion, &key, &rules).map_err(|why| why.to_string())?.claims;
        let at = |claim: &str| claims[claim].as_i64().ok_or("no time");
        if at("exp")? <= now || at("iat")? > now {
            return Err("not good at this time".to_owned());
        }
        Ok((header, claims))
    }
}
