use std::net::IpAddr;
use std::sync::Arc;

use tracing::{debug, error, info, warn};

use super::challenges_log;
use super::event::Event;
use super::limits_log::SharedLimits;
use super::provider_log::of_provider;
use super::rate_limit::LogRateLimit;
use super::sink::EventSink;
use super::texts_log;
use crate::domain::{AttemptId, GrantId, Peer, SessionId, UserId};
use crate::system::Clock;

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Readable text.
    Text,
    /// One object per line.
    Json,
}

/// Logs events, one line each.
pub struct EventLog {
    refusals: LogRateLimit,
    upstreams: LogRateLimit,
    limits: SharedLimits,
}

impl EventLog {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            refusals: LogRateLimit::new(Arc::clone(&clock)),
            upstreams: LogRateLimit::new(Arc::clone(&clock)),
            limits: SharedLimits::new(clock),
        }
    }

    fn client_refused(&self, event: &Event<'_>, client: Option<&str>, at: &str) {
        let Event::ClientRefused { error, why, named, differs, .. } = event else { return };
        let subject = format!("{} {at}", client.unwrap_or_default());
        if let Some(unlogged) = self.refusals.take(subject) {
            let unlogged = (unlogged > 0).then_some(unlogged);
            info!(client_id = client, at, error, why, named, differs, unlogged, "client refused");
        }
    }

    fn app_fails(&self, site: &str, address: &str, why: &str) {
        if let Some(unlogged) = self.upstreams.take(format!("{site} {address}")) {
            let unlogged = (unlogged > 0).then_some(unlogged);
            warn!(site, upstream = address, why, unlogged, "app does not answer");
        }
    }

    /// Anybody who reaches the listener can ask.
    fn question_refused(&self, peer: Peer, why: &str) {
        if let Some(unlogged) = self.upstreams.take(FORWARD_AUTH.to_owned()) {
            let unlogged = (unlogged > 0).then_some(unlogged);
            warn!(%peer, why, unlogged, "refused to check a request for another proxy");
        }
    }

    fn receipt_refused(&self, provider: &str, why: &str) {
        if let Some(unlogged) = self.refusals.take(RECEIPTS.to_owned()) {
            texts_log::receipt_refused(provider, why, (unlogged > 0).then_some(unlogged));
        }
    }

    fn app_answers(&self, site: &str, address: &str) {
        if let Some(unlogged) = self.upstreams.take(format!("{site} {address}")) {
            let unlogged = (unlogged > 0).then_some(unlogged);
            info!(site, upstream = address, unlogged, "app answers again");
        }
    }
}

/// The subject of lines about receipts.
const RECEIPTS: &str = "receipts";

/// The subject of lines about forward authentication.
const FORWARD_AUTH: &str = "forward_auth";

fn forwarding_ignored(header: &str, peer: IpAddr) {
    warn!(
        header, %peer,
        "forwarding header ignored: its sender is not in server.trusted_proxies; if it is your proxy, every visitor has its address until it is listed"
    );
}

fn dead_code(attempt: Option<AttemptId>, why: &str) {
    let attempt = attempt.map(tracing::field::display);
    info!(attempt, why, "code rejected: login attempt is dead");
}

fn grant_revoked(client: &str, grant: GrantId) {
    info!(client_id = client, %grant, "grant revoked");
}

fn token_made(user: UserId, token: SessionId, site: &str) {
    info!(%user, %token, site, "personal access token made");
}

fn token_ended(user: UserId, token: SessionId) {
    info!(%user, %token, "personal access token ended");
}

impl EventSink for EventLog {
    #[expect(clippy::cognitive_complexity, reason = "a table: the macros count, not the reader")]
    fn record(&self, event: &Event<'_>) {
        match event {
            Event::CodeRequested { attempt, phone, again, .. } => {
                info!(%attempt, %phone, again, "code requested");
            }
            Event::TextSent { .. }
            | Event::TextFailed { .. }
            | Event::TextWithheld { .. }
            | Event::QueueFull { .. }
            | Event::TextDelivered { .. }
            | Event::TextUndelivered { .. }
            | Event::TextSentAgain { .. }
            | Event::TextReplaced { .. }
            | Event::TextDropped { .. } => texts_log::record(event),
            Event::ReceiptRefused { provider, why } => self.receipt_refused(provider, why),
            Event::ProviderBreaker { .. } | Event::CodeNotChecked { .. } => of_provider(event),
            Event::WrongCode { attempt, tries_left } => info!(%attempt, tries_left, "wrong code"),
            Event::DeadCode { attempt, why } => dead_code(*attempt, why),
            Event::SignedIn { attempt, user, session, new_user } => {
                info!(%attempt, %user, %session, new_user, "signed in");
            }
            Event::BlockedUser { attempt, user } => {
                warn!(%attempt, %user, "sign-in refused: user is blocked");
            }
            Event::UnknownUser { attempt } => warn!(%attempt, "sign-in refused: no such user"),
            Event::HandedOver { user, session, host } => {
                info!(%user, %session, %host, "session handed over to another host");
            }
            Event::TicketRefused { host, why } => info!(%host, why, "hand-over ticket rejected"),
            Event::SignedOut { user, session } => info!(%user, %session, "signed out"),
            Event::PersonalTokenMade { user, token, site } => token_made(*user, *token, site),
            Event::PersonalTokenEnded { user, token } => token_ended(*user, *token),
            Event::ClientRefused { client, at, .. } => self.client_refused(event, *client, at),
            Event::TokensGiven { client, grant } => {
                info!(client_id = client, grant, "tokens issued");
            }
            Event::Reused { what, client, grant } => {
                warn!(client_id = client, %grant, "{what} was used twice: its grant is revoked");
            }
            Event::GrantRevoked { client, grant } => grant_revoked(client, *grant),
            Event::ChallengeAsked { .. }
            | Event::ChallengeSolved { .. }
            | Event::ChallengeFailed { .. }
            | Event::ManyWrongCodes { .. } => challenges_log::record(event),
            Event::Limited { .. } | Event::BudgetUsed { .. } | Event::FewCodesUsed { .. } => {
                self.limits.record(event);
            }
            Event::UpstreamFailing { site, address, why } => self.app_fails(site, address, why),
            Event::UpstreamAnswers { site, address } => self.app_answers(site, address),
            Event::ForwardingIgnored { header, peer } => forwarding_ignored(header, *peer),
            Event::QuestionRefused { peer, why } => self.question_refused(*peer, why),
            // The store's failure has a line of its own.
            Event::StartFailed { attempt, reason, .. } => {
                debug!(%attempt, reason, "code not sent: store failed");
            }
            Event::StoreFailed { doing, reason, is_outage: true } => {
                debug!(doing, reason, "store operation failed");
            }
            Event::StoreFailed { doing, reason, .. } => {
                error!(doing, reason, "store operation failed");
            }
        }
    }
}
