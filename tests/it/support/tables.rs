//! What tests count in the tables of Doorcode's database.
use std::path::Path;
use std::time::Duration;

use sqlx::{ConnectOptions as _, SqliteConnection};

use super::contacts::index_of;

/// A number that one query answers.
#[derive(Clone, Copy)]
pub(crate) struct Count(&'static str);

impl Count {
    pub(crate) async fn read(self, database: &Path) -> i64 {
        self.of(&mut connect(database).await).await
    }

    pub(crate) async fn of(self, database: &mut SqliteConnection) -> i64 {
        sqlx::query_scalar(self.0).fetch_one(database).await.expect("a number")
    }

    pub(crate) fn sql(self) -> &'static str {
        self.0
    }
}

/// A connection of the test's own, beside the server's.
pub(crate) async fn connect(database: &Path) -> SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database);
    options.busy_timeout(Duration::from_secs(10)).connect().await.expect("the database")
}

pub(crate) mod users {
    use std::path::Path;

    use super::{Count, connect, index_of};

    pub(crate) const ALL: Count = Count("SELECT COUNT(*) FROM users");

    pub(crate) async fn id(database: &Path, phone: &str) -> String {
        let query = "SELECT user_id FROM contact_indexes WHERE digest = $1";
        let query = sqlx::query_scalar(query).bind(index_of(phone));
        query.fetch_one(&mut connect(database).await).await.expect("a user")
    }
}

pub(crate) mod texts {
    use super::Count;

    pub(crate) const ALL: Count = Count("SELECT COUNT(*) FROM texts");
}

pub(crate) mod contact_indexes {
    use super::Count;

    pub(crate) const ALL: Count = Count("SELECT COUNT(*) FROM contact_indexes");
}

pub(crate) mod sessions {
    use super::Count;

    pub(crate) const ALL: Count = Count("SELECT COUNT(*) FROM sessions");
    /// Those that nobody ended; their time may be over.
    pub(crate) const OPEN: Count = Count("SELECT COUNT(*) FROM sessions WHERE ended IS NULL");
}

pub(crate) mod session_tokens {
    use super::Count;

    pub(crate) const ALL: Count = Count("SELECT COUNT(*) FROM session_tokens");
    /// Those of which the hexadecimal SHA-256 is stored.
    pub(crate) const DIGESTS: Count =
        Count("SELECT COUNT(*) FROM session_tokens WHERE LENGTH(digest) = 64");
}

pub(crate) mod personal_tokens {
    use super::Count;

    pub(crate) const ALL: Count = Count("SELECT COUNT(*) FROM personal_access_tokens");
    /// Those of which the hexadecimal SHA-256 is stored.
    pub(crate) const DIGESTS: Count =
        Count("SELECT COUNT(*) FROM personal_access_tokens WHERE LENGTH(digest) = 64");
}

pub(crate) mod spent_codes {
    use super::Count;

    pub(crate) const ALL: Count = Count("SELECT COUNT(*) FROM spent");
    /// How many more there are than sessions.
    pub(crate) const WITHOUT_SESSION: Count =
        Count("SELECT (SELECT COUNT(*) FROM spent) - (SELECT COUNT(*) FROM sessions)");
}

pub(crate) mod grants {
    use super::Count;

    pub(crate) const ALL: Count = Count("SELECT COUNT(*) FROM grants");
    pub(crate) const WITH_REFRESH_TOKEN: Count = Count("SELECT COUNT(refresh_present) FROM grants");
}

pub(crate) mod authorization_codes {
    use super::Count;

    pub(crate) const ALL: Count = Count("SELECT COUNT(*) FROM authorization_codes");
}

pub(crate) mod counters {
    use super::Count;

    pub(crate) const ALL: Count = Count("SELECT COUNT(*) FROM counters");
    pub(crate) const SHORTER_THAN_A_DAY: Count =
        Count("SELECT COUNT(*) FROM counters WHERE length < 86400000");
    /// What all of them counted.
    pub(crate) const SUM: Count = Count("SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counters");
    /// What those of a day counted.
    pub(crate) const SUM_OF_A_DAY: Count =
        Count("SELECT CAST(SUM(n) AS BIGINT) FROM counters WHERE length = 86400000");
}

pub(crate) mod changes {
    use super::Count;

    pub(crate) const ALL: Count = Count("SELECT COUNT(*) FROM change");
}

pub(crate) mod signing_keys {
    use super::Count;

    /// Those that another took the place of.
    pub(crate) const SUCCEEDED: Count =
        Count("SELECT COUNT(*) FROM signing_keys WHERE signed_until IS NOT NULL");
}

pub(crate) mod migrations {
    use super::Count;

    pub(crate) const NEWEST: Count = Count("SELECT MAX(version) FROM _sqlx_migrations");
    /// Leaves the database as an older version did, and answers what was the newest.
    pub(crate) const FORGET_NEWEST: Count = Count(
        "DELETE FROM _sqlx_migrations
         WHERE version = (SELECT MAX(version) FROM _sqlx_migrations) RETURNING version",
    );
}
