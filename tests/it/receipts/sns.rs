//! Events of AWS, which SNS brings: its certificate, its topic, and the subscription of the place.
use std::sync::LazyLock;
use std::time::Duration;

use doorcode::system::Clock as _;
use serde_json::{Value, json};

use super::signed::{Status, Told};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Answer, exchange};
use crate::support::metrics::metric;
use crate::support::sns::{FakeSns, SnsMessage, certificate};
use crate::support::twilio::AUTH_TOKEN;

/// That of the contract; the other tests here have one each.
pub(super) static SNS: LazyLock<FakeSns> = LazyLock::new(FakeSns::start);

/// As "Example AWS End User Messaging SMS event data" has it.
fn event(kind: &str, id: &str, is_final: bool) -> Value {
    json!({
        "eventType": kind,
        "eventVersion": "1.0",
        "eventTimestamp": 1_686_975_103_470_i64,
        "isFinal": is_final,
        "originationPhoneNumber": "+12025550199",
        "destinationPhoneNumber": "+447400123456",
        "isInternationalSend": true,
        "isoCountryCode": "GB",
        "messageId": id,
        "messageRequestTimestamp": 1_686_975_103_170_i64,
        "messageEncoding": "GSM",
        "messageType": "TRANSACTIONAL",
        "messageStatus": kind.trim_start_matches("TEXT_"),
        "messageStatusDescription": "Message has been accepted by phone\ncarrier \"é\"",
        "totalMessageParts": 1,
        "totalMessagePrice": 0.00581,
        "totalCarrierFee": 0.00302,
    })
}

pub(super) fn aws(told: &Told<'_>) -> Vec<u8> {
    let kind = match told.status {
        Status::Queued => "TEXT_QUEUED",
        Status::Sent => "TEXT_SUCCESSFUL",
        Status::Delivered => "TEXT_DELIVERED",
        Status::Undelivered => "TEXT_CARRIER_BLOCKED",
    };
    let is_final = !matches!(told.status, Status::Queued);
    let mut message = SNS.notification(&event(kind, told.id, is_final), told.at);
    message.forged = told.secret != AUTH_TOKEN;
    message.request(told.url)
}

struct Case {
    sns: FakeSns,
    gate: Gate,
}

impl Case {
    fn new() -> Self {
        let sns = FakeSns::start();
        let table = format!("{}[sms.twilio]\n", sns.table());
        let gate = Gate::changed(&[
            ("providers = [\"twilio\"]", "providers = [\"twilio\", \"aws\"]"),
            ("[sms.twilio]\n", &table),
        ]);
        Self { sns, gate }
    }

    fn now(&self) -> i64 {
        self.gate.clock.now().as_millis() / 1000
    }

    fn send(&self, message: &SnsMessage) -> Answer {
        let url = format!("{}/.doorcode/sms/receipt/aws", self.gate.origin);
        exchange(self.gate.port, &message.request(&url))
    }

    fn delivered(&self, id: &str) -> SnsMessage {
        self.sns.notification(&event("TEXT_DELIVERED", id, true), self.now())
    }

    /// Status and reason that are stored of a message.
    fn stored(&self, id: &str) -> Option<(i64, Option<String>)> {
        let query = "SELECT status, failure FROM texts WHERE provider = 'aws' AND message = $1";
        let query = sqlx::query_as(query).bind(id);
        let mut database = self.gate.database();
        self.gate.run(query.fetch_optional(&mut database)).expect("a row or none")
    }

    /// Receipts are written in their order: those before this one are.
    fn settle(&self, id: &str) {
        self.send(&self.delivered(id)).is(200);
        wait_for("what came before", || self.stored(id));
    }

    fn visits(&self) -> usize {
        self.sns.asked().iter().filter(|target| target.contains("ConfirmSubscription")).count()
    }
}

#[test]
fn a_certificate_is_asked_for_once_and_only_where_the_topic_is() {
    let case = Case::new();
    for n in 1..=3 {
        case.send(&case.delivered(&format!("message-{n}"))).is(200);
    }
    assert_eq!(case.sns.asked(), ["/SimpleNotificationService-good.pem"]);
    let good = case.sns.certificate_url("good");
    for url in [
        good.replace("127.0.0.1", "localhost"),
        good.replace("good.pem", "good.pem?x=1"),
        good.replace("SimpleNotificationService-", "x/../SimpleNotificationService-"),
        good.replace("SimpleNotificationService", "Other"),
        good.replace("127.0.0.1", "user@127.0.0.1"),
        "file:///etc/passwd".to_owned(),
    ] {
        case.send(&case.delivered("message-4").with("SigningCertURL", &url)).is(403);
    }
    assert_eq!(case.sns.asked().len(), 1);
}

