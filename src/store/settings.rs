use std::time::Duration;

use super::Database;

/// `[store]`.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    pub database: Database,
    /// How long what a server knows of sessions and grants is relied on while the database does not
    /// answer.
    pub outage: Duration,
}
