use axum::http::Method;
use axum::http::request::Parts;
use doorcode::delivery::Failure;
use doorcode::delivery::sms::ProviderSettings;
use doorcode::delivery::sms::plivo::{PlivoSender, PlivoSettings};
use doorcode::domain::Secret;
use serde_json::{Value, json};

use super::{Contract, Refusal, Rules, SENDER, basic, from_digits, object, or, text};
use crate::support::provider::{Reply, Text, Vendor};

const AUTH_ID: &str = "MA0123456789ABCDEF01";
const AUTH_TOKEN: &str = "Plivo-token-0";
const DOCUMENTED: [&str; 11] = [
    "src",
    "powerpack_uuid",
    "dst",
    "text",
    "type",
    "url",
    "method",
    "log",
    "trackable",
    "media_urls",
    "message_expiry",
];

pub(super) struct Plivo;

fn refused(status: u16) -> Reply {
    let api_id = "97ceeb52-58b6-11e1-86da-77300b68f8bb";
    Reply::json(status, &json!({ "api_id": api_id, "error": "Refused: QUOTED" }))
}

fn check(head: &Parts, body: &[u8]) -> Result<Text, u16> {
    let rules = Rules {
        method: Method::POST,
        path: &format!("/v1/Account/{AUTH_ID}/Message/"),
        authorization: Some(basic(AUTH_ID, AUTH_TOKEN)),
        content_type: "application/json",
    };
    rules.check(head)?;
    let fields = object(body, &DOCUMENTED)?;
    or(!fields.contains_key("powerpack_uuid"), 400)?;
    or(text(&fields, "type")? == "sms", 400)?;
    let expiry = fields.get("message_expiry").and_then(Value::as_u64).ok_or(400_u16)?;
    or((5..10_800).contains(&expiry), 400)?;
    Ok(Text {
        to: from_digits(&text(&fields, "dst")?)?,
        sender: from_digits(&text(&fields, "src")?)?,
        body: text(&fields, "text")?,
        validity: u32::try_from(expiry).ok(),
    })
}

impl Vendor for Plivo {
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        check(head, body).map_err(refused)
    }

    fn accepted(&self, _: &Text) -> Reply {
        Reply::json(
            202,
            &json!({
                "message": "message(s) queued",
                "message_uuid": ["db3ce55a-7f1d-11e1-8ea7-1231380bc196"],
                "api_id": "db342550-7f1d-11e1-8ea7-1231380bc196",
            }),
        )
    }

    fn slow_down(&self) -> Reply {
        refused(429)
    }
}

impl Contract for Plivo {
    fn name(&self) -> &'static str {
        "plivo"
    }

    fn vendor(&self) -> Box<dyn Vendor> {
        Box::new(Self)
    }

    fn settings(&self, base_url: &str, secret: &str) -> ProviderSettings {
        ProviderSettings::Plivo(PlivoSettings {
            auth_id: AUTH_ID.to_owned(),
            auth_token: Secret::new(secret),
            sender: PlivoSender::From(SENDER.to_owned()),
            base_url: base_url.parse().expect("a URL"),
        })
    }

    fn secret(&self) -> &'static str {
        AUTH_TOKEN
    }

    fn refusals(&self) -> Vec<Refusal> {
        let rows = [
            (400, Failure::Unexpected),
            (401, Failure::Misconfigured),
            (402, Failure::Misconfigured),
            (404, Failure::Misconfigured),
            (405, Failure::Misconfigured),
        ];
        let refusal = |(status, failure)| Refusal { reply: refused(status), failure, code: None };
        let mut all: Vec<Refusal> = rows.into_iter().map(refusal).collect();
        let none = json!({ "message": "message(s) queued", "message_uuid": [], "invalid_number": ["QUOTED"] });
        let reply = Reply::json(202, &none);
        all.push(Refusal { reply, failure: Failure::BadNumber, code: None });
        all
    }

    fn success(&self) -> u16 {
        202
    }

    fn longest(&self) -> usize {
        1600
    }
}
