use serde_json::{Map, Value};

use crate::domain::{PhoneNumber, Role, Scope};
use crate::oauth::numeric_date::numeric_date;
use crate::system::Timestamp;
use crate::users::Roles;

/// The form of the claim `updated_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdatedAtFormat {
    /// ISO 8601, as at Auth0.
    DateTime,
    /// Seconds since 1970 (OpenID Connect Core 1.0 §5.1).
    NumericDate,
}

/// A user, as far as any scope shows them.
#[derive(Clone, Debug)]
pub struct Profile {
    pub phone: PhoneNumber,
    /// URL of a picture, the same for every user: an asset of ours.
    pub picture: String,
    /// When the user last changed.
    pub updated: Timestamp,
    /// `None`: the client is not told.
    pub groups: Option<GroupsClaim>,
    /// A made-up address, for clients that demand one; `None`: there is no such claim.
    pub email: Option<String>,
    pub updated_at: UpdatedAtFormat,
}

/// The claim that lists a user's roles.
#[derive(Clone, Debug)]
pub struct GroupsClaim {
    pub name: String,
    pub roles: Roles,
}

impl Profile {
    /// The claims that `scope` lets a client see (OpenID Connect Core 1.0 §5.4), as users of
    /// Auth0's `sms` connection have them: the number is their name, and the nickname is empty.
    pub fn claims(&self, scope: &Scope) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut add = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        if scope.contains("profile") {
            add("name", self.phone.e164().into());
            add("nickname", "".into());
            add("picture", self.picture.as_str().into());
            add("updated_at", self.updated_at());
        }
        if scope.contains("phone") {
            add("phone_number", self.phone.e164().into());
            add("phone_number_verified", true.into());
        }
        if let Some(email) = self.email.as_deref().filter(|_| scope.contains("email")) {
            add("email", email.into());
            // No mail ever reached it.
            add("email_verified", false.into());
        }
        if let Some(GroupsClaim { name, roles }) = &self.groups {
            add(name, roles.iter().map(Role::as_str).collect());
        }
        claims
    }

    fn updated_at(&self) -> Value {
        match self.updated_at {
            UpdatedAtFormat::NumericDate => numeric_date(self.updated).into(),
            UpdatedAtFormat::DateTime => date_and_time(self.updated).into(),
        }
    }
}

/// ISO 8601 in UTC with milliseconds, as Auth0 writes `updated_at` and its SDKs parse it.
fn date_and_time(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    format!("{at:.3}")
}
