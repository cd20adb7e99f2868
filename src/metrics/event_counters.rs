use prometheus::{IntCounterVec, Registry};

use super::table::{
    BREAKERS, BUDGETS, CHALLENGES, CODES, CONVERSION_ALARMS, HANDOVERS, LIMITED, LOGINS,
    PERSONAL_TOKENS, RECEIPTS, REFUSED, REVOKED, SIGN_OUTS, STORE_FAILURES, TEXTS, TOKENS,
};
use crate::events::{Event, EventSink};

/// The error codes that are counted individually.
const ERRORS: &[&str] = &[
    "access_denied",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_token",
    "unauthorized",
    "unauthorized_client",
];
const OTHER: &str = "other";

/// Counts events. Not involved in requests that are forwarded to an app.
pub struct EventCounters {
    codes: IntCounterVec,
    logins: IntCounterVec,
    texts: IntCounterVec,
    breakers: IntCounterVec,
    receipts: IntCounterVec,
    limited: IntCounterVec,
    budgets: IntCounterVec,
    challenges: IntCounterVec,
    conversion_alarms: IntCounterVec,
    handovers: IntCounterVec,
    sign_outs: IntCounterVec,
    personal_tokens: IntCounterVec,
    refused: IntCounterVec,
    tokens: IntCounterVec,
    revoked: IntCounterVec,
    store_failures: IntCounterVec,
}

impl EventCounters {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let happened = Self {
            codes: CODES.counters(registry)?,
            logins: LOGINS.counters(registry)?,
            texts: TEXTS.counters(registry)?,
            breakers: BREAKERS.counters(registry)?,
            receipts: RECEIPTS.counters(registry)?,
            limited: LIMITED.counters(registry)?,
            budgets: BUDGETS.counters(registry)?,
            challenges: CHALLENGES.counters(registry)?,
            conversion_alarms: CONVERSION_ALARMS.counters(registry)?,
            handovers: HANDOVERS.counters(registry)?,
            sign_outs: SIGN_OUTS.counters(registry)?,
            personal_tokens: PERSONAL_TOKENS.counters(registry)?,
            refused: REFUSED.counters(registry)?,
            tokens: TOKENS.counters(registry)?,
            revoked: REVOKED.counters(registry)?,
            store_failures: STORE_FAILURES.counters(registry)?,
        };
        happened.begin_at_zero();
        Ok(happened)
    }

    /// Initialises all counters: a rate can only be computed if a counter existed before its first
    /// event.
    fn begin_at_zero(&self) {
        for outcome in [
            "signed-in",
            "signed-up",
            "wrong-code",
            "not-checked",
            "dead-code",
            "blocked",
            "unknown-user",
        ] {
            add(&self.logins, &[outcome], 0);
        }
        self.expect_refusals("");
        for outcome in ["dropped", "withheld", "queue-full"] {
            add(&self.texts, &["", outcome], 0);
        }
        add(&self.receipts, &["", "refused"], 0);
        for outcome in ["done", "refused"] {
            add(&self.handovers, &[outcome], 0);
        }
        for action in ["warned", "challenged", "paused"] {
            add(&self.conversion_alarms, &[action], 0);
        }
        for why in ["reused", "asked"] {
            add(&self.revoked, &[why], 0);
        }
        for what in ["made", "ended"] {
            add(&self.personal_tokens, &[what], 0);
        }
        for counters in [&self.codes, &self.sign_outs, &self.store_failures] {
            add(counters, &[], 0);
        }
    }

    /// Initialises the counters of providers and limits.
    pub fn expect<'a>(
        &self,
        providers: impl IntoIterator<Item = &'a str>,
        limits: impl IntoIterator<Item = &'a str>,
    ) {
        for provider in providers {
            for outcome in ["sent", "failed"] {
                add(&self.texts, &[provider, outcome], 0);
            }
            for change in ["opened", "closed"] {
                add(&self.breakers, &[provider, change], 0);
            }
            for outcome in ["delivered", "undelivered", "sent-again", "refused"] {
                add(&self.receipts, &[provider, outcome], 0);
            }
        }
        for limit in limits {
            add(&self.limited, &[limit], 0);
        }
    }

    /// Initialises the counters of limits that are told at some percentages.
    pub fn expect_budgets<'a>(&self, told: impl IntoIterator<Item = (&'a str, u8)>) {
        for (limit, percent) in told {
            add(&self.budgets, &[limit, &percent.to_string()], 0);
        }
    }

    /// Initialises the counters of challenges, by outcome and reason.
    pub fn expect_challenges<'a>(&self, rows: impl IntoIterator<Item = [&'a str; 2]>) {
        rows.into_iter().for_each(|labels| add(&self.challenges, &labels, 0));
    }

    /// Initialises the counters of a client and its grant types.
    pub fn expect_client<'a>(&self, client: &str, grants: impl IntoIterator<Item = &'a str>) {
        self.expect_refusals(client);
        for grant in grants {
            add(&self.tokens, &[client, grant], 0);
        }
    }

    fn expect_refusals(&self, client: &str) {
        for error in ERRORS.iter().chain([&OTHER]) {
            add(&self.refused, &[client, error], 0);
        }
    }
}

