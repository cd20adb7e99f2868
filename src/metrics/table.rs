use std::fmt::Write as _;

use super::metric::{Metric, MetricKind, row};

use MetricKind::{Counter, Gauge, Histogram};

const SITE: (&str, &str) = ("site", "the `name` of a `[[site]]`; empty for none");

pub(super) const REQUESTS: Metric = row(
    "doorcode_http_requests_total",
    Counter,
    &[SITE, ("decision", "the outcome, as in the access log")],
    "Finished requests.",
);
pub(super) const RESPONSES: Metric = row(
    "doorcode_http_responses_total",
    Counter,
    &[SITE, ("code", "`1xx` to `5xx`, or `none` if the client disconnected first")],
    "Responses, of Doorcode and of apps.",
);
pub(super) const UPSTREAM: Metric = row(
    "doorcode_upstream_response_seconds",
    Histogram,
    &[SITE],
    "Time until the response head of an app, including connecting.",
);
pub const UPSTREAM_UP: Metric = row(
    "doorcode_upstream_up",
    Gauge,
    &[SITE, ("upstream", "as in `site.upstreams`")],
    "1 while requests go to an upstream; 0 while it takes no connections or fails its health check.",
);
pub(super) const CODES: Metric = row(
    "doorcode_codes_requested_total",
    Counter,
    &[],
    "Codes requested, whether the text was sent or withheld.",
);
pub(super) const LOGINS: Metric = row(
    "doorcode_logins_total",
    Counter,
    &[(
        "outcome",
        "`signed-in`, `signed-up` (signed in for the first time), `wrong-code`, `not-checked` (the provider that made the code did not answer), `dead-code`, \
         `blocked`, `unknown-user`",
    )],
    "Codes entered.",
);
pub(super) const TEXTS: Metric = row(
    "doorcode_texts_total",
    Counter,
    &[
        ("provider", "as in `sms.providers`; empty if none was called"),
        (
            "outcome",
            "`sent`, `failed`, `dropped` (the login attempt was dead), `withheld` (not a user), \
             `queue-full`",
        ),
    ],
    "Texts, counted for each provider that was called.",
);
pub(super) const BREAKERS: Metric = row(
    "doorcode_provider_breakers_total",
    Counter,
    &[("provider", "as in `sms.providers`"), ("change", "`opened`, `closed`")],
    "How often a provider failed five times in a row, so that others are asked in its place, and how often it answered again.",
);
pub(super) const LIMITED: Metric = row(
    "doorcode_limited_total",
    Counter,
    &[("limit", "a key of `[limits]`, or another limit's name")],
    "Requests refused by a limit.",
);
pub(super) const HANDOVERS: Metric = row(
    "doorcode_handovers_total",
    Counter,
    &[("outcome", "`done`, `refused`")],
    "Sessions handed over to a site on another host.",
);
pub(super) const SIGN_OUTS: Metric = row("doorcode_sign_outs_total", Counter, &[], "Sign-outs.");
pub(super) const PERSONAL_TOKENS: Metric = row(
    "doorcode_personal_access_tokens_total",
    Counter,
    &[("what", "`made`, `ended` (by their user)")],
    "Personal access tokens that users made and ended on their account page.",
);
pub(super) const REFUSED: Metric = row(
    "doorcode_clients_refused_total",
    Counter,
    &[
        ("client", "the `id` of a `[[client]]`; empty if unknown"),
        ("error", "the error code in the response, such as `invalid_grant`; `other` for rare ones"),
    ],
    "Refused requests of clients.",
);
pub(super) const TOKENS: Metric = row(
    "doorcode_tokens_given_total",
    Counter,
    &[("client", "the `id` of a `[[client]]`"), ("grant", "the grant type, as in `client.grants`")],
    "Responses with tokens.",
);
pub(super) const REVOKED: Metric = row(
    "doorcode_grants_revoked_total",
    Counter,
    &[("why", "`reused` (a code or refresh token was used twice), `asked` (by the client)")],
    "Grants that were revoked, except by the end of their session.",
);
pub(super) const BUDGETS: Metric = row(
    "doorcode_budgets_used_total",
    Counter,
    &[("limit", "the key in `[limits]`"), ("percent", "`50` or `100`")],
    "How often texts used up half or all of a budget, or half of the texts in all or to a country.",
);
pub(super) const CHALLENGES: Metric = row(
    "doorcode_challenges_total",
    Counter,
    &[
        ("outcome", "`asked`, `solved`, `failed`"),
        (
            "why",
            "asked: `texts`, `address`, `few-codes-used`, `wrong-codes`; solved: `work`, `wait`, `captcha`; failed: `foreign`, \
             `expired`, `wrong`, `early`, `replayed`, `captcha-refused`, `captcha-secret`, `captcha-unavailable`",
        ),
    ],
    "Proofs that strangers were asked for before another text, and what became of those that came.",
);
pub(super) const CONVERSION_ALARMS: Metric = row(
    "doorcode_conversion_alarms_total",
    Counter,
    &[("action", "`warned`, `challenged` (a proof is asked for there) or `paused`")],
    "How often so few codes of a country or a block of numbers were used that it was told, or that texts to strangers paused.",
);
pub(super) const STORE_FAILURES: Metric = row(
    "doorcode_store_failures_total",
    Counter,
    &[],
    "Failed store operations; the requests that needed them failed too.",
);
pub const BUILD: Metric =
    row("doorcode_build_info", Gauge, &[("version", "Doorcode's own")], "Always 1.");
