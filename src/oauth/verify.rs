use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::issuer::Issuer;
use super::keys::{KeyUsage, SigningKey, SigningKeys};
use super::tokens::{AccessClaims, AccessTokenType, ID_TOKEN_TYPE, IdClaims, Subject};
use crate::domain::{ClientId, GrantId, Scope, SessionId, UserId};
use crate::system::Timestamp;

/// The longest token that is decoded, in bytes; none that is signed here is as long.
pub const LONGEST_TOKEN: usize = 8 * 1024;

/// The token in the value of an `Authorization` header, unchecked (RFC 6750 §2.1). The scheme is
/// case-insensitive (RFC 9110 §11.1).
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Why a token was not accepted. For the log; its sender gets no detail.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidToken {
    #[error("has more than {LONGEST_TOKEN} bytes")]
    TooLong,
    #[error("is not a signed JWT with the claims of its type")]
    Malformed,
    #[error("names no signing key of ours")]
    UnknownKey,
    #[error("names another algorithm than its key has")]
    WrongAlgorithm,
    #[error("is another type of token")]
    WrongType,
    #[error("has a header that no token of ours has")]
    StrangeHeader,
    #[error("was not signed with the key that it names")]
    WrongSignature,
    #[error("is of another issuer")]
    WrongIssuer,
    #[error("has expired")]
    Expired,
    #[error("was issued in the future")]
    NotYetValid,
}

/// The claims of an access token whose signature, issuer and expiry were checked. Whether its
/// session and grant are still active is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAccessToken {
    pub subject: Subject,
    pub session: Option<SessionId>,
    /// The grant that it came from; `None`: the client's own.
    pub grant: Option<GrantId>,
    /// The client that it was issued to.
    pub client: ClientId,
    pub audiences: Vec<String>,
    pub scope: Scope,
    /// Not valid from this point in time on.
    pub expires: Timestamp,
}

impl VerifiedAccessToken {
    /// Whether its `aud` has `audience`, byte for byte.
    pub fn is_for(&self, audience: &str) -> bool {
        self.audiences.iter().any(|own| own == audience)
    }
}

/// Verifies an access token (RFC 9068 §4), but for its audience: see [`VerifiedAccessToken::is_for`].
/// No leeway, since issuer and verifier share a clock.
///
/// # Errors
///
/// [`InvalidToken`].
pub fn verify_access_token(
    keys: &SigningKeys,
    issuer: &Issuer,
    text: &str,
    now: Timestamp,
) -> Result<VerifiedAccessToken, InvalidToken> {
    let claims: AccessClaims = read(keys, TokenKind::Access, text, now)?;
    if claims.iss != issuer.to_string() {
        return Err(InvalidToken::WrongIssuer);
    }
    let expires = Timestamp::from_millis(claims.exp.saturating_mul(1000));
    if now >= expires {
        return Err(InvalidToken::Expired);
    }
    let subject = claims.subject().ok_or(InvalidToken::Malformed)?;
    let session = session(claims.sid.as_deref())?;
    let scope = Scope::parse(&claims.scope).map_err(|_| InvalidToken::Malformed)?;
    let client = client(&claims.client_id)?;
    let grant = grant(claims.gid.as_deref())?;
    let audiences = claims.aud.all();
    Ok(VerifiedAccessToken { subject, session, grant, client, audiences, scope, expires })
}

/// Whether `text` is a JWT with the `iss` of `issuer`. Unverified: only tells tokens that are to be
/// judged here from those that are an app's own.
pub fn claims_issuer(issuer: &Issuer, text: &str) -> bool {
    #[derive(Deserialize)]
    struct Claims {
        iss: String,
    }
    let mut parts = text.split('.');
    let (Some(_), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims).ok();
    let claims = claims.and_then(|claims| serde_json::from_slice::<Claims>(&claims).ok());
    claims.is_some_and(|claims| claims.iss == issuer.to_string())
}

/// The claims of an `id_token_hint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdTokenHint {
    /// The client that it was issued to.
    pub client: ClientId,
    pub user: UserId,
    pub session: Option<SessionId>,
    pub expires: Timestamp,
}

/// Verifies an `id_token_hint`: an ID token of ours, expired or not (OpenID Connect RP-Initiated
/// Logout 1.0 §2), as long as its key is published. It names somebody; what it proves besides is the
/// caller's to decide, see [`IdTokenHint::expires`].
///
/// # Errors
///
/// [`InvalidToken`]; [`InvalidToken::UnknownKey`] when the key was retired.
pub fn verify_id_token_hint(
    keys: &SigningKeys,
    issuer: &Issuer,
    text: &str,
    now: Timestamp,
) -> Result<IdTokenHint, InvalidToken> {
    let claims: IdClaims = read(keys, TokenKind::Id, text, now)?;
    if claims.iss != issuer.to_string() {
        return Err(InvalidToken::WrongIssuer);
    }
    let user = UserId::parse(&claims.sub).ok_or(InvalidToken::Malformed)?;
    let session = session(claims.sid.as_deref())?;
    let expires = Timestamp::from_millis(claims.exp.saturating_mul(1000));
    Ok(IdTokenHint { client: client(&claims.aud)?, user, session, expires })
}

