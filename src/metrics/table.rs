use std::fmt::Write as _;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    /// In seconds.
    Histogram,
}

/// One thing that is counted.
#[derive(Debug)]
pub struct Row {
    pub name: &'static str,
    pub kind: Kind,
    /// Each label and what it may hold: words of ours or of the configuration.
    pub labels: &'static [(&'static str, &'static str)],
    pub says: &'static str,
}

const fn row(
    name: &'static str,
    kind: Kind,
    labels: &'static [(&'static str, &'static str)],
    says: &'static str,
) -> Row {
    Row { name, kind, labels, says }
}

use Kind::{Counter, Gauge, Histogram};

const SITE: (&str, &str) = ("site", "the `name` of a `[[site]]`; empty: none");

pub(super) const REQUESTS: Row = row(
    "doorcode_http_requests_total",
    Counter,
    &[SITE, ("decision", "what became of the request, as in the access log")],
    "Requests that were finished.",
);
pub(super) const RESPONSES: Row = row(
    "doorcode_http_responses_total",
    Counter,
    &[SITE, ("code", "`1xx` to `5xx`, or `none`: the client was gone first")],
    "Answers, ours and the apps'.",
);
pub(super) const UPSTREAM: Row = row(
    "doorcode_upstream_response_seconds",
    Histogram,
    &[SITE],
    "From asking an app to the head of its answer, connecting included.",
);
pub(super) const CODES: Row = row(
    "doorcode_codes_requested_total",
    Counter,
    &[],
    "Numbers that were posted and lead to a text, sent or suppressed.",
);
pub(super) const LOGINS: Row = row(
    "doorcode_logins_total",
    Counter,
    &[(
        "outcome",
        "`signed-in`, `signed-up` (signed in for the first time), `wrong-code`, `dead-code`, \
         `blocked`, `unknown-user`",
    )],
    "Codes that were typed.",
);
pub(super) const TEXTS: Row = row(
    "doorcode_texts_total",
    Counter,
    &[
        ("provider", "as in `sms.providers`; empty: none was asked"),
        (
            "outcome",
            "`sent`, `failed`, `dropped` (the login was over), `withheld` (not a user), \
             `queue-full`",
        ),
    ],
    "Texts, once for each provider that was asked.",
);
pub(super) const LIMITED: Row = row(
    "doorcode_limited_total",
    Counter,
    &[("limit", "a key of `[limits]`, or another limit's name")],
    "Refusals because there was too much of something.",
);
pub(super) const HANDOVERS: Row = row(
    "doorcode_handovers_total",
    Counter,
    &[("outcome", "`done`, `refused`")],
    "Sessions that went on at a site on another host.",
);
pub(super) const SIGN_OUTS: Row =
    row("doorcode_sign_outs_total", Counter, &[], "People who signed out.");
pub(super) const REFUSED: Row = row(
    "doorcode_clients_refused_total",
    Counter,
    &[
        ("client", "the `id` of a `[[client]]`; empty: none, or not known which"),
        ("error", "the code that it was told, such as `invalid_grant`; a rare one is `other`"),
    ],
    "Applications that did not get what they asked for.",
);
pub(super) const TOKENS: Row = row(
    "doorcode_tokens_given_total",
    Counter,
    &[("client", "the `id` of a `[[client]]`"), ("grant", "by which way, as in `client.grants`")],
    "Answers to applications with tokens in them.",
);
pub(super) const REVOKED: Row = row(
    "doorcode_grants_revoked_total",
    Counter,
    &[("why", "`reused` (a code or refresh token came twice), `asked` (by the application)")],
    "Logins of applications that ended with all their tokens, their sessions apart.",
);
pub(super) const STORE_FAILURES: Row = row(
    "doorcode_store_failures_total",
    Counter,
    &[],
    "Times that a store did not answer; what needed it was refused.",
);
pub(super) const BUILD: Row =
    row("doorcode_build_info", Gauge, &[("version", "Doorcode's own")], "Always 1.");
