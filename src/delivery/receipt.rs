use async_trait::async_trait;
use http::{HeaderMap, Method};

use super::Failure;
use super::message_id::is_message_id;
use crate::domain::{Money, TextStatus};
use crate::system::Timestamp;

/// A request to the place for a provider's receipts. Whose it is, only its signature says.
pub struct ReceiptRequest<'a> {
    pub method: &'a Method,
    /// The configured URL of the place, with the query that was sent.
    pub url: &'a str,
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub now: Timestamp,
}

/// What a provider says became of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReceipt {
    /// The provider's id of the message, of letters, digits and `._-`.
    pub id: String,
    pub status: TextStatus,
    /// Why the text did not arrive.
    pub failure: Option<Failure>,
    /// The provider's error code.
    pub code: Option<u32>,
    /// What the text cost, all segments together.
    pub price: Option<Money>,
    pub segments: Option<u32>,
}

impl DeliveryReceipt {
    /// Of a message, without more.
    pub(super) fn new(id: &str, status: TextStatus) -> Result<Self, ReceiptRefused> {
        if !is_message_id(id) {
            return Err(ReceiptRefused::Unreadable);
        }
        let (failure, code, price, segments) = (None, None, None, None);
        Ok(Self { id: id.to_owned(), status, failure, code, price, segments })
    }
}

/// Why a request is no receipt. The sender is told nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptRefused {
    #[error("no provider of this name gives receipts here")]
    NotExpected,
    #[error("it has no signature")]
    Unsigned,
    #[error("its signature is wrong: another secret, another URL, or it was altered")]
    Forged,
    #[error("its signature is too old, or of the future")]
    Old,
    #[error("it is not what the provider documents")]
    Unreadable,
    #[error("it is of another topic than the one of the settings")]
    OtherTopic,
    #[error("its signature is of version 1; set SignatureVersion of the topic to 2")]
    WeakSignature,
    #[error("its certificate is named at another host than the one of the settings")]
    OtherHost,
    #[error(
        "its certificate, or what confirms a subscription, could not be fetched, or the certificate is none of the service that is valid now"
    )]
    NotNow,
}

/// How a provider's receipts are checked and read.
#[async_trait]
pub trait ReceiptApi: Send + Sync {
    /// The receipt of a request whose signature is the provider's; `None`: it says nothing new, such as
    /// that a text is queued.
    ///
    /// # Errors
    ///
    /// [`ReceiptRefused`].
    async fn receipt(
        &self,
        request: &ReceiptRequest<'_>,
    ) -> Result<Option<DeliveryReceipt>, ReceiptRefused>;
}

/// Takes receipts that come over a session with a provider.
pub trait ReceiptInbox: Send + Sync {
    /// `false`: there is no room, so that the provider is asked to come again.
    fn take(&self, provider: &'static str, receipt: DeliveryReceipt) -> bool;
}

/// How far the time of a signature may be from ours, in either direction, by Standard Webhooks and Telnyx.
const TOLERANCE_SECONDS: i64 = 300;

impl ReceiptRequest<'_> {
    /// A header that is there once.
    pub(super) fn header(&self, name: &str) -> Result<&str, ReceiptRefused> {
        let mut all = self.headers.get_all(name).iter();
        match (all.next(), all.next()) {
            (Some(value), None) => value.to_str().map_err(|_| ReceiptRefused::Unreadable),
            _ => Err(ReceiptRefused::Unsigned),
        }
    }

    /// The fields of a form in the body.
    pub(super) fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.body).into_owned().collect()
    }

    /// The parameters of the query.
    pub(super) fn parameters(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }

    /// Whether a signature is young, by its time in seconds since 1970.
    pub(super) fn is_young(&self, seconds: &str) -> Result<(), ReceiptRefused> {
        let seconds: i64 = seconds.parse().map_err(|_| ReceiptRefused::Unreadable)?;
        let age = (self.now.as_millis() / 1000).saturating_sub(seconds);
        if age.saturating_abs() <= TOLERANCE_SECONDS { Ok(()) } else { Err(ReceiptRefused::Old) }
    }
}

/// The value of a field.
pub(super) fn field<'f>(fields: &'f [(String, String)], name: &str) -> Option<&'f str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
