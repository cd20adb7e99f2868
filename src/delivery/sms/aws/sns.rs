//! Messages of an SNS topic that come to our place, and its subscription.
//! Source: docs.aws.amazon.com, "Amazon Simple Notification Service Developer Guide": "Verifying the signatures of
//! Amazon SNS messages", "HTTP/HTTPS notification JSON format", "HTTP/HTTPS subscription confirmation JSON
//! format" and "Amazon SNS message delivery retries".
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Request;
use serde::Deserialize;
use url::Url;

use super::certificates::SigningCertificates;
use crate::delivery::receipt::ReceiptRefused;
use crate::outbound::{HttpAnswer, HttpClient};
use crate::system::Timestamp;

/// How old a message may be, in milliseconds: SNS repeats one for an hour at most, and the clocks may
/// differ by five minutes.
const OLDEST: i64 = 3_900_000;
/// How far its time may be ahead of ours, in milliseconds.
const NEWEST: i64 = 300_000;

/// The only version that is believed, SHA256 with RSA. Version 1 signs with SHA1.
const SIGNATURE_VERSION: &str = "2";

/// The topic whose messages are believed.
#[derive(Debug)]
pub struct SnsTopic {
    arn: String,
    /// `https://sns.REGION.amazonaws.com/`: certificates and subscriptions are asked for nowhere else.
    url: Url,
    client: HttpClient,
    certificates: SigningCertificates,
}

/// The body of a request of SNS.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SnsMessage {
    r#type: String,
    message_id: String,
    topic_arn: String,
    subject: Option<String>,
    message: String,
    timestamp: String,
    token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: Option<String>,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
}

impl SnsTopic {
    /// `url`: where SNS of the topic's region is. `client`: for requests to that host.
    pub fn new(arn: String, url: Url, client: HttpClient) -> Self {
        Self { arn, url, client, certificates: SigningCertificates::default() }
    }

    /// Where a region's SNS is called.
    pub fn url_of(region: &str) -> String {
        format!("https://sns.{region}.{}", super::domain(region))
    }

    /// What somebody published to the topic, if the message is its own; `None`: it is about the subscription,
    /// which is confirmed then.
    ///
    /// # Errors
    ///
    /// [`ReceiptRefused`].
    pub(super) async fn published(
        &self,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Option<String>, ReceiptRefused> {
        let message: SnsMessage =
            serde_json::from_slice(body).map_err(|_| ReceiptRefused::Unreadable)?;
        self.check(&message, now).await?;
        match message.r#type.as_str() {
            "Notification" => return Ok(Some(message.message)),
            "SubscriptionConfirmation" => self.confirm(&message, now).await?,
            // `UnsubscribeConfirmation`: its URL would subscribe again, against whoever ended it.
            _ => {}
        }
        Ok(None)
    }

    /// Nothing is asked of SNS for what others could have made up.
    async fn check(&self, message: &SnsMessage, now: Timestamp) -> Result<(), ReceiptRefused> {
        if message.topic_arn != self.arn {
            return Err(ReceiptRefused::OtherTopic);
        }
        if message.signature_version != SIGNATURE_VERSION {
            return Err(ReceiptRefused::WeakSignature);
        }
        let sent: jiff::Timestamp =
            message.timestamp.parse().map_err(|_| ReceiptRefused::Unreadable)?;
        let age = now.as_millis().saturating_sub(sent.as_millisecond());
        if !(-NEWEST..=OLDEST).contains(&age) {
            return Err(ReceiptRefused::Old);
        }
        let signed = message.signed().ok_or(ReceiptRefused::Unreadable)?;
        let signature =
            BASE64_STANDARD.decode(&message.signature).map_err(|_| ReceiptRefused::Forged)?;
        let name = message.signing_cert_url.strip_prefix(self.url.as_str());
        let name = name.filter(|name| is_certificate(name)).ok_or(ReceiptRefused::OtherHost)?;
        let key = self
            .certificates
            .key(name, now, || self.get(&message.signing_cert_url, now))
            .await
            .ok_or(ReceiptRefused::NotNow)?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| ReceiptRefused::Forged)
    }

    /// Visits the URL that confirms the subscription of our place to the topic.
    async fn confirm(&self, message: &SnsMessage, now: Timestamp) -> Result<(), ReceiptRefused> {
        let url = message.subscribe_url.as_deref().ok_or(ReceiptRefused::Unreadable)?;
        if !self.is_subscription(url) {
            return Err(ReceiptRefused::Unreadable);
        }
        self.get(url, now).await.map(drop).ok_or(ReceiptRefused::NotNow)
    }

    /// Whether a URL does no more than to confirm a subscription to our topic.
    fn is_subscription(&self, url: &str) -> bool {
        let Ok(parsed) = Url::parse(url) else { return false };
        let has = |name: &str, value: &str| {
            let mut all = parsed.query_pairs().filter(|(known, _)| known == name);
            all.next().is_some_and(|(_, given)| given == value) && all.next().is_none()
        };
        url.strip_prefix(self.url.as_str()).is_some_and(|rest| rest.starts_with('?'))
            && has("Action", "ConfirmSubscription")
            && has("TopicArn", &self.arn)
    }

    /// The answer to a GET, if it is a success.
    async fn get(&self, url: &str, now: Timestamp) -> Option<HttpAnswer> {
        let request = Request::get(url).body(Vec::new()).ok()?;
        self.client.send(request, now).await.ok().filter(|answer| answer.status == 200)
    }
}

