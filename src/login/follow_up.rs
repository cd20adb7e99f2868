use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::attempt;
use super::budgets::CountedTexts;
use super::limiter::{Admission, LimitSubject, Limiter, Reservation};
use super::outbox::{Outbox, OutboxJob, TextSettings, message, refusal_of};
use super::requester::{Channel, Requester, Standing};
use crate::delivery::Failure;
use crate::delivery::sms::Message;
use crate::domain::{PhoneNumber, RequesterDigest, TextStatus};
use crate::events::{Event, EventSink};
use crate::store::{AttemptStore, AttemptUpdate, MovedText, StoreError, TextFate, TextStore};
use crate::system::System;

/// What follows when a provider says what became of a text: the attempt is told, and a text that did not
/// arrive is sent once more by another provider.
pub struct FollowUps {
    pub attempts: Arc<dyn AttemptStore>,
    pub sent: Arc<dyn TextStore>,
    pub outbox: Arc<Outbox>,
    pub limiter: Arc<Limiter>,
    pub texts: Arc<ArcSwap<TextSettings>>,
    pub events: Arc<dyn EventSink>,
    pub system: System,
}

impl FollowUps {
    /// A text moved forward. Each does so once to each status, whichever server sees it.
    pub(super) async fn moved(&self, text: &MovedText) {
        if let Err(error) = self.follow(text).await {
            self.events.store_failed("follow a receipt", &error);
        }
    }

    async fn follow(&self, text: &MovedText) -> Result<(), StoreError> {
        let MovedText { attempt, provider, message, .. } = text;
        let (attempt, provider, message_id) = (*attempt, provider.as_str(), message.as_str());
        let channel = text.request.channel;
        match text.status {
            TextStatus::Accepted | TextStatus::Sent => Ok(()),
            TextStatus::Delivered => {
                let seconds = text.told.since(text.at).as_secs();
                self.events.record(&Event::TextDelivered {
                    attempt,
                    provider,
                    message_id,
                    channel,
                    seconds,
                });
                self.tell(text, TextFate::Delivered).await
            }
            TextStatus::Undelivered => {
                let failure = text.failure.as_deref().and_then(Failure::of_word);
                let failure = failure.unwrap_or(Failure::Unexpected);
                let reason = &failure.to_string();
                let code = text.code;
                self.events.record(&Event::TextUndelivered {
                    attempt,
                    provider,
                    message_id,
                    channel,
                    reason,
                    code,
                });
                if !self.send_again(text, failure).await? {
                    self.tell(text, TextFate::Undelivered(refusal_of(failure))).await?;
                }
                Ok(())
            }
        }
    }

    /// Writes what became of a text to its attempt, unless that is not disclosed.
    async fn tell(&self, text: &MovedText, fate: TextFate) -> Result<(), StoreError> {
        if text.request.only_users {
            return Ok(());
        }
        let (id, message) = (text.attempt, (text.request.channel, text.at));
        let mut step = |found: Option<&_>| attempt::set_fate(found, id, message, fate);
        self.attempts.update(text.request.key, &mut step).await
    }

    /// Queues the same code for another provider, if there is one and the reason is none that holds for
    /// all. `false`: it is not sent again.
    async fn send_again(&self, text: &MovedText, failure: Failure) -> Result<bool, StoreError> {
        let texts = self.texts.load_full();
        // A text that was itself sent again is the last one.
        let Some(phone) = text.phone.as_ref().filter(|_| failure.is_sent_again() && !text.again)
        else {
            return Ok(false);
        };
        let instead_of = Some(text.provider.as_str());
        let again = Message { instead_of, ..message(&text.request, phone, ("", Duration::ZERO)) };
        if !texts.delivery.has_other(&again) || !self.is_latest(text).await? {
            return Ok(false);
        }
        let Some(taken) = self.count(text, phone).await? else { return Ok(false) };
        let begun = self.begin(text).await;
        if matches!(begun, Ok(true)) && self.outbox.push(job(text, phone)) {
            let (attempt, instead_of) = (text.attempt, text.provider.as_str());
            self.events.record(&Event::TextSentAgain { attempt, instead_of });
            return Ok(true);
        }
        self.limiter.release(&taken).await?;
        begun.map(|_| false)
    }

    /// Whether the attempt is alive and has no newer text: whoever asked once more gets that one.
    async fn is_latest(&self, text: &MovedText) -> Result<bool, StoreError> {
        let found = self.attempts.get(text.request.key).await?;
        let now = self.system.steady();
        let is_alive =
            found.is_some_and(|found| found.id == text.attempt && attempt::is_alive(&found, now));
        Ok(is_alive && !self.sent.has_newer_text(text.attempt, text.at).await?)
    }

    /// Counts it: see [`Limiter::reserve_again`]. `None`: a limit is reached, so that it is not sent.
    async fn count(
        &self,
        text: &MovedText,
        phone: &PhoneNumber,
    ) -> Result<Option<Reservation>, StoreError> {
        let standing = if text.request.known { Standing::KnownBrowser } else { Standing::Stranger };
        // No limit of texts is of an address.
        let address = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let who = RequesterDigest::of(text.request.key.as_bytes());
        let requester = Requester { channel: Channel::Page, who, address, standing };
        let (language, channel) = (text.request.page_language.as_deref(), text.request.channel);
        let subject = LimitSubject { phone, requester: &requester, language, channel };
        let texts = self.texts.load_full();
        let counted = CountedTexts {
            limiter: &self.limiter,
            limits: &texts.limits,
            events: &*self.events,
            system: &self.system,
        };
        Ok(match counted.take_again(subject).await? {
            Admission::Granted(taken) => Some(taken),
            Admission::Refused(limited) => {
                let (limit, seconds) = (limited.row.key, limited.retry_after.as_secs());
                let attempt = Some(text.attempt);
                let (start, network, only_address) = (None, "", false);
                let shared = limited.row.shared_for();
                let told = Event::Limited {
                    limit,
                    attempt,
                    start,
                    seconds,
                    network,
                    only_address,
                    shared,
                };
                self.events.record(&told);
                None
            }
        })
    }

    /// Marks the attempt: its text is on its way again. Attempts whose texts are not disclosed stay as they
    /// are.
    async fn begin(&self, text: &MovedText) -> Result<bool, StoreError> {
        if text.request.only_users {
            return Ok(true);
        }
        let (id, now) = (text.attempt, self.system.steady());
        let mut begun = false;
        let mut step = |found: Option<&_>| {
            let step = attempt::send_again(found, id, text.at, now);
            begun = step.is_some();
            step.unwrap_or(AttemptUpdate::Keep)
        };
        self.attempts.update(text.request.key, &mut step).await?;
        Ok(begun)
    }
}

fn job(text: &MovedText, phone: &PhoneNumber) -> OutboxJob {
    OutboxJob {
        attempt: text.attempt,
        phone: phone.clone(),
        request: text.request.clone(),
        instead_of: Some(text.provider.clone()),
    }
}
