use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::tokens::{AccessClaims, IdClaims, Kind};
use super::{Issuer, SigningKeys, Subject, Usage};
use crate::domain::{ClientId, GrantId, Scope, SessionId, UserId};
use crate::system::Timestamp;

/// More than any token that is signed here has. What is longer is not even decoded.
pub const LONGEST: usize = 8 * 1024;

/// The token in an `Authorization` header, whatever token it is (RFC 6750 §2.1). The scheme is
/// taken in any case (RFC 9110 §11.1).
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Why a text is no token of ours that could be taken. For the log: who sent it is told only that
/// it is not good.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidToken {
    #[error("has more than {LONGEST} bytes")]
    TooLong,
    #[error("is not a signed JWT with the claims of its kind")]
    Malformed,
    #[error("names no key of ours that signs tokens")]
    UnknownKey,
    #[error("names another algorithm than its key has")]
    WrongAlgorithm,
    #[error("is another kind of token")]
    WrongType,
    #[error("has a header that nothing of ours has")]
    StrangeHeader,
    #[error("was not signed with the key that it names")]
    WrongSignature,
    #[error("is of another issuer")]
    WrongIssuer,
    #[error("has run out")]
    Expired,
}

/// What an access token of ours says, once it was checked. Whether its session and grant still
/// live is for its reader to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAccess {
    pub subject: Subject,
    pub session: Option<SessionId>,
    /// The grant that it was issued for.
    pub grant: Option<GrantId>,
    /// Whom it was given to.
    pub client: ClientId,
    pub audiences: Vec<String>,
    pub scope: Scope,
    /// It is no good from this moment on.
    pub expires: Timestamp,
}

impl VerifiedAccess {
    /// Whether `audience` is one of those that it is for, byte for byte.
    pub fn is_for(&self, audience: &str) -> bool {
        self.audiences.iter().any(|own| own == audience)
    }
}

/// Reads an access token (RFC 9068 §4). Its audience is left to the caller, who knows which it is:
/// [`VerifiedAccess::is_for`]. No leeway: whoever made it has our clock.
pub fn verify_access(
    keys: &SigningKeys,
    issuer: &Issuer,
    text: &str,
    now: Timestamp,
) -> Result<VerifiedAccess, InvalidToken> {
    let claims: AccessClaims = read(keys, Kind::Access, text)?;
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
    let grant = claims.gid.as_deref().and_then(GrantId::parse);
    let audiences = claims.aud.all();
    Ok(VerifiedAccess { subject, session, grant, client, audiences, scope, expires })
}

/// Whether a text says of itself that `issuer` has signed it. Proves nothing, and checks nothing:
/// it tells what is to be judged as a token of ours from what is somebody else's.
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

/// Whose session a client means to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdHint {
    /// Whom it was given to.
    pub client: ClientId,
    pub user: UserId,
    pub session: Option<SessionId>,
}

/// Reads an `id_token_hint`: an ID token of ours, however old (OpenID Connect RP-Initiated Logout
/// 1.0 §2), as long as its key is published.
pub fn read_hint(keys: &SigningKeys, issuer: &Issuer, text: &str) -> Result<IdHint, InvalidToken> {
    let claims: IdClaims = read(keys, Kind::Id, text)?;
    if claims.iss != issuer.to_string() {
        return Err(InvalidToken::WrongIssuer);
    }
    let user = UserId::parse(&claims.sub).ok_or(InvalidToken::Malformed)?;
    let session = session(claims.sid.as_deref())?;
    Ok(IdHint { client: client(&claims.aud)?, user, session })
}

fn client(id: &str) -> Result<ClientId, InvalidToken> {
    ClientId::parse(id).map_err(|_| InvalidToken::Malformed)
}

/// The session that a token names, if any.
fn session(sid: Option<&str>) -> Result<Option<SessionId>, InvalidToken> {
    sid.map(|sid| SessionId::parse(sid).ok_or(InvalidToken::Malformed)).transpose()
}

/// The claims of a token of that kind, once the signature was checked. The key is one of ours, and
/// it alone decides on the algorithm (RFC 8725 §3.1): no header does, and none names a key of its
/// own, since only the header that we ourselves would write is taken.
fn read<T: DeserializeOwned>(
    keys: &SigningKeys,
    which: Kind,
    text: &str,
) -> Result<T, InvalidToken> {
    if text.len() > LONGEST {
        return Err(InvalidToken::TooLong);
    }
    let header = decode_header(text).map_err(|_| InvalidToken::Malformed)?;
    let kid = header.kid.as_deref().ok_or(InvalidToken::UnknownKey)?;
    let key = keys.verifying(Usage::Token, kid).ok_or(InvalidToken::UnknownKey)?;
    let expected = key.header(which.typ());
    if header.alg != expected.alg {
        return Err(InvalidToken::WrongAlgorithm);
    }
    if header.typ != expected.typ {
        return Err(InvalidToken::WrongType);
    }
    if header != expected {
        return Err(InvalidToken::StrangeHeader);
    }
    // The claims are judged by the caller: the library would ask the machine's clock.
    let mut rules = Validation::new(expected.alg);
    rules.required_spec_claims.clear();
    (rules.validate_exp, rules.validate_aud) = (false, false);
    let read = decode(text, key.decoding(), &rules).map_err(|why| match why.kind() {
        ErrorKind::InvalidSignature => InvalidToken::WrongSignature,
        _ => InvalidToken::Malformed,
    })?;
    Ok(read.claims)
}