#[test]
fn a_certificate_that_is_not_for_sns_or_not_for_now_is_none() {
    let case = Case::new();
    case.sns.publish("other", &certificate(&["sns.amazonaws.com.example.com"], (2025, 2027)));
    case.sns.publish("name", &certificate(&["www.amazonaws.com"], (2025, 2027)));
    case.sns.publish("old", &certificate(&["sns.amazonaws.com"], (2020, 2025)));
    case.sns.publish("early", &certificate(&["sns.amazonaws.com"], (2027, 2028)));
    case.sns.publish("text", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for (n, name) in ["other", "name", "old", "early", "text", "missing"].iter().enumerate() {
        let url = case.sns.certificate_url(name);
        let message = || case.delivered("message-1").with("SigningCertURL", &url);
        // SNS comes again; nothing is asked for meanwhile.
        case.send(&message()).is(503);
        case.send(&message()).is(503);
        assert_eq!(case.sns.asked().len(), n + 1, "{name}");
        case.gate.pass(Duration::from_secs(10));
    }
    let regional = certificate(&["sns-signing.af-south-1.amazonaws.com"], (2025, 2027));
    case.sns.publish("regional", &regional);
    let url = case.sns.certificate_url("regional");
    case.send(&case.delivered("message-2").with("SigningCertURL", &url)).is(200);
    case.settle("message-3");
    assert_eq!((case.stored("message-1"), case.stored("message-2")), (None, Some((3, None))));
}

#[test]
fn a_subscription_is_confirmed_for_the_configured_topic_alone() {
    let case = Case::new();
    let asked = || case.sns.subscription(case.now());
    let elsewhere = case.sns.subscribe_url("t").replace("127.0.0.1", "localhost");
    let other = "arn:aws:sns:eu-west-1:999999999999:texts";
    let foreign = case.sns.subscribe_url("t").replace(crate::support::sns::TOPIC, other);
    let unsubscribe = case.sns.subscribe_url("t").replace("ConfirmSubscription", "Unsubscribe");
    let forged = SnsMessage { forged: true, ..asked() };
    let weak = SnsMessage { version: "1", ..asked() };
    for message in [
        forged,
        weak,
        asked().with("TopicArn", other),
        asked().with("SubscribeURL", &elsewhere),
        asked().with("SubscribeURL", &foreign),
        asked().with("SubscribeURL", &unsubscribe),
        case.sns.subscription(case.now() - 4000),
    ] {
        case.send(&message).is(403);
    }
    assert_eq!(case.visits(), 0);
    assert_eq!(case.send(&asked()).is(200).body, b"");
    assert_eq!(case.visits(), 1);
    // Whoever ended the subscription meant it.
    case.send(&asked().with("Type", "UnsubscribeConfirmation")).is(200);
    assert_eq!(case.visits(), 1);
    let refused = "doorcode_receipts_total{outcome=\"refused\",provider=\"aws\"}";
    assert_eq!(metric(case.gate.admin, refused), 7);
}

#[test]
fn each_event_has_its_meaning_and_one_that_is_not_final_changes_nothing() {
    let case = Case::new();
    let rows = [
        ("TEXT_BLOCKED", "blocked"),
        ("TEXT_CARRIER_BLOCKED", "blocked"),
        ("TEXT_SPAM", "blocked"),
        ("TEXT_PROTECT_BLOCKED", "declined"),
        ("TEXT_INVALID", "bad_number"),
        ("TEXT_INVALID_MESSAGE", "text_refused"),
        ("TEXT_UNREACHABLE", "not_reached"),
        ("TEXT_CARRIER_UNREACHABLE", "not_reached"),
        ("TEXT_TTL_EXPIRED", "not_reached"),
    ];
    let tell = |kind: &str, id: &str, is_final| {
        case.send(&case.sns.notification(&event(kind, id, is_final), case.now())).is(200);
    };
    for (kind, _) in rows {
        tell(kind, kind, true);
        tell(kind, "not-final", false);
    }
    for kind in ["TEXT_QUEUED", "TEXT_PENDING", "TEXT_SENT", "VOICE_COMPLETED", "SOMETHING_NEW"] {
        tell(kind, "nothing-new", true);
    }
    tell("TEXT_UNKNOWN", "unknown", true);
    // What SNS itself says to a topic, and an event with a subject.
    let words = case.delivered("words").with("Message", "Successfully validated SNS topic.");
    case.send(&words).is(200);
    case.send(&case.delivered("subject").with("Subject", "Text message\nevent")).is(200);
    case.settle("last");
    for (kind, failure) in rows {
        assert_eq!(case.stored(kind), Some((2, Some(failure.to_owned()))), "{kind}");
    }
    assert_eq!(case.stored("subject"), Some((3, None)));
    assert_eq!(case.stored("unknown"), Some((1, None)));
    for id in ["not-final", "nothing-new", "words"] {
        assert_eq!(case.stored(id), None, "{id}");
    }
}
