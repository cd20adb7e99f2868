//! SNS on this machine: its certificate, its signatures, and the URL that confirms a subscription, as its
//! developer guide has them.
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

/// The topic that the tests are subscribed to.
pub(crate) const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:texts";

/// Keys of RSA take a while to make: two are enough for all tests.
static KEYS: LazyLock<[KeyPair; 2]> = LazyLock::new(|| {
    [(); 2].map(|()| KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key of RSA"))
});

/// A certificate by the first key, for these names and years.
pub(crate) fn certificate(names: &[&str], years: (i32, i32)) -> String {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    params.self_signed(&KEYS[0]).expect("a certificate").pem()
}

/// What it answers, and what it was asked.
#[derive(Default)]
struct Desk {
    /// By path.
    certificates: Mutex<BTreeMap<String, String>>,
    asked: Mutex<Vec<String>>,
}

/// Serves until the process ends.
pub(crate) struct FakeSns {
    address: SocketAddr,
    desk: Arc<Desk>,
}

/// A message as it is before it is signed.
pub(crate) struct SnsMessage {
    pub(crate) fields: BTreeMap<&'static str, String>,
    pub(crate) version: &'static str,
    /// Signed by a key whose certificate is nowhere.
    pub(crate) forged: bool,
}

impl FakeSns {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let address = listener.local_addr().expect("a bound listener");
        let desk = Arc::new(Desk::default());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&desk));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                axum::serve(listener, app).await.expect("served");
            });
        });
        let sns = Self { address, desk };
        sns.publish("good", &certificate(&["sns.amazonaws.com"], (2025, 2027)));
        sns
    }

    /// Publishes a certificate, by this part of its name.
    pub(crate) fn publish(&self, name: &str, pem: &str) {
        let path = format!("/SimpleNotificationService-{name}.pem");
        let mut all = self.desk.certificates.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(path, pem.to_owned());
    }

    pub(crate) fn certificate_url(&self, name: &str) -> String {
        format!("http://{}/SimpleNotificationService-{name}.pem", self.address)
    }

    /// Targets of the requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.desk.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `[sms.aws]` with its topic.
    pub(crate) fn table(&self) -> String {
        format!(
            "[sms.aws]\nregion = \"eu-west-1\"\naccess_key_id = \"AKIA1\"\n\
             secret_access_key = \"env:TOKEN\"\norigination_identity = \"+12025550199\"\n\
             configuration_set = \"texts\"\ntopic = \"{TOPIC}\"\n\
             base_url = \"http://127.0.0.1:9\"\nsns_url = \"http://{}\"\n",
            self.address
        )
    }

    /// An event of the configuration set.
    pub(crate) fn notification(&self, event: &Value, at: i64) -> SnsMessage {
        let mut message = self.message("Notification", at);
        message.fields.insert("Message", event.to_string());
        message
    }

    /// What SNS sends when a place is subscribed.
    pub(crate) fn subscription(&self, at: i64) -> SnsMessage {
        let mut message = self.message("SubscriptionConfirmation", at);
        let token = "2336412f37fb687f5d51e6e241d09c80";
        let text = format!("You have chosen to subscribe to the topic {TOPIC}.\nTo confirm …");
        message.fields.extend([
            ("Message", text),
            ("Token", token.to_owned()),
            ("SubscribeURL", self.subscribe_url(token)),
        ]);
        message
    }

    pub(crate) fn subscribe_url(&self, token: &str) -> String {
        let query = format!("Action=ConfirmSubscription&TopicArn={TOPIC}&Token={token}");
        format!("http://{}/?{query}", self.address)
    }

    fn message(&self, kind: &'static str, at: i64) -> SnsMessage {
        let time = jiff::Timestamp::from_second(at).expect("a time");
        let fields = [
            ("Type", kind.to_owned()),
            ("MessageId", "165545c9-2a5c-472c-8df2-7ff2be2b3b1b".to_owned()),
            ("TopicArn", TOPIC.to_owned()),
            ("Timestamp", time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()),
            ("SigningCertURL", self.certificate_url("good")),
        ];
        SnsMessage { fields: fields.into(), version: "2", forged: false }
    }
}

impl SnsMessage {
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.fields.insert(name, value.to_owned());
        self
    }

    /// The body of the request, as SNS writes it.
    pub(crate) fn signed(&self) -> String {
        let names: &[&str] = match self.fields["Type"].as_str() {
            "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
            _ => {
                &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
            }
        };
        let lines = names.iter().filter_map(|name| {
            let value = self.fields.get(name)?;
            Some(format!("{name}\n{value}\n"))
        });
        let text: String = lines.collect();
        let key = KEYS[usize::from(self.forged)].serialize_der();
        let key = RsaKeyPair::from_pkcs8(&key).expect("a key");
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .expect("signed");
        let mut body = json!({
            "SignatureVersion": self.version,
            "Signature": BASE64_STANDARD.encode(signature),
        });
        for (name, value) in &self.fields {
            body[*name] = value.as_str().into();
        }
        body.to_string()
    }

    /// The request that brings it to `url`.
    pub(crate) fn request(&self, url: &str) -> Vec<u8> {
        let (url, body) = (url::Url::parse(url).expect("a URL"), self.signed());
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        format!(
            "POST {} HTTP/1.1\r\nHost: {host}\r\nx-amz-sns-message-type: {}\r\n\
             x-amz-sns-topic-arn: {}\r\nContent-Type: text/plain; charset=UTF-8\r\n\
             User-Agent: Amazon Simple Notification Service Agent\r\nAccept: */*\r\n\
             Content-Length: {}\r\n\r\n{body}",
            url.path(),
            self.fields["Type"],
            self.fields["TopicArn"],
            body.len()
        )
        .into_bytes()
    }
}

async fn answer(State(desk): State<Arc<Desk>>, request: Request) -> (StatusCode, String) {
    let target = request.uri().to_string();
    desk.asked.lock().unwrap_or_else(PoisonError::into_inner).push(target.clone());
    let certificates = desk.certificates.lock().unwrap_or_else(PoisonError::into_inner);
    match certificates.get(&target) {
        Some(pem) => (StatusCode::OK, pem.clone()),
        None if target.contains("Action=ConfirmSubscription") => {
            (StatusCode::OK, "<ConfirmSubscriptionResponse/>".to_owned())
        }
        None => (StatusCode::NOT_FOUND, String::new()),
    }
}
