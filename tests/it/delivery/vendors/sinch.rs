use axum::http::Method;
use axum::http::request::Parts;
use doorcode::delivery::Failure;
use doorcode::delivery::sms::ProviderSettings;
use doorcode::delivery::sms::sinch::SinchSettings;
use doorcode::domain::Secret;
use serde_json::{Value, json};

use super::{Contract, Refusal, Rules, SENDER, e164, object, or, text};
use crate::support::provider::{Reply, Text, Vendor};

const PLAN: &str = "jd63jf88477ll123ab4567cd89012ef3";
const TOKEN: &str = "Sinch-token-0";
const DOCUMENTED: [&str; 14] = [
    "from",
    "to",
    "body",
    "type",
    "parameters",
    "delivery_report",
    "send_at",
    "expire_at",
    "callback_url",
    "client_reference",
    "feedback_enabled",
    "flash_message",
    "truncate_concat",
    "max_number_of_message_parts",
];

pub(super) struct Sinch;

fn refused(status: u16, code: &str) -> Reply {
    Reply::json(status, &json!({ "code": code, "text": "Refused: QUOTED" }))
}

/// What has no documented body.
fn bare(status: u16) -> Reply {
    Reply::json(status, &Value::Null)
}

fn check(head: &Parts, body: &[u8]) -> Result<Text, u16> {
    let rules = Rules {
        method: Method::POST,
        path: &format!("/xms/v1/{PLAN}/batches"),
        authorization: Some(format!("Bearer {TOKEN}")),
        content_type: "application/json",
    };
    rules.check(head)?;
    let fields = object(body, &DOCUMENTED)?;
    or(text(&fields, "type")? == "mt_text", 400)?;
    or(text(&fields, "delivery_report")? == "none", 400)?;
    let [to] = &fields.get("to").and_then(Value::as_array).ok_or(400_u16)?[..] else {
        return Err(400);
    };
    let expires: jiff::Timestamp = text(&fields, "expire_at")?.parse().map_err(|_| 400_u16)?;
    let left = expires.duration_since(jiff::Timestamp::now()).as_secs_f64().round();
    or((1.0..=1e6).contains(&left), 400)?;
    Ok(Text {
        to: e164(to.as_str().ok_or(400_u16)?.to_owned())?,
        sender: e164(text(&fields, "from")?)?,
        body: text(&fields, "body")?,
        // The moment is checked above; how many seconds are left depends on the machine.
        validity: None,
    })
}

impl Vendor for Sinch {
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        check(head, body).map_err(|status| {
            if status == 400 { refused(400, "syntax_constraint_violation") } else { bare(status) }
        })
    }

    fn accepted(&self, text: &Text) -> Reply {
        Reply::json(
            201,
            &json!({
                "id": "01FC66621XXXXX119Z8PMV1QPQ",
                "to": [text.to.trim_start_matches('+')],
                "from": text.sender,
                "canceled": false,
                "body": text.body,
                "type": "mt_text",
                "created_at": "2026-10-02T09:34:28.542Z",
                "modified_at": "2026-10-02T09:34:28.542Z",
                "delivery_report": "none",
                "flash_message": false,
            }),
        )
    }

    fn slow_down(&self) -> Reply {
        bare(429)
    }
}

impl Contract for Sinch {
    fn name(&self) -> &'static str {
        "sinch"
    }

    fn vendor(&self) -> Box<dyn Vendor> {
        Box::new(Self)
    }

    fn settings(&self, base_url: &str, secret: &str) -> ProviderSettings {
        ProviderSettings::Sinch(SinchSettings {
            service_plan_id: PLAN.to_owned(),
            api_token: Secret::new(secret),
            webhook_secret: None,
            from: SENDER.to_owned(),
            base_url: base_url.parse().expect("a URL"),
        })
    }

    fn secret(&self) -> &'static str {
        TOKEN
    }

    fn refusals(&self) -> Vec<Refusal> {
        use Failure::{Broken, Misconfigured, Overloaded, Unexpected};
        let rows = [
            (400, "syntax_invalid_json", Misconfigured),
            (400, "syntax_invalid_parameter_format", Misconfigured),
            (400, "syntax_constraint_violation", Misconfigured),
            (403, "blocked_account", Misconfigured),
            (403, "unknown_group", Misconfigured),
            (403, "unknown_campaign", Misconfigured),
            (403, "missing_callback_url", Misconfigured),
            (400, "something_new", Unexpected),
        ];
        let refusal =
            |(status, code, failure)| Refusal { reply: refused(status, code), failure, code: None };
        let plain = [
            (401, Misconfigured),
            (403, Misconfigured),
            (404, Misconfigured),
            (405, Misconfigured),
            (415, Unexpected),
            (429, Overloaded),
            (500, Broken),
            (503, Broken),
        ];
        let without = |(status, failure)| Refusal { reply: bare(status), failure, code: None };
        rows.into_iter().map(refusal).chain(plain.into_iter().map(without)).collect()
    }

    fn success(&self) -> u16 {
        201
    }

    fn longest(&self) -> usize {
        2000
    }
}
