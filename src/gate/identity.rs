//! The values that a site's identity headers have for a caller.
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::caller::JudgedCaller;
use super::presets::{Claim, IdentityMapping};
use crate::domain::{ClientId, Role};
use crate::oauth::{self, AssertionFormat};
use crate::session::SignedIn;
use crate::users::Roles;

impl IdentityMapping {
    /// The rows that are ever written: all but those of [`Claim::Nothing`].
    #[must_use]
    pub fn written(&self) -> Self {
        let rows = self.rows.iter().filter(|(_, claim)| *claim != Claim::Nothing);
        Self { rows: rows.cloned().collect() }
    }

    /// The value of each row for a user. `assertion` makes the signed ones. All are marked
    /// sensitive, so that `Debug` redacts them.
    ///
    /// # Errors
    /// The first error of `assertion`.
    pub fn values<E>(
        &self,
        user: &SignedIn,
        roles: &Roles,
        assertion: impl Fn(AssertionFormat) -> Result<String, E>,
    ) -> Result<Arc<[Option<HeaderValue>]>, E> {
        let value = |(_, claim): &(HeaderName, Claim)| {
            let value = match claim {
                Claim::User => shared(user.user_text()),
                Claim::Phone => shared(user.phone_text()),
                Claim::Groups => groups(roles),
                Claim::Session => HeaderValue::from_str(&user.session().to_string()).ok(),
                Claim::Assertion(format) => HeaderValue::from_str(&assertion(*format)?).ok(),
                Claim::Nothing => None,
            };
            Ok(value.map(sensitive))
        };
        self.rows.iter().map(value).collect()
    }

    /// Describes the values for a user, as far as there are any before a login.
    pub fn described(&self, caller: JudgedCaller<'_>) -> Vec<(HeaderName, HeaderValue)> {
        let Some((phone, roles)) = caller.person else { return Vec::new() };
        let value = |claim| match claim {
            Claim::User => in_words("sms|… (made at the first login)"),
            Claim::Phone => HeaderValue::from_str(phone.e164()).ok(),
            Claim::Groups => groups(roles),
            Claim::Session => in_words("… (the id of the session)"),
            Claim::Assertion(_) => in_words("… (a signed JWT of a minute)"),
            Claim::Nothing => None,
        };
        let rows = self.rows.iter();
        rows.filter_map(|(name, claim)| Some((name.clone(), value(*claim)?))).collect()
    }

    /// Writes `values`, which [`Self::values`] made.
    pub fn write(&self, values: &[Option<HeaderValue>], headers: &mut HeaderMap) {
        for ((name, _), value) in self.rows.iter().zip(values) {
            if let Some(value) = value {
                headers.insert(name.clone(), value.clone());
            }
        }
    }

    /// Writes the headers for a client that acts for itself: the `sub` of its token stands where a
    /// user's id would. No user's id looks like it: those have a `|`. A client has no number, roles
    /// or session.
    pub fn write_client(&self, client: &ClientId, headers: &mut HeaderMap) {
        let Ok(value) = HeaderValue::from_str(&oauth::own_subject(client)) else { return };
        let value = sensitive(value);
        for (name, _) in self.rows.iter().filter(|(_, claim)| *claim == Claim::User) {
            headers.insert(name.clone(), value.clone());
        }
    }
}

/// What stands for a value that is not known.
fn in_words(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_bytes(text.as_bytes()).ok()
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

fn shared(text: &Bytes) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(text.clone()).ok()
}

/// The roles with commas between them; `None`: there are none.
fn groups(roles: &Roles) -> Option<HeaderValue> {
    let names: Vec<&str> = roles.iter().map(Role::as_str).collect();
    (!names.is_empty()).then(|| HeaderValue::from_str(&names.join(",")).ok()).flatten()
}
