//! The schema, as the statements that lead to it.

/// A step of the schema. One that was released is never changed.
pub(super) struct SchemaStep {
    pub(super) version: i64,
    pub(super) name: &'static str,
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

/// A step that both databases are given in the same words.
const fn both(version: i64, name: &'static str, sql: &'static str) -> SchemaStep {
    SchemaStep { version, name, sqlite: sql, postgres: sql }
}

/// From this version on the database holds no number that is not encrypted. Those that it holds are
/// encrypted before: see `plain_numbers`.
pub(super) const WITHOUT_PLAIN_NUMBERS: i64 = 15;

/// All steps, oldest first.
pub(super) const SCHEMA: &[SchemaStep] = &[
    both(1, "users sessions spent", "CREATE TABLE users (
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
    );"),
    // Rate-limit counters: `n` at `at`, in a window of `length` milliseconds.
    both(2, "counters", "CREATE TABLE counters (
        key TEXT NOT NULL,
        length BIGINT NOT NULL,
        at BIGINT NOT NULL,
        n BIGINT NOT NULL,
        PRIMARY KEY (key, length, at)
    );"),
    // `change_counter` has one row. A transaction that writes to it locks it until it ends, so that
    // sequence numbers have no gaps and changes become visible in their order.
    both(3, "roles and changes of people, what a session began with", "CREATE TABLE user_roles (
        user_id TEXT NOT NULL REFERENCES users (id),
        role TEXT NOT NULL,
        PRIMARY KEY (user_id, role)
    );
    ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
    ALTER TABLE users ADD COLUMN test BIGINT NOT NULL DEFAULT 0;
    ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
    ALTER TABLE sessions ADD COLUMN address_block TEXT NOT NULL DEFAULT '';
    CREATE TABLE change (
        seq BIGINT PRIMARY KEY NOT NULL,
        what TEXT NOT NULL,
        subject TEXT NOT NULL
    );
    CREATE TABLE change_counter (
        one BIGINT PRIMARY KEY NOT NULL,
        seq BIGINT NOT NULL
    );
    INSERT INTO change_counter (one, seq) VALUES (1, 0);"),
    // The index allows one signing key for each usage and algorithm, however many servers start at
    // once.
    both(4, "signing keys", "CREATE TABLE signing_keys (
        kid TEXT PRIMARY KEY NOT NULL,
        usage TEXT NOT NULL,
        algorithm TEXT NOT NULL,
        state TEXT NOT NULL,
        sealed TEXT NOT NULL,
        sealed_by BIGINT NOT NULL,
        created BIGINT NOT NULL
    );
    CREATE UNIQUE INDEX one_key_signs ON signing_keys (usage, algorithm)
        WHERE state = 'signing';"),
    // For the cleanup of ended and expired rows.
    both(5, "indexes of times", "CREATE INDEX tokens_of_session ON session_tokens (session_id);
    CREATE INDEX sessions_by_end ON sessions (ended);
    CREATE INDEX sessions_by_expiry ON sessions (expires);
    CREATE INDEX spent_by_time ON spent (at);"),
    // `take_up`: until when the login ticket of a session can be redeemed; NULL after that, and for
    // sessions without a ticket. `reused`: when a code was presented again, which also revokes the
    // grant that is yet to be made. `forget`: when a replaced token would have expired.
    both(6, "grants", "ALTER TABLE sessions ADD COLUMN take_up BIGINT;
    CREATE INDEX sessions_by_take_up ON sessions (take_up);
    CREATE TABLE grants (
        id TEXT PRIMARY KEY NOT NULL,
        client TEXT NOT NULL,
        user_id TEXT NOT NULL REFERENCES users (id),
        session_id TEXT NOT NULL REFERENCES sessions (id),
        scope TEXT NOT NULL,
        audience TEXT NOT NULL,
        created BIGINT NOT NULL,
        last_used BIGINT NOT NULL,
        expires BIGINT NOT NULL,
        idle BIGINT NOT NULL,
        revoked BIGINT
    );
    CREATE INDEX grants_of_session ON grants (session_id);
    CREATE INDEX grants_by_revocation ON grants (revoked);
    CREATE INDEX grants_by_expiry ON grants (expires);
    CREATE INDEX grants_by_idle ON grants ((last_used + idle));
    CREATE TABLE refresh_tokens (
        digest TEXT PRIMARY KEY NOT NULL,
        grant_id TEXT NOT NULL REFERENCES grants (id),
        made BIGINT NOT NULL,
        replaced BIGINT,
        forget BIGINT
    );
    CREATE INDEX refresh_tokens_of_grant ON refresh_tokens (grant_id);
    CREATE INDEX refresh_tokens_by_end ON refresh_tokens (forget);
    CREATE TABLE authorization_codes (
        digest TEXT PRIMARY KEY NOT NULL,
        client TEXT NOT NULL,
        redirect_uri TEXT NOT NULL,
        user_id TEXT NOT NULL REFERENCES users (id),
        session_id TEXT NOT NULL REFERENCES sessions (id),
        scope TEXT NOT NULL,
        audience TEXT NOT NULL,
        nonce TEXT,
        challenge TEXT,
        auth_time BIGINT NOT NULL,
        made BIGINT NOT NULL,
        expires BIGINT NOT NULL,
        used BIGINT,
        reused BIGINT,
        grant_id TEXT
    );
    CREATE INDEX codes_of_session ON authorization_codes (session_id);
    CREATE INDEX codes_of_grant ON authorization_codes (grant_id);
    CREATE INDEX codes_by_expiry ON authorization_codes (expires);"),
    // When a key started and stopped signing. A published key that did neither is the next to sign;
    // the index allows one next key for each usage and algorithm.
    both(7, "rotation of signing keys", "ALTER TABLE signing_keys ADD COLUMN signed_from BIGINT;
    ALTER TABLE signing_keys ADD COLUMN signed_until BIGINT;
    UPDATE signing_keys SET signed_from = created;
    CREATE UNIQUE INDEX one_key_is_next ON signing_keys (usage, algorithm)
        WHERE state = 'published' AND signed_from IS NULL;"),
    // A code is redeemed and its grant created in one transaction, which makes `reused` superfluous;
    // `auth_time` is when the session was created.
    both(8, "codes without reuse and auth_time", "DROP INDEX codes_of_grant;
    ALTER TABLE authorization_codes DROP COLUMN reused;
    ALTER TABLE authorization_codes DROP COLUMN auth_time;"),
    // A refresh token consists of the secret of its family and the present one. Tokens of the
    // former format, of one secret each, become invalid.
    both(9, "refresh tokens of two secrets", "DROP TABLE refresh_tokens;
    ALTER TABLE grants ADD COLUMN refresh_family TEXT;
    ALTER TABLE grants ADD COLUMN refresh_present TEXT;
    CREATE UNIQUE INDEX grants_by_family ON grants (refresh_family);"),
    // `wanted`: when a server last recorded that it signs with the key or is going to. `longest`: the
    // longest lifetime of anything that a server signs with it.
    both(10, "who wants signing keys, and for how long", "ALTER TABLE signing_keys ADD COLUMN wanted BIGINT NOT NULL DEFAULT 0;
    ALTER TABLE signing_keys ADD COLUMN longest BIGINT NOT NULL DEFAULT 0;"),
    // The refresh token that the present one replaced, the present one encrypted under it, and until
    // when whoever presents the former one is given the present one.
    both(11, "overlap of refresh tokens", "ALTER TABLE grants ADD COLUMN refresh_former TEXT;
    ALTER TABLE grants ADD COLUMN refresh_masked TEXT;
    ALTER TABLE grants ADD COLUMN overlap_end BIGINT NOT NULL DEFAULT 0;"),
    // Argentina's mobile numbers without their 9 were landlines: users of the configuration, who
    // could not sign in. Areas begin with 1 to 3.
    both(12, "mobile numbers of Argentina", "UPDATE users SET phone = '+549' || substr(phone, 4)
        WHERE phone >= '+541' AND phone < '+544' AND length(phone) = 13
        AND NOT EXISTS (SELECT 1 FROM users other WHERE other.phone = '+549' || substr(users.phone, 4));
    UPDATE users SET blocked = (SELECT old.blocked FROM users old
            WHERE old.phone = '+54' || substr(users.phone, 5))
        WHERE phone >= '+549' AND phone < '+55' AND length(phone) = 14 AND blocked IS NULL
        AND EXISTS (SELECT 1 FROM users old
            WHERE old.phone = '+54' || substr(users.phone, 5) AND old.blocked IS NOT NULL);"),
    // The servers that share the database, and their signs of life. What expires, where no other place is
    // configured for it: values in base64.
    both(13, "nodes and cells", "CREATE TABLE nodes (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        settings TEXT NOT NULL,
        cache TEXT NOT NULL,
        began BIGINT NOT NULL,
        seen BIGINT NOT NULL,
        beats BIGINT NOT NULL
    );
    CREATE TABLE cells (
        key TEXT PRIMARY KEY NOT NULL,
        value TEXT NOT NULL,
        expires BIGINT NOT NULL
    );
    CREATE INDEX cells_by_expiry ON cells (expires);"),
    // What people are reached at, encrypted. `kind`: phone. `value` and `ending`, a blind index of the
    // last four digits: under the secret `sealed_by`. `proved`: when they first showed that it is theirs.
    // A contact has one index for each secret that the server which wrote it had: it is unique among
    // servers with a secret in common.
    both(14, "contacts", "CREATE TABLE contacts (
        user_id TEXT NOT NULL REFERENCES users (id),
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        sealed_by BIGINT NOT NULL,
        ending TEXT NOT NULL,
        proved BIGINT,
        PRIMARY KEY (user_id, kind)
    );
    CREATE INDEX contacts_by_ending ON contacts (ending);
    CREATE TABLE contact_indexes (
        digest TEXT PRIMARY KEY NOT NULL,
        user_id TEXT NOT NULL REFERENCES users (id),
        kind TEXT NOT NULL,
        secret BIGINT NOT NULL
    );
    CREATE INDEX indexes_of_user ON contact_indexes (user_id);"),
    // SQLite drops no column that is unique: the table is made anew (SQLite documentation, ALTER TABLE,
    // section 7). PostgreSQL leaves what a column held in the file until the table is written anew.
    SchemaStep {
        version: WITHOUT_PLAIN_NUMBERS,
        name: "users without numbers",
        sqlite: "CREATE TABLE users_next (
        id TEXT PRIMARY KEY NOT NULL,
        created BIGINT NOT NULL,
        blocked BIGINT,
        version BIGINT NOT NULL DEFAULT 0,
        test BIGINT NOT NULL DEFAULT 0
    );
    INSERT INTO users_next (id, created, blocked, version, test)
        SELECT id, created, blocked, version, test FROM users;
    DROP TABLE users;
    ALTER TABLE users_next RENAME TO users;",
        postgres: "ALTER TABLE users DROP COLUMN phone;
    CLUSTER users USING users_pkey;
    ALTER TABLE users SET WITHOUT CLUSTER;",
    },
    // Counters that servers share, of an hour and more: see `store::CounterTotal`.
    both(16, "totals of counters", "CREATE TABLE counter_totals (
        key TEXT NOT NULL,
        length BIGINT NOT NULL,
        began BIGINT NOT NULL,
        total BIGINT NOT NULL,
        last BIGINT NOT NULL,
        newest BIGINT NOT NULL,
        jitter BIGINT NOT NULL,
        PRIMARY KEY (key, length)
    );
    CREATE INDEX counter_totals_by_end ON counter_totals ((last + length));
    CREATE TABLE counter_marks (
        key TEXT NOT NULL,
        length BIGINT NOT NULL,
        began BIGINT NOT NULL,
        at BIGINT NOT NULL,
        n BIGINT NOT NULL,
        given_back BIGINT NOT NULL,
        after BIGINT NOT NULL,
        upto BIGINT NOT NULL,
        PRIMARY KEY (key, length, began, at)
    );
    CREATE INDEX counter_marks_by_end ON counter_marks ((at + length));"),
    // For the cleanup of counters, which would read all of them, and for the users whose sessions a start
    // may end.
    both(17, "indexes of counters and of users who test",
        "CREATE INDEX counters_by_end ON counters ((at + length));
    CREATE INDEX counters_given_back ON counters (n) WHERE n <= 0;
    CREATE INDEX users_who_test ON users (test) WHERE test = 1;"),
    // To find out whether a contact is encrypted under a secret that a server does not have.
    both(18, "contacts by secret", "CREATE INDEX contacts_by_secret ON contacts (sealed_by);"),
    // A personal access token is a session of kind `token`: it is found, ended and counted as used like
    // one. `site`: the url of the only one that it is for.
    both(19, "personal access tokens", "CREATE TABLE personal_access_tokens (
        session_id TEXT PRIMARY KEY NOT NULL REFERENCES sessions (id),
        digest TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        site TEXT NOT NULL
    );"),
    // To find out whether there are indexes of a former secret, without reading them all.
    both(20, "indexes of contacts by secret",
        "CREATE INDEX contact_indexes_by_secret ON contact_indexes (secret);"),
    // What became of login attempts. `n`: the order of what happened in one millisecond.
    both(21, "history of attempts", "CREATE TABLE attempt_history (
        attempt TEXT NOT NULL,
        reference TEXT NOT NULL,
        at BIGINT NOT NULL,
        n BIGINT NOT NULL,
        text TEXT NOT NULL,
        phone TEXT,
        sealed_by BIGINT,
        expires BIGINT NOT NULL,
        PRIMARY KEY (attempt, at, n)
    );
    CREATE INDEX attempt_history_by_reference ON attempt_history (reference);
    CREATE INDEX attempt_history_by_end ON attempt_history (expires);"),
    // Texts that providers took, and what became of them. Without `attempt` it is a receipt whose text is
    // not written yet. `request`: what it takes to make the text once more, in JSON. `status`: see
    // `domain::TextStatus`; `told`: since when. Prices in millionths, that of the table and the provider's.
    both(22, "texts", "CREATE TABLE texts (
        provider TEXT NOT NULL,
        message TEXT NOT NULL,
        attempt TEXT,
        phone TEXT,
        sealed_by BIGINT,
        request TEXT,
        country TEXT NOT NULL,
        at BIGINT NOT NULL,
        segments BIGINT,
        price BIGINT NOT NULL,
        currency TEXT NOT NULL,
        again BIGINT NOT NULL,
        status BIGINT NOT NULL,
        told BIGINT,
        failure TEXT,
        code BIGINT,
        told_price BIGINT,
        told_currency TEXT,
        used BIGINT,
        expires BIGINT NOT NULL,
        PRIMARY KEY (provider, message)
    );
    CREATE INDEX texts_by_attempt ON texts (attempt);
    CREATE INDEX texts_by_time ON texts (at);
    CREATE INDEX texts_by_end ON texts (expires);"),
];
