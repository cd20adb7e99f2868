use std::sync::Arc;

use http::{HeaderMap, HeaderValue};

use crate::gate::{Bearer, Caller, IdentityMapping, Site};
use crate::oauth::{self, AssertionAudience, Issuer, RENEWED_AFTER, SigningError, SigningKeys};
use crate::session::{CachedHeaders, HeaderCacheKey, SignedIn};
use crate::system::Timestamp;
use crate::users::Roles;

/// The identity headers of one site: ready-made values from the session's cache, made and signed
/// anew when they are missing, older than [`RENEWED_AFTER`] or for other roles.
#[derive(Debug)]
pub struct IdentityHeaders {
    mapping: IdentityMapping,
    audience: AssertionAudience,
    key: HeaderCacheKey,
}

impl IdentityHeaders {
    pub fn new(issuer: &Issuer, site: &Site) -> Self {
        let audience = AssertionAudience::new(issuer, &site.url.origin, &site.url.to_string());
        Self { mapping: site.identity.written(), audience, key: HeaderCacheKey::new() }
    }

    /// Writes the headers; none for an unknown caller.
    ///
    /// # Errors
    /// When there is no key to sign an assertion with.
    pub fn write(
        &self,
        caller: &Caller,
        keys: &SigningKeys,
        now: Timestamp,
        headers: &mut HeaderMap,
    ) -> Result<(), SigningError> {
        if let Caller::Token(Bearer { access, person: None }) = caller {
            self.mapping.write_client(&access.client, headers);
        }
        let Some((user, roles)) = caller.person() else { return Ok(()) };
        let is_usable = |entry: &&CachedHeaders| self.is_for(entry, roles) && is_fresh(entry, now);
        let found = user.header_cache().read(|entries| {
            let entry = entries.iter().find(is_usable);
            entry.map(|entry| self.mapping.write(&entry.values, headers)).is_some()
        });
        if !found {
            let values = self.values(user, roles, keys, now)?;
            self.mapping.write(&values, headers);
            self.store(user, roles, now, values);
        }
        Ok(())
    }

    fn is_for(&self, entry: &CachedHeaders, roles: &Roles) -> bool {
        entry.key == self.key && (Arc::ptr_eq(&entry.roles, roles) || entry.roles == *roles)
    }

    fn values(
        &self,
        user: &SignedIn,
        roles: &Roles,
        keys: &SigningKeys,
        now: Timestamp,
    ) -> Result<Arc<[Option<HeaderValue>]>, SigningError> {
        self.mapping.values(user, roles, |format| {
            oauth::assertion(keys, (format, &self.audience), user, roles, now)
        })
    }

    /// Replaces what this site's entry was, and drops what other sites stored too long ago.
    fn store(
        &self,
        user: &SignedIn,
        roles: &Roles,
        now: Timestamp,
        values: Arc<[Option<HeaderValue>]>,
    ) {
        let entry =
            CachedHeaders { key: self.key.clone(), roles: Arc::clone(roles), made_at: now, values };
        user.header_cache().insert(entry, |other| other.key != self.key && is_fresh(other, now));
    }
}

fn is_fresh(entry: &CachedHeaders, now: Timestamp) -> bool {
    // After the clock was set back, entries may be in the future.
    entry.made_at <= now && now < entry.made_at + RENEWED_AFTER
}
