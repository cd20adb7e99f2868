//! Twilio on this machine.
pub(crate) mod channels;
pub(crate) mod receipts;
mod rules;

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::request::Parts;
use serde_json::{Value, json};

pub(crate) use super::provider::FakeProvider as FakeTwilio;
use super::provider::{FakeProvider, Reply, Text, Vendor};

pub(crate) const ACCOUNT_SID: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const AUTH_TOKEN: &str = "f00dfeedf00dfeedf00dfeedf00dfeed";
pub(crate) const API_KEY: &str = "SK00112233445566778899aabbccddeeff";
pub(crate) const API_KEY_SECRET: &str = "beefcafebeefcafebeefcafebeefcafe";
pub(crate) const SERVICE_SID: &str = "MGfedcba9876543210fedcba9876543210";
pub(crate) const NUMBER: &str = "+12025550199";

impl FakeProvider {
    /// Twilio, which most tests text by.
    pub(crate) fn start() -> Self {
        Self::of(Box::new(TwilioVendor))
    }
}

pub(crate) struct TwilioVendor;

impl Vendor for TwilioVendor {
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        rules::check(head, body).map_err(|code| self.refused(code))
    }

    fn knows(&self, head: &Parts) -> bool {
        rules::knows(head)
    }

    fn accepted(&self, text: &Text) -> Reply {
        let status = if text.sender.starts_with("MG") { "accepted" } else { "queued" };
        Reply::json(201, &created(text, status, None))
    }

    fn callback(&self, body: &[u8]) -> Option<String> {
        let mut fields = url::form_urlencoded::parse(body);
        fields.find(|(name, _)| name == "StatusCallback").map(|(_, url)| url.into_owned())
    }

    fn id_in(&self, reply: &Reply) -> Option<String> {
        let body: Value = serde_json::from_str(&reply.body).ok()?;
        body["sid"].as_str().map(str::to_owned)
    }

    fn slow_down(&self) -> Reply {
        self.refused(20429)
    }

    fn refused(&self, code: u32) -> Reply {
        let status = rules::status_of(code);
        let reply = Reply::json(
            status,
            &json!({
                "code": code,
                "message": "Refused: QUOTED",
                "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
                "status": status,
            }),
        );
        let challenge = (status == 401).then_some("Basic realm=\"Twilio API\"");
        Reply { challenge, ..reply }
    }

    fn failed(&self, text: &Text, code: u32) -> Reply {
        Reply::json(201, &created(text, "failed", Some(code)))
    }
}

/// A Message resource. A service has no sender and no segments yet when it answers.
fn created(text: &Text, status: &str, error_code: Option<u32>) -> Value {
    // Each message has its own, whatever it says.
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let sid = format!("SM{:032x}", digest(&format!("{number} {}", text.body)));
    let uri = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sid}.json");
    let service = text.sender.starts_with("MG");
    json!({
        "account_sid": ACCOUNT_SID,
        "api_version": "2010-04-01",
        "body": text.body,
        "date_created": "Thu, 24 Aug 2023 05:01:45 +0000",
        "date_sent": null,
        "date_updated": "Thu, 24 Aug 2023 05:01:45 +0000",
        "direction": "outbound-api",
        "error_code": error_code,
        "error_message": error_code.map(|_| "Failed"),
        "from": (!service).then_some(&text.sender),
        "messaging_service_sid": service.then_some(&text.sender),
        "num_media": "0",
        "num_segments": if service { "0" } else { "1" },
        "price": null,
        "price_unit": "USD",
        "sid": sid,
        "status": status,
        "subresource_uris": { "media": format!("{}/Media.json", uri.trim_end_matches(".json")) },
        "tags": null,
        "to": text.to,
        "uri": uri,
    })
}

fn digest(text: &str) -> u128 {
    let bytes = doorcode::domain::sha256(text.as_bytes());
    bytes.iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte))
}
