use axum::http::Method;
use axum::http::request::Parts;
use doorcode::delivery::Failure;
use doorcode::delivery::sms::ProviderSettings;
use doorcode::delivery::sms::messagebird::MessageBirdSettings;
use doorcode::domain::Secret;
use serde_json::{Value, json};

use super::{Contract, Refusal, Rules, SENDER, from_digits, object, or, text};
use crate::support::provider::{Reply, Text, Vendor};

const ACCESS_KEY: &str = "live-gshuPaZoeEG6ovbc8M79w5d8I";
const DOCUMENTED: [&str; 13] = [
    "originator",
    "recipients",
    "body",
    "datacoding",
    "validity",
    "type",
    "reference",
    "reportUrl",
    "gateway",
    "groupIds",
    "mclass",
    "scheduledDatetime",
    "typeDetails",
];

pub(super) struct MessageBird;

fn refused(status: u16, code: u32, parameter: Option<&str>) -> Reply {
    let error = json!({ "code": code, "description": "Refused: QUOTED", "parameter": parameter });
    Reply::json(status, &json!({ "errors": [error] }))
}

fn check(head: &Parts, body: &[u8]) -> Result<Text, u16> {
    let rules = Rules {
        method: Method::POST,
        path: "/messages",
        authorization: Some(format!("AccessKey {ACCESS_KEY}")),
        content_type: "application/json",
    };
    rules.check(head)?;
    let fields = object(body, &DOCUMENTED)?;
    or(text(&fields, "datacoding")? == "auto", 422)?;
    let [to] = &fields.get("recipients").and_then(Value::as_array).ok_or(422_u16)?[..] else {
        return Err(422);
    };
    let validity = fields.get("validity").and_then(Value::as_u64);
    Ok(Text {
        to: from_digits(to.as_str().ok_or(422_u16)?)?,
        sender: from_digits(&text(&fields, "originator")?)?,
        body: text(&fields, "body")?,
        validity: validity.and_then(|seconds| u32::try_from(seconds).ok()),
    })
}

impl Vendor for MessageBird {
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        check(head, body).map_err(|status| refused(status, if status == 401 { 2 } else { 9 }, None))
    }

    fn accepted(&self, text: &Text) -> Reply {
        let to: u64 = text.to.trim_start_matches('+').parse().expect("digits");
        Reply::json(
            201,
            &json!({
                "id": "e8077d803532c0b5937c639b60216938",
                "href": "https://rest.messagebird.com/messages/e8077d803532c0b5937c639b60216938",
                "direction": "mt",
                "type": "sms",
                "originator": text.sender,
                "body": text.body,
                "reference": null,
                "validity": text.validity,
                "gateway": null,
                "typeDetails": {},
                "datacoding": "plain",
                "mclass": 1,
                "recipients": {
                    "totalCount": 1,
                    "totalSentCount": 1,
                    "items": [{ "recipient": to, "status": "sent" }],
                },
            }),
        )
    }

    fn slow_down(&self) -> Reply {
        Reply::json(429, &json!({ "errors": [] }))
    }
}

impl Contract for MessageBird {
    fn name(&self) -> &'static str {
        "messagebird"
    }

    fn vendor(&self) -> Box<dyn Vendor> {
        Box::new(Self)
    }

    fn settings(&self, base_url: &str, secret: &str) -> ProviderSettings {
        ProviderSettings::MessageBird(MessageBirdSettings {
            access_key: Secret::new(secret),
            signing_key: None,
            from: SENDER.to_owned(),
            base_url: base_url.parse().expect("a URL"),
        })
    }

    fn secret(&self) -> &'static str {
        ACCESS_KEY
    }

    fn refusals(&self) -> Vec<Refusal> {
        use Failure::{BadNumber, Broken, Misconfigured, TextRefused, Unexpected};
        let rows = [
            (401, 2, None, Misconfigured),
            (422, 9, Some("recipients"), BadNumber),
            (422, 10, Some("recipient"), BadNumber),
            (422, 9, Some("originator"), Misconfigured),
            (422, 10, Some("body"), TextRefused),
            (422, 10, Some("validity"), Misconfigured),
            (404, 20, None, Misconfigured),
            (422, 21, None, Misconfigured),
            (402, 25, None, Misconfigured),
            (404, 98, None, Misconfigured),
            (500, 99, None, Broken),
            (422, 77, None, Unexpected),
        ];
        let refusal = |(status, code, parameter, failure)| Refusal {
            reply: refused(status, code, parameter),
            failure,
            code: Some(code),
        };
        rows.into_iter().map(refusal).collect()
    }

    fn success(&self) -> u16 {
        201
    }

    fn longest(&self) -> usize {
        1377
    }
}
