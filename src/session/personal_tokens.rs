use std::time::Duration;

use super::personal_token::PersonalToken;
use super::sessions::Sessions;
use super::signed_in::{SessionPlace, SignedIn};
use crate::domain::{SessionId, TokenName};
use crate::store::{InsertedToken, NewPersonalToken, StoreError};
use crate::system::Timestamp;

/// What personal access tokens people may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonalTokenSettings {
    /// The longest that one lasts.
    pub lifetime: Duration,
    /// How many one person has at most.
    pub per_user: u32,
}

/// A token that somebody wants.
#[derive(Clone, Debug)]
pub struct PersonalTokenRequest {
    /// Of the session that the token is. Made with the form, so that a form makes one token however often
    /// it is sent.
    pub id: SessionId,
    pub name: TokenName,
    /// The `url` of the only site that it is for.
    pub site: String,
    /// How long it lasts.
    pub lifetime: Duration,
}

/// A token in the list that its user sees.
#[derive(Clone, Debug)]
pub struct UserToken {
    pub id: SessionId,
    pub name: TokenName,
    pub site: String,
    pub made: Timestamp,
    /// `None`: it has not been used yet.
    pub used: Option<Timestamp>,
    pub expires: Timestamp,
}

/// What a token that a request presents is.
#[derive(Clone, Debug)]
pub enum PersonalTokenVerdict {
    Valid(SignedIn),
    /// It was not made here.
    Forged,
    /// It is for another site.
    OtherSite,
    /// It has expired or was ended, or its user is blocked.
    Ended,
}

impl Sessions {
    /// Judges a token that is presented at the site with the url `site`. Reads the store only for tokens
    /// that were made here and are not cached.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn check_personal_token(
        &self,
        token: &PersonalToken,
        site: &str,
    ) -> Result<PersonalTokenVerdict, StoreError> {
        let digest = token.digest();
        let cached = match self.by_token.get(&digest) {
            Some(cached) => cached,
            None if !token.is_ours(&self.personal_token_keys) => {
                return Ok(PersonalTokenVerdict::Forged);
            }
            None => Box::pin(self.load_personal_token(digest)).await?,
        };
        let Some(cached) = cached else { return Ok(PersonalTokenVerdict::Ended) };
        if !matches!(&cached.place, SessionPlace::Site(own) if own == site) {
            return Ok(PersonalTokenVerdict::OtherSite);
        }
        let now = self.system.now();
        if cached.session.has_ended() || now >= cached.session.expires {
            return Ok(PersonalTokenVerdict::Ended);
        }
        cached.record_use(now);
        Ok(PersonalTokenVerdict::Valid(SignedIn(cached)))
    }

    /// Makes a token for the user of a browser's session. It is returned only here, and only if it was
    /// inserted.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; there is no token then.
    pub async fn make_personal_token(
        &self,
        who: &SignedIn,
        wanted: PersonalTokenRequest,
        settings: PersonalTokenSettings,
    ) -> Result<(InsertedToken, PersonalToken), StoreError> {
        let token = PersonalToken::new(&self.system.random(), &self.personal_token_keys[0]);
        let now = self.system.now();
        let PersonalTokenRequest { id, name, site, lifetime } = wanted;
        let expires = now + lifetime.min(settings.lifetime);
        let new = NewPersonalToken { id, digest: token.digest(), name, site, expires };
        let most = settings.per_user;
        let inserted = self.store.insert_personal_token(who.session(), &new, most, now).await?;
        Ok((inserted, token))
    }

    /// The valid tokens of the user, the newest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn personal_tokens(&self, who: &SignedIn) -> Result<Vec<UserToken>, StoreError> {
        let stored = self.store.personal_tokens(who.user(), self.system.now()).await?;
        let own = stored.into_iter().map(|stored| {
            // The store is updated periodically only, so that this process may know a later use.
            let cached = self.states.get(&stored.id).map(|state| state.last_seen());
            let seen = cached.map_or(stored.last_seen, |cached| cached.max(stored.last_seen));
            UserToken {
                id: stored.id,
                name: stored.name,
                site: stored.site,
                made: stored.created,
                used: (seen > stored.created).then_some(seen),
                expires: stored.expires,
            }
        });
        Ok(own.collect())
    }
}
