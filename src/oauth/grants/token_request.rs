use super::error::GrantError;
use crate::domain::{Audience, Scope};
use crate::oauth::client::{Client, GrantType};
use crate::oauth::issuer::Issuer;
use crate::store::StoredGrant;

/// Words that every client may ask for: those of OpenID Connect Core 1.0 §5.4, and the roles. Few
/// users here have claims for `email`, and none for `address`; they are granted all the same, since
/// some libraries fail when less is granted than they asked for.
const STANDARD: &[&str] = &["openid", "profile", "email", "address", "phone", GROUPS];
/// Asks for the user's roles.
pub(super) const GROUPS: &str = "groups";
/// Asks for a refresh token (OpenID Connect Core 1.0 §11).
pub(super) const OFFLINE_ACCESS: &str = "offline_access";
/// The scope of a login that names none. With `openid`, since SDKs that leave the scope out expect
/// an ID token.
const DEFAULT: &str = "openid profile phone";
/// How much of an unknown audience an answer repeats, in characters.
const LONGEST_SHOWN: usize = 100;

/// The API that a request asks tokens for: in Auth0's way, or in that of RFC 8707 §2.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenTarget<'a> {
    pub audience: Option<&'a str>,
    pub resource: Option<&'a str>,
}

impl<'a> TokenTarget<'a> {
    /// The audience that is asked for: that of `/userinfo` needs no naming.
    fn api(self, issuer: &Issuer) -> Result<Option<&'a str>, GrantError> {
        let named = match (self.audience, self.resource) {
            (Some(audience), Some(resource)) if audience != resource => {
                return Err(GrantError::UnknownResource(shown(resource)));
            }
            (audience, resource) => audience.or(resource),
        };
        Ok(named.filter(|named| *named != issuer.url("/userinfo")))
    }

    /// The audience, if the client is configured with it.
    fn configured(self, client: &Client, named: &str) -> Result<Audience, GrantError> {
        let found = client.audiences.iter().find(|known| known.as_str() == named).cloned();
        found.ok_or_else(|| match self.resource {
            Some(_) => GrantError::UnknownResource(shown(named)),
            None => GrantError::UnknownAudience(shown(named)),
        })
    }

    /// Whether nothing is named but what was `granted` before.
    pub(super) fn check_granted(
        self,
        granted: Option<&Audience>,
        issuer: &Issuer,
    ) -> Result<(), GrantError> {
        match self.api(issuer)?.filter(|named| Some(*named) != granted.map(Audience::as_str)) {
            Some(other) if self.resource.is_some() => {
                Err(GrantError::UnknownResource(shown(other)))
            }
            Some(other) => Err(GrantError::OtherAudience(shown(other))),
            None => Ok(()),
        }
    }
}

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
    /// [`GrantError::InvalidScope`], [`GrantError::UnknownAudience`] and
    /// [`GrantError::UnknownResource`].
    pub fn for_login(
        client: &Client,
        scope: Option<&str>,
        target: TokenTarget<'_>,
        issuer: &Issuer,
    ) -> Result<Self, GrantError> {
        let scope = Scope::parse(scope.unwrap_or(DEFAULT))?.only(|word| allows(client, word));
        let audience = match target.api(issuer)? {
            Some(named) => Some(target.configured(client, named)?),
            None => None,
        };
        Ok(Self { scope, audience })
    }

    /// What a refresh gives (RFC 6749 §6): what was granted, without the words that the client may
    /// no longer have or does not ask for.
    ///
    /// # Errors
    ///
    /// [`GrantError::InvalidScope`], [`GrantError::OtherAudience`],
    /// [`GrantError::UnknownResource`] and [`GrantError::LostAudience`].
    pub(super) fn for_refresh(
        client: &Client,
        granted: &StoredGrant,
        scope: Option<&str>,
        target: TokenTarget<'_>,
        issuer: &Issuer,
    ) -> Result<Self, GrantError> {
        let asked = scope.map(Scope::parse).transpose()?;
        let is_asked = |word: &str| asked.as_ref().is_none_or(|asked| asked.contains(word));
        let scope = granted.scope.only(|word| allows(client, word) && is_asked(word));
        target.check_granted(granted.audience.as_ref(), issuer)?;
        let lost = |own: &Audience| !client.has_audience(own.as_str());
        if granted.audience.as_ref().is_some_and(lost) {
            return Err(GrantError::LostAudience);
        }
        Ok(Self { scope, audience: granted.audience.clone() })
    }

    /// What a client is given for itself (RFC 6749 §4.4); without a scope, all its own words.
    /// `None`: for no API.
    ///
    /// # Errors
    ///
    /// [`GrantError::InvalidScope`], [`GrantError::UnknownAudience`] and
    /// [`GrantError::UnknownResource`].
    pub(super) fn for_client(
        client: &Client,
        scope: Option<&str>,
        target: TokenTarget<'_>,
        issuer: &Issuer,
    ) -> Result<Self, GrantError> {
        let own = client.scopes.join(" ");
        let is_own = |word: &str| client.scopes.iter().any(|own| own == word);
        let scope = Scope::parse(scope.unwrap_or(&own))?.only(is_own);
        // A client has no claims at `/userinfo`.
        let named = target.api(issuer)?.or(target.audience).or(target.resource);
        let audience = target.configured(client, named.unwrap_or_default())?;
        Ok(Self { scope, audience: Some(audience) })
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

/// The start of an audience, which an answer repeats: the whole may be anything.
fn shown(audience: &str) -> String {
    audience.chars().take(LONGEST_SHOWN).collect()
}

/// Whether a login may give the client this word of a scope.
fn allows(client: &Client, word: &str) -> bool {
    match word {
        OFFLINE_ACCESS => client.may(GrantType::RefreshToken),
        _ => STANDARD.contains(&word) || client.scopes.iter().any(|own| own == word),
    }
}