pub const SESSIONS: Metric =
    row("doorcode_sessions_cached", Gauge, &[], "Session tokens in the cache, valid and invalid.");
pub const ATTEMPTS: Metric = row(
    "doorcode_attempts_cached",
    Gauge,
    &[],
    "Login attempts in progress, and dead ones of the last minutes.",
);
pub(super) const RECEIPTS: Metric = row(
    "doorcode_receipts_total",
    Counter,
    &[
        ("provider", "as in `sms.providers`; empty for another name"),
        (
            "outcome",
            "`delivered`, `undelivered`, `sent-again` (by another provider than this one), `refused` (not signed by the provider)",
        ),
    ],
    "What providers told of texts that they took.",
);
pub const TEXTS_WAITING: Metric =
    row("doorcode_texts_waiting", Gauge, &[], "Texts that are queued or being sent.");
pub const NODES: Metric = row(
    "doorcode_nodes",
    Gauge,
    &[],
    "Live servers on the same database, this one included; 1 where it is a file.",
);
pub const NODES_WITH_OTHER_SETTINGS: Metric = row(
    "doorcode_nodes_with_other_settings",
    Gauge,
    &[],
    "Those of them that run with another configuration file or secret than this one.",
);
pub const DATABASE_CALLS: Metric = row(
    "doorcode_database_calls_total",
    Counter,
    &[],
    "Statements and begun transactions; 0 where the database is a file.",
);
pub const DATABASE_FAILURES: Metric =
    row("doorcode_database_failures_total", Counter, &[], "Those of them that failed.");
pub const DATABASE_TIME: Metric = row(
    "doorcode_database_milliseconds_total",
    Counter,
    &[],
    "The time that all of them took, waits for a connection included.",
);
pub const DATABASE_CONNECTIONS: Metric =
    row("doorcode_database_connections", Gauge, &[], "Open connections to the database.");
pub const REDIS_CALLS: Metric = row(
    "doorcode_redis_calls_total",
    Counter,
    &[],
    "Commands to Redis; 0 where `store.cache` is none.",
);
pub const REDIS_FAILURES: Metric =
    row("doorcode_redis_failures_total", Counter, &[], "Those of them that failed.");
pub const REDIS_TIME: Metric = row(
    "doorcode_redis_milliseconds_total",
    Counter,
    &[],
    "The time that all of them took, with connecting.",
);
pub const CONNECTIONS: Metric =
    row("doorcode_connections_open", Gauge, &[], "Open client connections.");
pub const CONNECTIONS_REFUSED: Metric = row(
    "doorcode_connections_refused_total",
    Counter,
    &[],
    "Connections that were closed at once because too many were open.",
);
pub const EXCHANGES: Metric =
    row("doorcode_exchanges_open", Gauge, &[], "Requests that are not finished.");