impl SnsMessage {
    /// What is signed: names and values in this order, a line each. The topic and the kind come last, so that no
    /// text in a message to another topic can take their place.
    fn signed(&self) -> Option<String> {
        let subscribing = || Some((self.subscribe_url.as_deref()?, self.token.as_deref()?));
        let (subscribe_url, token, subject) = match self.r#type.as_str() {
            "Notification" => (None, None, self.subject.as_deref()),
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => {
                let (url, token) = subscribing()?;
                (Some(url), Some(token), None)
            }
            _ => return None,
        };
        let fields = [
            ("Message", Some(self.message.as_str())),
            ("MessageId", Some(&self.message_id)),
            ("Subject", subject),
            ("SubscribeURL", subscribe_url),
            ("Timestamp", Some(&self.timestamp)),
            ("Token", token),
            ("TopicArn", Some(&self.topic_arn)),
            ("Type", Some(&self.r#type)),
        ];
        let lines =
            fields.iter().filter_map(|(name, value)| Some(format!("{name}\n{}\n", (*value)?)));
        Some(lines.collect())
    }
}

/// Whether a path, without its first slash, is that of a certificate.
fn is_certificate(path: &str) -> bool {
    let name = path.strip_prefix("SimpleNotificationService-");
    let name = name.and_then(|name| name.strip_suffix(".pem")).unwrap_or_default();
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::{AddressRule, HttpTimeouts};

    const ARN: &str = "arn:aws:sns:eu-west-1:123456789012:texts";

    fn topic() -> SnsTopic {
        let url: Url = SnsTopic::url_of("eu-west-1").parse().unwrap();
        let rule = AddressRule::new(&url, Vec::new());
        let client = HttpClient::new(&url, rule, HttpTimeouts::default());
        SnsTopic::new(ARN.to_owned(), url, client)
    }

    #[test]
    fn only_urls_of_the_topics_sns_are_called() {
        let topic = topic();
        let host = "https://sns.eu-west-1.amazonaws.com";
        let confirm = format!("?Action=ConfirmSubscription&TopicArn={ARN}&Token=2336");
        assert!(topic.is_subscription(&format!("{host}/{confirm}")));
        let other = confirm.replace("texts", "others");
        for wrong in [
            format!("{host}/{other}"),
            format!("{host}/{confirm}&TopicArn=arn:aws:sns:eu-west-1:1:x"),
            format!("{host}/{confirm}").replace("ConfirmSubscription", "Unsubscribe"),
            format!("{host}/x{confirm}"),
            format!("{host}:444/{confirm}"),
            format!("{host}.example.com/{confirm}"),
            format!("{host}@example.com/{confirm}"),
            format!("https://sns.eu-west-2.amazonaws.com/{confirm}"),
            format!("http://sns.eu-west-1.amazonaws.com/{confirm}"),
            String::new(),
        ] {
            assert!(!topic.is_subscription(&wrong), "{wrong}");
        }
    }

    #[test]
    fn certificates_have_names_of_one_shape() {
        assert!(is_certificate("SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem"));
        for wrong in [
            "SimpleNotificationService-.pem",
            "SimpleNotificationService-a.pem?x",
            "SimpleNotificationService-../a.pem",
            "SimpleNotificationService-%2e.pem",
            "a/SimpleNotificationService-a.pem",
            "SimpleNotificationService-a.crt",
            "",
        ] {
            assert!(!is_certificate(wrong), "{wrong}");
        }
    }
}