/// Sessions that the process knows without asking the store.
pub const SESSIONS: Row = row(
    "doorcode_sessions_cached",
    Gauge,
    &[],
    "Session tokens, good and bad, that are known without the store.",
);
pub const ATTEMPTS: Row = row(
    "doorcode_attempts_cached",
    Gauge,
    &[],
    "Logins in progress, and those of the last minutes that are over.",
);
pub const TEXTS_WAITING: Row =
    row("doorcode_texts_waiting", Gauge, &[], "Texts that wait or are with a provider.");
pub const CONNECTIONS: Row =
    row("doorcode_connections_open", Gauge, &[], "Connections of visitors.");
pub const TLS_HANDSHAKES_FAILED: Row = row(
    "doorcode_tls_handshakes_failed_total",
    Counter,
    &[],
    "Connections that ended in their TLS handshake.",
);
pub const TLS_CERTIFICATE_END: Row = row(
    "doorcode_tls_certificate_end_timestamp_seconds",
    Gauge,
    &[],
    "When the first of the certificates runs out, in seconds since 1970; 0 without `server.tls`.",
);
pub const ACCESS_LINES_DROPPED: Row = row(
    "doorcode_access_lines_dropped_total",
    Counter,
    &[],
    "Access lines that were lost because they could not be written fast enough.",
);

/// THE table of what is counted.
pub const ROWS: &[&Row] = &[
    &REQUESTS,
    &RESPONSES,
    &UPSTREAM,
    &CODES,
    &LOGINS,
    &TEXTS,
    &LIMITED,
    &HANDOVERS,
    &SIGN_OUTS,
    &REFUSED,
    &TOKENS,
    &REVOKED,
    &STORE_FAILURES,
    &SESSIONS,
    &ATTEMPTS,
    &TEXTS_WAITING,
    &CONNECTIONS,
    &TLS_HANDSHAKES_FAILED,
    &TLS_CERTIFICATE_END,
    &ACCESS_LINES_DROPPED,
    &BUILD,
];

/// Seconds. An app on the same machine answers within a few milliseconds; the last is the
/// time-out between two reads.
const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 60.0];

impl Row {
    fn label_names(&self) -> Vec<&'static str> {
        self.labels.iter().map(|(name, _)| *name).collect()
    }

    pub(super) fn counters(&self, registry: &Registry) -> prometheus::Result<IntCounterVec> {
        let vec = IntCounterVec::new(Opts::new(self.name, self.says), &self.label_names())?;
        registry.register(Box::new(vec.clone()))?;
        Ok(vec)
    }

    pub(super) fn gauges(&self, registry: &Registry) -> prometheus::Result<IntGaugeVec> {
        let vec = IntGaugeVec::new(Opts::new(self.name, self.says), &self.label_names())?;
        registry.register(Box::new(vec.clone()))?;
        Ok(vec)
    }

    pub(super) fn histograms(&self, registry: &Registry) -> prometheus::Result<HistogramVec> {
        let opts = HistogramOpts::new(self.name, self.says).buckets(BUCKETS.to_vec());
        let vec = HistogramVec::new(opts, &self.label_names())?;
        registry.register(Box::new(vec.clone()))?;
        Ok(vec)
    }

    /// The lines of a number without labels.
    pub(super) fn sample(&self, value: u64) -> String {
        let Self { name, says, .. } = self;
        let kind = self.kind.word();
        format!("# HELP {name} {says}\n# TYPE {name} {kind}\n{name} {value}\n")
    }
}

impl Kind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// The table as docs/running.md has it.
pub fn reference() -> String {
    let mut table = "| Metric | Kind | Labels | What it counts |\n|---|---|---|---|\n".to_owned();
    for Row { name, kind, labels, says } in ROWS {
        let labels: Vec<String> =
            labels.iter().map(|(name, holds)| format!("`{name}`: {holds}")).collect();
        // Writing to a `String` cannot fail.
        let _ = writeln!(table, "| `{name}` | {} | {} | {says} |", kind.word(), labels.join("; "));
    }
    table
}
