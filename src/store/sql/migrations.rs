use sqlx::migrate::{Migration, MigrationType, Migrator};

/// One row a version, oldest first. A row that was released is never changed.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        1,
        "users sessions spent",
        "CREATE TABLE users (
        id TEXT PRIMARY KEY NOT NULL,
        phone TEXT NOT NULL UNIQUE,
        created BIGINT NOT NULL,
        blocked BIGINT
    );
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY NOT NULL,
        user_id TEXT NOT NULL REFERENCES users (id),
        kind TEXT NOT NULL,
        created BIGINT NOT NULL,
        last_seen BIGINT NOT NULL,
        expires BIGINT NOT NULL,
        ended BIGINT
    );
    CREATE INDEX sessions_of_user ON sessions (user_id);
    CREATE TABLE session_tokens (
        digest TEXT PRIMARY KEY NOT NULL,
        session_id TEXT NOT NULL REFERENCES sessions (id),
        host TEXT NOT NULL
    );
    CREATE TABLE spent (
        attempt TEXT PRIMARY KEY NOT NULL,
        at BIGINT NOT NULL
    );",
    ),
    // What limits counted: `n` at `at`, in a window of `length` milliseconds.
    (
        2,
        "counters",
        "CREATE TABLE counters (
        key TEXT NOT NULL,
        length BIGINT NOT NULL,
        at BIGINT NOT NULL,
        n BIGINT NOT NULL,
        PRIMARY KEY (key, length, at)
    );",
    ),
];

pub(super) fn migrator() -> Migrator {
    let migration = |(version, name, sql): &(i64, &'static str, &'static str)| {
        let sql = sqlx::SqlSafeStr::into_sql_str(*sql);
        Migration::new(*version, (*name).into(), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}
