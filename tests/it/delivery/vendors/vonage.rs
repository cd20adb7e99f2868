use std::collections::BTreeMap;

use axum::http::Method;
use axum::http::request::Parts;
use doorcode::delivery::Failure;
use doorcode::delivery::sms::ProviderSettings;
use doorcode::delivery::sms::vonage::VonageSettings;
use doorcode::domain::Secret;
use serde_json::{Value, json};

use super::{Contract, Refusal, Rules, SENDER, from_digits, is_gsm, or};
use crate::support::provider::{Reply, Text, Vendor};
use crate::support::twilio::AUTH_TOKEN;

pub(in crate::delivery) const KEY: &str = "a1b2c3d4";
/// That of Twilio in the stories, whose file has one secret for providers.
const SECRET: &str = AUTH_TOKEN;
const DOCUMENTED: [&str; 14] = [
    "api_key",
    "api_secret",
    "from",
    "to",
    "text",
    "type",
    "ttl",
    "status-report-req",
    "callback",
    "message-class",
    "client-ref",
    "account-ref",
    "entity-id",
    "content-id",
];

pub(in crate::delivery) struct Vonage;

fn refused(status: u32) -> Reply {
    let part = json!({ "status": status.to_string(), "error-text": "Refused: QUOTED" });
    Reply::json(200, &json!({ "message-count": "1", "messages": [part] }))
}

/// The text, or the status in the body.
fn check(head: &Parts, body: &[u8]) -> Result<Result<Text, u32>, u16> {
    let rules = Rules {
        method: Method::POST,
        path: "/sms/json",
        authorization: None,
        content_type: "application/x-www-form-urlencoded",
    };
    rules.check(head)?;
    let mut form = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(body).into_owned() {
        or(DOCUMENTED.contains(&name.as_str()), 400)?;
        or(form.insert(name, value).is_none(), 400)?;
    }
    Ok(message(&form))
}

fn message(form: &BTreeMap<String, String>) -> Result<Text, u32> {
    let field = |name: &str| form.get(name).filter(|value| !value.is_empty()).cloned().ok_or(2_u32);
    let known = (field("api_key")?, field("api_secret")?) == (KEY.to_owned(), SECRET.to_owned());
    known.then_some(()).ok_or(4_u32)?;
    let (from, body) = (field("from")?, field("text")?);
    (!from.starts_with('+')).then_some(()).ok_or(15_u32)?;
    let to = from_digits(&field("to")?).map_err(|_| 3_u32)?;
    let kind = if is_gsm(&body) { "text" } else { "unicode" };
    (field("type")? == kind).then_some(()).ok_or(3_u32)?;
    let ttl: u32 = field("ttl")?.parse().map_err(|_| 3_u32)?;
    (20_000..=604_800_000).contains(&ttl).then_some(()).ok_or(3_u32)?;
    Ok(Text { to, sender: format!("+{from}"), body, validity: Some(ttl / 1000) })
}

impl Vendor for Vonage {
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        let text = check(head, body).map_err(|status| Reply::json(status, &Value::Null))?;
        text.map_err(refused)
    }

    fn accepted(&self, text: &Text) -> Reply {
        let part = json!({
            "to": text.to.trim_start_matches('+'),
            "message-id": "0C000000217B7F02",
            "status": "0",
            "remaining-balance": "15.53590000",
            "message-price": "0.03330000",
            "network": "12345",
        });
        Reply::json(200, &json!({ "message-count": "1", "messages": [part] }))
    }

    fn slow_down(&self) -> Reply {
        refused(1)
    }
}

impl Contract for Vonage {
    fn name(&self) -> &'static str {
        "vonage"
    }

    fn vendor(&self) -> Box<dyn Vendor> {
        Box::new(Self)
    }

    fn settings(&self, base_url: &str, secret: &str) -> ProviderSettings {
        ProviderSettings::Vonage(VonageSettings {
            api_key: KEY.to_owned(),
            api_secret: Secret::new(secret),
            signature_secret: None,
            from: SENDER.to_owned(),
            base_url: base_url.parse().expect("a URL"),
        })
    }

    fn secret(&self) -> &'static str {
        SECRET
    }

    fn refusals(&self) -> Vec<Refusal> {
        use Failure::{
            BadNumber, Broken, Misconfigured, NotMobile, Overloaded, TextRefused, Unexpected,
        };
        let rows: [(&[u32], Failure); 7] = [
            (&[1, 10], Overloaded),
            (&[2, 3, 4, 8, 9, 11, 14, 15, 22, 23, 29, 32], Misconfigured),
            (&[5], Broken),
            (&[6], BadNumber),
            (&[7, 33], NotMobile),
            (&[12], TextRefused),
            (&[77], Unexpected),
        ];
        let refusal = |failure| {
            move |code: &u32| Refusal { reply: refused(*code), failure, code: Some(*code) }
        };
        let mut all: Vec<Refusal> =
            rows.iter().flat_map(|(codes, failure)| codes.iter().map(refusal(*failure))).collect();
        // One part of two is on its way.
        let parts = json!({ "messages": [
            { "status": "0", "message-id": "0C000000217B7F02" },
            { "status": "5", "error-text": "QUOTED" },
        ]});
        let reply = Reply::json(200, &parts);
        all.push(Refusal { reply, failure: Failure::Unclear, code: None });
        all
    }

    fn success(&self) -> u16 {
        200
    }

    fn longest(&self) -> usize {
        1000
    }
}
