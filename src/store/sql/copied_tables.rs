#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnType {
    Text,
    Number,
}

use ColumnType::{Number, Text};

pub(super) struct CopiedTable {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, ColumnType)],
}

/// All tables that last, each after those that it refers to. What expires within minutes is not copied.
pub(super) const TABLES: &[CopiedTable] = &[
    CopiedTable {
        name: "users",
        columns: &[
            ("id", Text),
            ("created", Number),
            ("blocked", Number),
            ("version", Number),
            ("test", Number),
        ],
    },
    CopiedTable {
        name: "contacts",
        columns: &[
            ("user_id", Text),
            ("kind", Text),
            ("value", Text),
            ("sealed_by", Number),
            ("ending", Text),
            ("proved", Number),
        ],
    },
    CopiedTable {
        name: "contact_indexes",
        columns: &[("digest", Text), ("user_id", Text), ("kind", Text), ("secret", Number)],
    },
    CopiedTable { name: "user_roles", columns: &[("user_id", Text), ("role", Text)] },
    CopiedTable {
        name: "sessions",
        columns: &[
            ("id", Text),
            ("user_id", Text),
            ("kind", Text),
            ("created", Number),
            ("last_seen", Number),
            ("expires", Number),
            ("ended", Number),
            ("device", Text),
            ("address_block", Text),
            ("take_up", Number),
        ],
    },
    CopiedTable {
        name: "session_tokens",
        columns: &[("digest", Text), ("session_id", Text), ("host", Text)],
    },
    CopiedTable {
        name: "personal_access_tokens",
        columns: &[("session_id", Text), ("digest", Text), ("name", Text), ("site", Text)],
    },
    CopiedTable { name: "spent", columns: &[("attempt", Text), ("at", Number)] },
    CopiedTable {
        name: "counters",
        columns: &[("key", Text), ("length", Number), ("at", Number), ("n", Number)],
    },
    CopiedTable { name: "change", columns: &[("seq", Number), ("what", Text), ("subject", Text)] },
    CopiedTable {
        name: "signing_keys",
        columns: &[
            ("kid", Text),
            ("usage", Text),
            ("algorithm", Text),
            ("state", Text),
            ("sealed", Text),
            ("sealed_by", Number),
            ("created", Number),
            ("signed_from", Number),
            ("signed_until", Number),
            ("wanted", Number),
            ("longest", Number),
        ],
    },
    CopiedTable {
        name: "grants",
        columns: &[
            ("id", Text),
            ("client", Text),
            ("user_id", Text),
            ("session_id", Text),
            ("scope", Text),
            ("audience", Text),
            ("created", Number),
            ("last_used", Number),
            ("expires", Number),
            ("idle", Number),
            ("revoked", Number),
            ("refresh_family", Text),
            ("refresh_present", Text),
            ("refresh_former", Text),
            ("refresh_masked", Text),
            ("overlap_end", Number),
        ],
    },
    CopiedTable {
        name: "authorization_codes",
        columns: &[
            ("digest", Text),
            ("client", Text),
            ("redirect_uri", Text),
            ("user_id", Text),
            ("session_id", Text),
            ("scope", Text),
            ("audience", Text),
            ("nonce", Text),
            ("challenge", Text),
            ("made", Number),
            ("expires", Number),
            ("used", Number),
            ("grant_id", Text),
        ],
    },
    CopiedTable {
        name: "attempt_history",
        columns: &[
            ("attempt", Text),
            ("reference", Text),
            ("at", Number),
            ("n", Number),
            ("text", Text),
            ("phone", Text),
            ("sealed_by", Number),
            ("expires", Number),
        ],
    },
    CopiedTable {
        name: "texts",
        columns: &[
            ("provider", Text),
            ("message", Text),
            ("attempt", Text),
            ("phone", Text),
            ("sealed_by", Number),
            ("request", Text),
            ("country", Text),
            ("at", Number),
            ("segments", Number),
            ("price", Number),
            ("currency", Text),
            ("again", Number),
            ("status", Number),
            ("told", Number),
            ("failure", Text),
            ("code", Number),
            ("told_price", Number),
            ("told_currency", Text),
            ("used", Number),
            ("expires", Number),
        ],
    },
    // The last: a database without its row is one that a copy was begun to.
    CopiedTable { name: COUNTER, columns: &[("one", Number), ("seq", Number)] },
];

pub(super) const COUNTER: &str = "change_counter";
