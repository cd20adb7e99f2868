use std::collections::BTreeSet;

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{Identifier, PhoneNumber, Role, UserId};
use crate::system::Timestamp;

/// A row of the table of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredUser {
    pub id: UserId,
    /// The time of the first login, or of the first start with this user in the configuration.
    pub created: Timestamp,
    /// Since when the user is blocked.
    pub blocked: Option<Timestamp>,
    pub roles: BTreeSet<Role>,
}

/// A user that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundUser {
    pub id: UserId,
    pub phone: PhoneNumber,
    /// As that of [`StoredUser`].
    pub created: Timestamp,
    pub blocked: Option<Timestamp>,
}

/// The attributes of a user that may change during a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserRevision {
    /// Of two revisions, the one with the higher version is the newer.
    pub version: i64,
    /// Roles assigned in the store; the configuration may assign more.
    pub roles: BTreeSet<Role>,
}

/// The table of users.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// The user with this identifier, blocked or not.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn find_by_identifier(
        &self,
        identifier: &Identifier,
    ) -> Result<Option<StoredUser>, StoreError>;

    /// The users whose number ends in these four digits, oldest first; the first hundred at most.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn find_by_ending(&self, ending: &str) -> Result<Vec<FoundUser>, StoreError>;

    /// Creates the users that do not exist yet, each with the id given for it. Also ends the
    /// sessions of test numbers that are not listed: they can no longer sign in.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn ensure_users(
        &self,
        users: &[(UserId, Identifier)],
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Blocks a user and ends all their sessions, or unblocks them. Blocking a blocked user leaves
    /// the time of the block as it is. `None`: no such user.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn set_blocked(
        &self,
        identifier: &Identifier,
        blocked: bool,
        at: Timestamp,
    ) -> Result<Option<UserId>, StoreError>;

    /// Replaces the roles that are assigned in the store. `None`: no such user.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn set_roles(
        &self,
        identifier: &Identifier,
        roles: &BTreeSet<Role>,
    ) -> Result<Option<UserId>, StoreError>;
}
