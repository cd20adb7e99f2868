use super::error::GrantError;
use crate::domain::{Audience, Scope};
use crate::oauth::client::{Client, GrantType};
use crate::oauth::issuer::Issuer;
use crate::store::StoredGrant;

/// Words that every client may ask for: those of OpenID Connect Core 1.0 §5.4. No user here has the
/// claims of `email` and `address`; they are granted all the same, since some libraries fail when
/// less is granted than they asked for.
const STANDARD: &[&str] = &["openid", "profile", "email", "address", "phone"];
/// Asks for a refresh token (OpenID Connect Core 1.0 §11).
pub(super) const OFFLINE_ACCESS: &str = "offline_access";
/// The scope of a login that names none. With `openid`, since SDKs that leave the scope out expect
/// an ID token.
const DEFAULT: &str = "openid profile phone";
/// How much of an unknown audience an answer repeats, in characters.
const LONGEST_SHOWN: usize = 100;

/// What tokens are for, as far as the client may have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    pub scope: Scope,
    /// The API that the access token is for; `None`: `/userinfo` alone.
    pub audience: Option<Audience>,
}

impl TokenRequest {
    /// What a login gives `client`. Words that the client may not have are left out of the scope,
    /// as the answer then says (RFC 6749 §3.3).
    ///
    /// # Errors
    ///
    /// [`GrantError::InvalidScope`] and [`GrantError::UnknownAudience`].
    pub fn for_login(
        client: &Client,
        scope: Option<&str>,
        audience: Option<&str>,
        issuer: &Issuer,
    ) -> Result<Self, GrantError> {
        let scope = Scope::parse(scope.unwrap_or(DEFAULT))?.only(|word| allows(client, word));
        let audience = match api(audience, issuer) {
            Some(audience) => Some(configured(client, audience)?),
            None => None,
        };
        Ok(Self { scope, audience })
    }

    /// What a refresh gives (RFC 6749 §6): what was granted, without the words that the client may
    /// no longer have or does not ask for.
    ///
    /// # Errors
    ///
    /// [`GrantError::InvalidScope`], [`GrantError::OtherAudience`] and
    /// [`GrantError::LostAudience`].
    pub(super) fn for_refresh(
        client: &Client,
        granted: &StoredGrant,
        scope: Option<&str>,
        audience: Option<&str>,
        issuer: &Issuer,
    ) -> Result<Self, GrantError> {
        let asked = scope.map(Scope::parse).transpose()?;
        let is_asked = |word: &str| asked.as_ref().is_none_or(|asked| asked.contains(word));
        let scope = granted.scope.only(|word| allows(client, word) && is_asked(word));
        let own = granted.audience.as_ref().map(Audience::as_str);
        if let Some(other) = api(audience, issuer).filter(|named| Some(*named) != own) {
            return Err(GrantError::OtherAudience(shown(other)));
        }
        let audience = match own {
            Some(own) => Some(configured(client, own).map_err(|_| GrantError::LostAudience)?),
            None => None,
        };
        Ok(Self { scope, audience })
    }

    /// What a client is given for itself (RFC 6749 §4.4); without a scope, all its own words.
    ///
    /// # Errors
    ///
    /// [`GrantError::InvalidScope`] and [`GrantError::UnknownAudience`].
    pub(super) fn for_client(
        client: &Client,
        scope: Option<&str>,
        audience: &str,
    ) -> Result<Self, GrantError> {
        let own = client.scopes.join(" ");
        let is_own = |word: &str| client.scopes.iter().any(|own| own == word);
        let scope = Scope::parse(scope.unwrap_or(&own))?.only(is_own);
        Ok(Self { scope, audience: Some(configured(client, audience)?) })
    }

    pub(super) fn wants_id_token(&self) -> bool {
        self.scope.contains("openid")
    }

    pub(super) fn wants_refresh_token(&self) -> bool {
        self.scope.contains(OFFLINE_ACCESS)
    }

    /// The whole `aud` of an access token.
    pub(super) fn audiences(&self, issuer: &Issuer) -> Vec<String> {
        let for_userinfo = self.audience.is_none() || self.wants_id_token();
        let userinfo = for_userinfo.then(|| issuer.url("/userinfo"));
        self.audience.iter().map(ToString::to_string).chain(userinfo).collect()
    }
}

/// `audience`, if the client is configured with it.
fn configured(client: &Client, audience: &str) -> Result<Audience, GrantError> {
    let found = client.audiences.iter().find(|known| known.as_str() == audience).cloned();
    found.ok_or_else(|| GrantError::UnknownAudience(shown(audience)))
}

/// The start of an audience, which an answer repeats: the whole may be anything.
fn shown(audience: &str) -> String {
    audience.chars().take(LONGEST_SHOWN).collect()
}

/// The API that is asked for: that of `/userinfo` needs no naming.
fn api<'a>(audience: Option<&'a str>, issuer: &Issuer) -> Option<&'a str> {
    audience.filter(|audience| *audience != issuer.url("/userinfo"))
}

/// Whether a login may give the client this word of a scope.
fn allows(client: &Client, word: &str) -> bool {
    match word {
        OFFLINE_ACCESS => client.may(GrantType::RefreshToken),
        _ => STANDARD.contains(&word) || client.scopes.iter().any(|own| own == word),
    }
}