pub const EXCHANGES_REFUSED: Metric = row(
    "doorcode_exchanges_refused_total",
    Counter,
    &[],
    "Requests that were refused because too many were not finished.",
);
pub const OPEN_FILES: Metric = row(
    "doorcode_open_files",
    Gauge,
    &[],
    "File descriptors that the process has open; 0 where the system does not tell.",
);
pub const FILE_LIMIT: Metric =
    row("doorcode_open_files_limit", Gauge, &[], "How many it may have open; 0 without a limit.");
pub const TLS_HANDSHAKES_FAILED: Metric = row(
    "doorcode_tls_handshakes_failed_total",
    Counter,
    &[],
    "Connections that failed in their TLS handshake.",
);
pub const TLS_CERTIFICATE_END: Metric = row(
    "doorcode_tls_certificate_end_timestamp_seconds",
    Gauge,
    &[],
    "Expiry of the certificate that expires first, in seconds since 1970; 0 without `server.tls`.",
);
pub const ACME_HOSTS_MISSING: Metric = row(
    "doorcode_acme_hosts_without_certificate",
    Gauge,
    &[],
    "Hosts that have no certificate yet with `tls = \"acme\"`: https fails there. `/readyz` says why.",
);
pub const ACME_HOSTS_FAILING: Metric = row(
    "doorcode_acme_hosts_failing",
    Gauge,
    &[],
    "Hosts whose last order of a certificate failed; one that they had stays in use until it ends.",
);
pub const HISTORY_LOST: Metric = row(
    "doorcode_attempt_history_lost_total",
    Counter,
    &[],
    "Entries of the history of login attempts that were lost because the database was away or too slow.",
);
pub const HISTORY_LEFT_OUT: Metric = row(
    "doorcode_attempt_history_left_out_total",
    Counter,
    &[],
    "Entries about refused starts and late codes beyond 30 a minute, or 5 of a network, which the history of login attempts leaves out.",
);
pub const TEXT_NOTES_LOST: Metric = row(
    "doorcode_text_notes_lost_total",
    Counter,
    &[],
    "Texts that `doorcode sms stats` does not count, because the database was away or too slow.",
);
pub const ACCESS_LINES_DROPPED: Metric = row(
    "doorcode_access_lines_dropped_total",
    Counter,
    &[],
    "Access log lines that were lost because they could not be written fast enough.",
);

/// THE table of metrics.
pub const METRICS: &[&Metric] = &[
    &REQUESTS,
    &RESPONSES,
    &UPSTREAM,
    &UPSTREAM_UP,
    &CODES,
    &LOGINS,
    &TEXTS,
    &BREAKERS,
    &RECEIPTS,
    &LIMITED,
    &BUDGETS,
    &CHALLENGES,
    &CONVERSION_ALARMS,
    &HANDOVERS,
    &SIGN_OUTS,
    &PERSONAL_TOKENS,
    &REFUSED,
    &TOKENS,
    &REVOKED,
    &STORE_FAILURES,
    &SESSIONS,
    &ATTEMPTS,
    &TEXTS_WAITING,
    &NODES,
    &NODES_WITH_OTHER_SETTINGS,
    &DATABASE_CALLS,
    &DATABASE_FAILURES,
    &DATABASE_TIME,
    &DATABASE_CONNECTIONS,
    &REDIS_CALLS,
    &REDIS_FAILURES,
    &REDIS_TIME,
    &CONNECTIONS,
    &CONNECTIONS_REFUSED,
    &EXCHANGES,
    &EXCHANGES_REFUSED,
    &OPEN_FILES,
    &FILE_LIMIT,
    &TLS_HANDSHAKES_FAILED,
    &TLS_CERTIFICATE_END,
    &ACME_HOSTS_MISSING,
    &ACME_HOSTS_FAILING,
    &HISTORY_LOST,
    &HISTORY_LEFT_OUT,
    &TEXT_NOTES_LOST,
    &ACCESS_LINES_DROPPED,
    &BUILD,
];

/// The table in docs/running.md.
pub fn reference() -> String {
    let mut table = "| Metric | Kind | Labels | What it counts |\n|---|---|---|---|\n".to_owned();
    for Metric { name, kind, labels, meaning } in METRICS {
        let labels: Vec<String> =
            labels.iter().map(|(name, holds)| format!("`{name}`: {holds}")).collect();
        // Writing to a `String` cannot fail.
        let _ =
            writeln!(table, "| `{name}` | {} | {} | {meaning} |", kind.word(), labels.join("; "));
    }
    table
}