/// Adds to a counter. It exists: the number of labels is that of the table.
fn add(counters: &IntCounterVec, labels: &[&str], count: u64) {
    if let Ok(counter) = counters.get_metric_with_label_values(labels) {
        counter.inc_by(count);
    }
}

impl EventSink for EventCounters {
    fn record(&self, event: &Event<'_>) {
        let (counters, labels): (_, &[&str]) = match event {
            Event::CodeRequested { .. } => (&self.codes, &[]),
            Event::TextSent { provider, .. } => (&self.texts, &[provider, "sent"]),
            Event::TextFailed { provider, .. } => (&self.texts, &[provider, "failed"]),
            Event::TextDropped { .. } => (&self.texts, &["", "dropped"]),
            Event::TextWithheld { .. } => (&self.texts, &["", "withheld"]),
            Event::QueueFull { .. } => (&self.texts, &["", "queue-full"]),
            Event::ProviderBreaker { provider, is_open: true, .. } => {
                (&self.breakers, &[provider, "opened"])
            }
            Event::ProviderBreaker { provider, .. } => (&self.breakers, &[provider, "closed"]),
            Event::CodeNotChecked { .. } => (&self.logins, &["not-checked"]),
            Event::TextDelivered { provider, .. } => (&self.receipts, &[provider, "delivered"]),
            Event::TextUndelivered { provider, .. } => (&self.receipts, &[provider, "undelivered"]),
            Event::TextSentAgain { instead_of, .. } => {
                (&self.receipts, &[instead_of, "sent-again"])
            }
            Event::ReceiptRefused { provider, .. } => (&self.receipts, &[provider, "refused"]),
            Event::WrongCode { .. } => (&self.logins, &["wrong-code"]),
            Event::DeadCode { .. } => (&self.logins, &["dead-code"]),
            Event::SignedIn { new_user: true, .. } => (&self.logins, &["signed-up"]),
            Event::SignedIn { .. } => (&self.logins, &["signed-in"]),
            Event::BlockedUser { .. } => (&self.logins, &["blocked"]),
            Event::UnknownUser { .. } => (&self.logins, &["unknown-user"]),
            Event::HandedOver { .. } => (&self.handovers, &["done"]),
            Event::TicketRefused { .. } => (&self.handovers, &["refused"]),
            Event::ClientRefused { client, error, .. } => {
                let known = ERRORS.iter().find(|known| *known == error).unwrap_or(&OTHER);
                (&self.refused, &[client.unwrap_or_default(), known])
            }
            Event::TokensGiven { client, grant } => (&self.tokens, &[client, grant]),
            Event::Reused { .. } => (&self.revoked, &["reused"]),
            Event::GrantRevoked { .. } => (&self.revoked, &["asked"]),
            Event::SignedOut { .. } => (&self.sign_outs, &[]),
            Event::PersonalTokenMade { .. } => (&self.personal_tokens, &["made"]),
            Event::PersonalTokenEnded { .. } => (&self.personal_tokens, &["ended"]),
            Event::Limited { limit, .. } => (&self.limited, &[limit]),
            Event::ChallengeAsked { why, .. } => (&self.challenges, &["asked", why]),
            Event::ChallengeSolved { by } => (&self.challenges, &["solved", by]),
            Event::ChallengeFailed { why } => (&self.challenges, &["failed", why]),
            Event::BudgetUsed { limit, percent: 100, .. } => (&self.budgets, &[limit, "100"]),
            Event::BudgetUsed { limit, .. } => (&self.budgets, &[limit, "50"]),
            Event::FewCodesUsed { paused: true, .. } => (&self.conversion_alarms, &["paused"]),
            Event::FewCodesUsed { challenged: true, .. } => {
                (&self.conversion_alarms, &["challenged"])
            }
            Event::FewCodesUsed { .. } => (&self.conversion_alarms, &["warned"]),
            Event::StoreFailed { .. } => (&self.store_failures, &[]),
            // Counted with the requests or with the text that is sent, or only logged.
            Event::TextReplaced { .. }
            | Event::StartFailed { .. }
            | Event::ManyWrongCodes { .. }
            | Event::UpstreamFailing { .. }
            | Event::UpstreamAnswers { .. }
            | Event::ForwardingIgnored { .. }
            | Event::QuestionRefused { .. } => return,
        };
        add(counters, labels, 1);
    }
}
