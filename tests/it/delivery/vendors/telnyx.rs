use axum::http::Method;
use axum::http::request::Parts;
use doorcode::delivery::Failure;
use doorcode::delivery::sms::ProviderSettings;
use doorcode::delivery::sms::telnyx::{TelnyxSender, TelnyxSettings};
use doorcode::domain::Secret;
use serde_json::json;

use super::{Contract, Refusal, Rules, SENDER, e164, object, or, text};
use crate::support::provider::{Reply, Text, Vendor};

const API_KEY: &str = "KEY0123456789ABCDEF_telnyx";
const DOCUMENTED: [&str; 12] = [
    "from",
    "messaging_profile_id",
    "to",
    "text",
    "subject",
    "media_urls",
    "webhook_url",
    "webhook_failover_url",
    "use_profile_webhooks",
    "type",
    "auto_detect",
    "send_at",
];

pub(super) struct Telnyx;

fn refused(status: u16, code: u32) -> Reply {
    let error = json!({ "code": code.to_string(), "title": "Refused", "detail": "QUOTED" });
    Reply::json(status, &json!({ "errors": [error] }))
}

fn check(head: &Parts, body: &[u8]) -> Result<Text, u16> {
    let rules = Rules {
        method: Method::POST,
        path: "/v2/messages",
        authorization: Some(format!("Bearer {API_KEY}")),
        content_type: "application/json",
    };
    rules.check(head)?;
    let fields = object(body, &DOCUMENTED)?;
    or(text(&fields, "type")? == "SMS", 422)?;
    or(!fields.contains_key("messaging_profile_id"), 422)?;
    Ok(Text {
        to: e164(text(&fields, "to")?)?,
        sender: e164(text(&fields, "from")?)?,
        body: text(&fields, "text")?,
        validity: None,
    })
}

impl Vendor for Telnyx {
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        check(head, body)
            .map_err(|status| refused(status, if status == 401 { 10009 } else { 10015 }))
    }

    fn accepted(&self, text: &Text) -> Reply {
        Reply::json(
            200,
            &json!({ "data": {
                "record_type": "message",
                "direction": "outbound",
                "id": "40385f64-5717-4562-b3fc-2c963f66afa6",
                "type": "SMS",
                "from": { "phone_number": text.sender, "carrier": "TELNYX LLC", "line_type": "VoIP" },
                "to": [{ "phone_number": text.to, "status": "queued", "carrier": "", "line_type": "" }],
                "text": text.body,
                "encoding": "GSM-7",
                "parts": 1,
                "cost": null,
                "errors": [],
            }}),
        )
    }

    fn slow_down(&self) -> Reply {
        refused(429, 10011)
    }
}

impl Contract for Telnyx {
    fn name(&self) -> &'static str {
        "telnyx"
    }

    fn vendor(&self) -> Box<dyn Vendor> {
        Box::new(Self)
    }

    fn settings(&self, base_url: &str, secret: &str) -> ProviderSettings {
        let sender = TelnyxSender { from: Some(SENDER.to_owned()), messaging_profile_id: None };
        ProviderSettings::Telnyx(TelnyxSettings {
            api_key: Secret::new(secret),
            public_key: None,
            sender,
            base_url: base_url.parse().expect("a URL"),
        })
    }

    fn secret(&self) -> &'static str {
        API_KEY
    }

    fn refusals(&self) -> Vec<Refusal> {
        use Failure::{
            BadNumber, Blocked, Broken, CountryNotServed, Misconfigured, NotMobile, NotReached,
            OptedOut, Overloaded, TextRefused, Unclear, Unexpected,
        };
        let rows: [(u16, &[u32], Failure); 14] = [
            (422, &[10001, 10002, 10016, 40012, 40310], BadNumber),
            (401, &[10009], Misconfigured),
            (403, &[10010, 20012, 20013, 20014, 20015, 20016, 20017, 20100], Misconfigured),
            (422, &[10003, 10004, 10005, 10006, 10014, 10015, 10017, 20002, 20006], Misconfigured),
            (
                400,
                &[
                    40013, 40100, 40150, 40151, 40301, 40305, 40306, 40308, 40311, 40312, 40313,
                    40314, 40315, 40320, 40321,
                ],
                Misconfigured,
            ),
            (429, &[40333], Misconfigured),
            (500, &[10007], Broken),
            (429, &[10011, 40011, 40318], Overloaded),
            (400, &[40001, 40319], NotMobile),
            (400, &[40005, 40006, 40014], NotReached),
            (
                400,
                &[40002, 40003, 40004, 40008, 40010, 40015, 40016, 40017, 40018, 40322, 40329],
                Blocked,
            ),
            (400, &[40300], OptedOut),
            (400, &[40309], CountryNotServed),
            (400, &[40009, 40302, 40304, 40316, 40328], TextRefused),
        ];
        let one = |status, code, failure| Refusal {
            reply: refused(status, code),
            failure,
            code: Some(code),
        };
        let of = |(status, codes, failure): (u16, &'static [u32], Failure)| {
            codes.iter().map(move |code| one(status, *code, failure))
        };
        let unknown = [one(408, 10008, Unclear), one(400, 49_999, Unexpected)];
        rows.into_iter().flat_map(of).chain(unknown).collect()
    }

    fn success(&self) -> u16 {
        200
    }

    fn longest(&self) -> usize {
        1530
    }
}