fn client(id: &str) -> Result<ClientId, InvalidToken> {
    ClientId::parse(id).map_err(|_| InvalidToken::Malformed)
}

/// Reads `sid`, if there is one.
fn session(sid: Option<&str>) -> Result<Option<SessionId>, InvalidToken> {
    sid.map(|sid| SessionId::parse(sid).ok_or(InvalidToken::Malformed)).transpose()
}

/// Reads `gid`, if there is one.
fn grant(gid: Option<&str>) -> Result<Option<GrantId>, InvalidToken> {
    gid.map(|gid| GrantId::parse(gid).ok_or(InvalidToken::Malformed)).transpose()
}

/// What a token is for. Both kinds are signed with the same keys and may have the same `typ`: their
/// claims tell them apart, so that neither is taken for the other (RFC 8725 §3.11, §3.12).
#[derive(Clone, Copy)]
enum TokenKind {
    Id,
    Access,
}

/// The claims that one kind always has and the other never.
const ACCESS_CLAIMS: [&str; 2] = ["client_id", "jti"];
const ID_CLAIMS: [&str; 1] = ["auth_time"];

impl TokenKind {
    fn may_have_typ(self, typ: Option<&str>) -> bool {
        match self {
            Self::Id => typ == Some(ID_TOKEN_TYPE),
            Self::Access => AccessTokenType::ALL.iter().any(|own| typ == Some(own.typ())),
        }
    }

    fn is_of(self, claims: &Map<String, Value>) -> bool {
        let (own, other) = match self {
            Self::Id => (&ID_CLAIMS[..], &ACCESS_CLAIMS[..]),
            Self::Access => (&ACCESS_CLAIMS[..], &ID_CLAIMS[..]),
        };
        own.iter().all(|name| claims.contains_key(*name))
            && !other.iter().any(|name| claims.contains_key(*name))
    }
}

/// The claims of a token, once its signature is verified. The key decides on the algorithm (RFC
/// 8725 §3.1), never the header: only the exact header that is written here is accepted, so that
/// it cannot name a key of its own either.
fn read<T: DeserializeOwned>(
    keys: &SigningKeys,
    wanted: TokenKind,
    text: &str,
    now: Timestamp,
) -> Result<T, InvalidToken> {
    if text.len() > LONGEST_TOKEN {
        return Err(InvalidToken::TooLong);
    }
    let header = decode_header(text).map_err(|_| InvalidToken::Malformed)?;
    let kid = header.kid.as_deref().ok_or(InvalidToken::UnknownKey)?;
    let key = keys.verifying(KeyUsage::Token, kid).ok_or(InvalidToken::UnknownKey)?;
    let typ = header.typ.as_deref();
    let expected = key.header(typ.unwrap_or_default());
    if header.alg != expected.alg {
        return Err(InvalidToken::WrongAlgorithm);
    }
    if !wanted.may_have_typ(typ) {
        return Err(InvalidToken::WrongType);
    }
    if header != expected {
        return Err(InvalidToken::StrangeHeader);
    }
    let claims = decoded(text, &key)?;
    if !wanted.is_of(&claims) {
        return Err(InvalidToken::WrongType);
    }
    for name in ["iat", "nbf"] {
        let Some(from) = claims.get(name) else { continue };
        let from = from.as_i64().ok_or(InvalidToken::Malformed)?;
        if now < Timestamp::from_millis(from.saturating_mul(1000)) {
            return Err(InvalidToken::NotYetValid);
        }
    }
    T::deserialize(Value::Object(claims)).map_err(|_| InvalidToken::Malformed)
}

/// The claims of a token that `key` signed. The caller checks them: the library would use the
/// system's clock.
fn decoded(text: &str, key: &SigningKey) -> Result<Map<String, Value>, InvalidToken> {
    let mut rules = Validation::new(key.algorithm().jwt());
    rules.required_spec_claims.clear();
    (rules.validate_exp, rules.validate_aud) = (false, false);
    match decode(text, key.decoding(), &rules) {
        Ok(token) => Ok(token.claims),
        Err(error) if *error.kind() == ErrorKind::InvalidSignature => {
            Err(InvalidToken::WrongSignature)
        }
        Err(_) => Err(InvalidToken::Malformed),
    }
}
