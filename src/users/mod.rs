//! People: who they are, what roles they have. Does not prove that somebody is one of them.
use std::collections::BTreeSet;

use crate::domain::{PhoneNumber, Role};

/// `[[user]]`: a person whom the operator's file names.
#[derive(Clone, Debug)]
pub struct ConfiguredUser {
    pub phone: PhoneNumber,
    pub roles: BTreeSet<Role>,
}
