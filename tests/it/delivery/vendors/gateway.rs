use aws_lc_rs::hmac;
use axum::http::request::Parts;
use axum::http::{HeaderName, Method};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use doorcode::delivery::Failure;
use doorcode::delivery::sms::ProviderSettings;
use doorcode::delivery::sms::http::{GatewayBody, GatewaySettings, PRESETS};
use doorcode::domain::Secret;
use doorcode::words::{RequestTemplate, ValueEncoding};
use serde_json::{Value, json};

use super::{Contract, Refusal, Rules, SENDER, e164, object, or, text};
use crate::support::provider::{Reply, Text, Vendor};

const AUTHORIZATION: &str = "Bearer gateway-token-0";
const KEY: &[u8] = b"a signing key of 32 bytes, as is";

/// A gateway of the operator's own, which checks the signature.
pub(super) struct Gateway;

fn refused(status: u16, error: Option<&str>) -> Reply {
    Reply::json(status, &json!({ "error": error, "message": "Refused: QUOTED" }))
}

fn check(head: &Parts, body: &[u8]) -> Result<Text, u16> {
    let rules = Rules {
        method: Method::POST,
        path: "/send?country=%2B12025550123",
        authorization: Some(AUTHORIZATION.to_owned()),
        content_type: "application/json",
    };
    rules.check(head)?;
    let header = |name: &str| {
        let value = head.headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or(401_u16)
    };
    let (id, time) = (header("webhook-id")?, header("webhook-timestamp")?);
    let signed = [id.as_bytes(), time.as_bytes(), body].join(&b'.');
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, KEY), &signed);
    let expected = format!("v1,{}", BASE64_STANDARD.encode(tag));
    or(header("webhook-signature")? == expected, 401)?;
    let age = jiff::Timestamp::now().as_second() - time.parse::<i64>().map_err(|_| 401_u16)?;
    or((-5..300).contains(&age), 401)?;
    or(header("idempotency-key")? == id && header("x-account")? == "shop", 400)?;
    let fields = object(body, &["id", "to", "from", "text", "expires_in"])?;
    or(text(&fields, "id")? == id, 400)?;
    or(header("x-to")? == format!("tel:{}", text(&fields, "to")?), 400)?;
    or(header("x-text")?.contains("%0A") == text(&fields, "text")?.contains('\n'), 400)?;
    let validity = fields.get("expires_in").and_then(Value::as_u64);
    Ok(Text {
        to: e164(text(&fields, "to")?)?,
        sender: e164(text(&fields, "from")?)?,
        body: text(&fields, "text")?,
        validity: validity.and_then(|seconds| u32::try_from(seconds).ok()),
    })
}

impl Vendor for Gateway {
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        check(head, body).map_err(|status| refused(status, None))
    }

    fn accepted(&self, _: &Text) -> Reply {
        Reply::json(202, &json!({ "id": "gateway-1" }))
    }

    fn slow_down(&self) -> Reply {
        refused(429, None)
    }
}

impl Contract for Gateway {
    fn name(&self) -> &'static str {
        "http"
    }

    fn vendor(&self) -> Box<dyn Vendor> {
        Box::new(Self)
    }

    fn settings(&self, base_url: &str, secret: &str) -> ProviderSettings {
        let template = |text: &str, encoding| {
            RequestTemplate::parse("sms.http", text, encoding).expect("a template")
        };
        let url = format!("{base_url}/send?country={{{{ to }}}}");
        let key = format!("whsec_{}", BASE64_STANDARD.encode(KEY));
        ProviderSettings::Http(GatewaySettings {
            method: Method::POST,
            url: template(&url, ValueEncoding::Percent),
            origin: base_url.parse().expect("a URL"),
            body: Some(GatewayBody {
                template: template(PRESETS[0].1, ValueEncoding::Json),
                content_type: "application/json",
            }),
            headers: [("x-account", "shop"), ("x-to", "tel:{{ to }}"), ("x-text", "{{ text }}")]
                .map(|(name, value)| {
                    (HeaderName::from_static(name), template(value, ValueEncoding::Header))
                })
                .into(),
            authorization: Some(Secret::new(secret)),
            signing_secret: Some(Secret::new(key)),
            receipts: false,
            from: Some(SENDER.to_owned()),
        })
    }

    fn secret(&self) -> &'static str {
        AUTHORIZATION
    }

    fn refusals(&self) -> Vec<Refusal> {
        use Failure::{
            BadNumber, Blocked, Broken, CountryNotServed, Declined, Fraud, Misconfigured,
            NotMobile, NotReached, OptedOut, Overloaded, TextRefused, TooMany, Unclear,
        };
        let rows = [
            (400, Some("bad_number"), BadNumber),
            (400, Some("not_mobile"), NotMobile),
            (400, Some("not_reached"), NotReached),
            (403, Some("opted_out"), OptedOut),
            (429, Some("too_many"), TooMany),
            (403, Some("country_not_served"), CountryNotServed),
            (400, Some("text_refused"), TextRefused),
            (400, Some("misconfigured"), Misconfigured),
            (503, Some("overloaded"), Overloaded),
            (500, Some("broken"), Broken),
            (403, Some("blocked"), Blocked),
            (403, Some("fraud"), Fraud),
            (403, Some("no word of ours"), Declined),
            (400, None, Declined),
            (401, None, Misconfigured),
            (403, None, Declined),
            (404, None, Misconfigured),
            (409, None, Unclear),
            (410, None, Declined),
            (422, None, Declined),
        ];
        let refusal = |(status, error, failure)| Refusal {
            reply: refused(status, error),
            failure,
            code: None,
        };
        rows.into_iter().map(refusal).collect()
    }

    fn success(&self) -> u16 {
        200
    }

    fn needs_id(&self) -> bool {
        false
    }

    fn longest(&self) -> usize {
        1600
    }
}
