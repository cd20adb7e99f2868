use std::collections::HashMap;
use std::sync::Arc;

use super::{ConfiguredUser, Roles};
use crate::domain::PhoneNumber;

/// Who has which roles: those that the configuration tells and those that the store gives.
#[derive(Debug, Default)]
pub struct Directory {
    configured: HashMap<PhoneNumber, Roles>,
    nobodys: Roles,
}

impl Directory {
    pub fn new(users: Vec<ConfiguredUser>) -> Self {
        let configured = users.into_iter().map(|user| (user.phone, Arc::new(user.roles))).collect();
        Self { configured, nobodys: Roles::default() }
    }

    /// All roles of the person with this number, to whom the store gives `stored`. A test number
    /// has what the configuration tells and nothing else, whatever the store holds.
    pub fn roles(&self, phone: &PhoneNumber, stored: &Roles) -> Roles {
        let configured = self.configured.get(phone).unwrap_or(&self.nobodys);
        match (configured.is_empty(), stored.is_empty() || phone.is_test()) {
            (_, true) => Arc::clone(configured),
            (true, false) => Arc::clone(stored),
            (false, false) => Arc::new(configured.union(stored).cloned().collect()),
        }
    }
}
