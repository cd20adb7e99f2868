use super::{Client, Grant, Issuer};
use crate::domain::{Audience, InvalidScope, Scope};
use crate::store::StoredGrant;

/// Every client may ask for these: what OpenID Connect Core 1.0 §5.4 and §11 have that is true of
/// a user here.
const STANDARD: &[&str] = &["openid", "profile", "phone"];
/// Asks for a refresh token.
pub const OFFLINE: &str = "offline_access";
/// What a login gives that asks for nothing: an ID token, so that SDKs which leave the scope out
/// learn who it was.
const USUAL: &str = "openid profile phone";

/// What a client wants tokens for, as far as it may have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub scope: Scope,
    /// The API that the access token is for, beside `/userinfo`.
    pub audience: Option<Audience>,
}

/// Why a client gets no token for what it asks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    #[error("scope {0}")]
    Scope(#[from] InvalidScope),
    #[error("Service not found: {0}")]
    UnknownAudience(String),
}

/// Why a refresh token gives nothing for what is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRefreshed {
    #[error("scope {0}")]
    Scope(#[from] InvalidScope),
    /// RFC 8707 §2.2: it is for the audience of its login and for no other.
    #[error("The refresh token is not for the audience {0}")]
    OtherAudience(String),
    /// By the configuration of now.
    #[error("the client may not have the audience of its login any more")]
    LostAudience,
}

impl Asked {
    /// What a login may give `client`. Words of the scope that it may not have are left out, as
    /// the answer then tells (RFC 6749 §3.3).
    pub fn of_login(
        client: &Client,
        scope: Option<&str>,
        audience: Option<&str>,
        issuer: &Issuer,
    ) -> Result<Self, NotAsked> {
        let scope = Scope::parse(scope.unwrap_or(USUAL))?.only(|word| may(client, word));
        let audience = named(audience, issuer).map(|audience| known(client, audience));
        Ok(Self { scope, audience: audience.transpose()? })
    }

    /// What a refresh gives (RFC 6749 §6): of what was granted that which the client may still
    /// have, by the configuration of now, and asks for; all of it, when it names no scope.
    pub fn of_refresh(
        client: &Client,
        granted: &StoredGrant,
        scope: Option<&str>,
        audience: Option<&str>,
        issuer: &Issuer,
    ) -> Result<Self, NotRefreshed> {
        let wanted = scope.map(Scope::parse).transpose()?;
        let wanted = |word: &str| wanted.as_ref().is_none_or(|wanted| wanted.contains(word));
        let scope = granted.scope.only(|word| may(client, word) && wanted(word));
        let own = granted.audience.as_ref().map(Audience::as_str);
        if let Some(other) = named(audience, issuer).filter(|named| Some(*named) != own) {
            return Err(NotRefreshed::OtherAudience(shown(other)));
        }
        let audience = own.map(|audience| known(client, audience)).transpose();
        Ok(Self { scope, audience: audience.map_err(|_| NotRefreshed::LostAudience)? })
    }

    /// What a client may have for itself (RFC 6749 §4.4): all its own words, when it names none.
    pub fn of_client(
        client: &Client,
        scope: Option<&str>,
        audience: &str,
    ) -> Result<Self, NotAsked> {
        let own = client.scopes.join(" ");
        let may = |word: &str| client.scopes.iter().any(|own| own == word);
        let scope = Scope::parse(scope.unwrap_or(&own))?.only(may);
        Ok(Self { scope, audience: Some(known(client, audience)?) })
    }

    pub fn wants_id_token(&self) -> bool {
        self.scope.contains("openid")
    }

    pub fn wants_refresh_token(&self) -> bool {
        self.scope.contains(OFFLINE)
    }

    /// Whom an access token is for, in full.
    pub fn audiences(&self, issuer: &Issuer) -> Vec<String> {
        let userinfo = self.audience.is_none() || self.wants_id_token();
        let userinfo = userinfo.then(|| issuer.url("/userinfo"));
        self.audience.iter().map(ToString::to_string).chain(userinfo).collect()
    }
}

fn known(client: &Client, audience: &str) -> Result<Audience, NotAsked> {
    let found = client.audiences.iter().find(|known| known.as_str() == audience).cloned();
    found.ok_or_else(|| NotAsked::UnknownAudience(shown(audience)))
}

/// What is repeated in an answer is cut: it may be anything.
fn shown(audience: &str) -> String {
    audience.chars().take(100).collect()
}

/// The audience that is asked for: what `/userinfo` takes needs no naming.
fn named<'a>(audience: Option<&'a str>, issuer: &Issuer) -> Option<&'a str> {
    audience.filter(|audience| *audience != issuer.url("/userinfo"))
}

/// Whether a login may give the client this word.
fn may(client: &Client, word: &str) -> bool {
    match word {
        OFFLINE => client.may(Grant::RefreshToken),
        _ => STANDARD.contains(&word) || client.scopes.iter().any(|own| own == word),
    }
}
