use axum::http::Method;
use axum::http::request::Parts;
use doorcode::delivery::Failure;
use doorcode::delivery::sms::ProviderSettings;
use doorcode::delivery::sms::messagebird_whatsapp::MessageBirdWhatsAppSettings;
use doorcode::domain::Secret;
use serde_json::{Map, Value, json};

use super::{Contract, Refusal, Rules, e164, object, or, text};
use crate::support::provider::{Reply, Text, Vendor};

const ACCESS_KEY: &str = "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIj";
const WORKSPACE: &str = "f3a1c2d4-5b6e-4f70-8a91-b2c3d4e5f607";
const CHANNEL: &str = "0c9d8e7f-6a5b-4c3d-9e2f-1a0b9c8d7e6f";
const PROJECT: &str = "ce6a2fd6-b2fa-4f5a-a2cd-f3bd15883318";

/// Of `CreateChannelMessage`, which has no others.
const DOCUMENTED: [&str; 15] = [
    "sender",
    "receiver",
    "reference",
    "template",
    "meta",
    "replyTo",
    "body",
    "notification",
    "capFrequency",
    "enableLinkTracking",
    "ignoreQuietHours",
    "ignoreGlobalHoldout",
    "tags",
    "shortLinks",
    "scheduledFor",
];

/// The body of a text is locale and code.
pub(super) struct MessageBirdWhatsApp;

fn refused(status: u16) -> Reply {
    let error = json!({ "code": "InvalidPayload", "message": "Refused: QUOTED", "details": {} });
    Reply::json(status, &error)
}

fn inner(
    fields: &Map<String, Value>,
    name: &str,
    documented: &[&str],
) -> Result<Map<String, Value>, u16> {
    let inner = fields.get(name).ok_or(422_u16)?;
    object(inner.to_string().as_bytes(), documented).map_err(|_| 422)
}

/// The code in all variables of the template.
fn code(template: &Map<String, Value>) -> Result<String, u16> {
    let parameters = template.get("parameters").and_then(Value::as_array).ok_or(422_u16)?;
    let mut codes = Vec::new();
    let mut keys = Vec::new();
    for parameter in parameters {
        let fields = object(parameter.to_string().as_bytes(), &["type", "key", "value"])?;
        or(text(&fields, "type")? == "string", 422)?;
        keys.push(text(&fields, "key")?);
        codes.push(text(&fields, "value")?);
    }
    or(keys == ["code", "button"] && codes[0] == codes[1], 422)?;
    Ok(codes.remove(0))
}

fn check(head: &Parts, body: &[u8]) -> Result<Text, u16> {
    let rules = Rules {
        method: Method::POST,
        path: &format!("/workspaces/{WORKSPACE}/channels/{CHANNEL}/messages"),
        authorization: Some(format!("AccessKey {ACCESS_KEY}")),
        content_type: "application/json",
    };
    rules.check(head)?;
    let fields = object(body, &[&DOCUMENTED[..], &["validity"]].concat())?;
    let receiver = inner(&fields, "receiver", &["contacts"])?;
    let [contact] = &receiver["contacts"].as_array().ok_or(422_u16)?[..] else { return Err(422) };
    let contact = object(contact.to_string().as_bytes(), &["identifierKey", "identifierValue"])?;
    or(text(&contact, "identifierKey")? == "phonenumber", 422)?;
    let template = ["projectId", "version", "locale", "parameters"];
    let template = inner(&fields, "template", &template)?;
    or(text(&template, "projectId")? == PROJECT && text(&template, "version")? == "latest", 422)?;
    let locale = text(&template, "locale")?;
    or(["en", "de"].contains(&locale.as_str()), 422)?;
    let validity = fields.get("validity").and_then(Value::as_u64).ok_or(422_u16)?;
    Ok(Text {
        to: e164(text(&contact, "identifierValue")?)?,
        sender: CHANNEL.to_owned(),
        body: format!("{locale}: {}", code(&template)?),
        validity: u32::try_from(validity).ok(),
    })
}

/// `ChannelMessage`.
fn message(to: &str, status: &str, failure: Option<u32>) -> Value {
    let failure = failure.map(|code| {
        json!({ "code": code, "description": "QUOTED", "source": { "name": "whatsapp", "code": "131026" } })
    });
    json!({
        "id": "5f0c7a0b-0f6a-4d2f-9f0e-7c8d1b2a3948",
        "channelId": CHANNEL,
        "sender": { "connector": { "id": CHANNEL, "identifierValue": "" } },
        "receiver": { "contacts": [{ "id": PROJECT, "identifierKey": "phonenumber", "identifierValue": to }] },
        "template": { "projectId": PROJECT, "version": "latest", "locale": "en" },
        "status": status,
        "reason": "",
        "failure": failure,
        "direction": "outgoing",
        "lastStatusAt": "2026-11-30T12:00:00.000Z",
        "createdAt": "2026-11-30T12:00:00.000Z",
        "updatedAt": "2026-11-30T12:00:00.000Z",
    })
}

impl Vendor for MessageBirdWhatsApp {
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        check(head, body).map_err(refused)
    }

    fn accepted(&self, text: &Text) -> Reply {
        Reply::json(202, &message(&text.to, "accepted", None))
    }

    fn slow_down(&self) -> Reply {
        refused(429)
    }
}

impl Contract for MessageBirdWhatsApp {
    fn name(&self) -> &'static str {
        "messagebird_whatsapp"
    }

    fn vendor(&self) -> Box<dyn Vendor> {
        Box::new(Self)
    }

    fn settings(&self, base_url: &str, secret: &str) -> ProviderSettings {
        let list = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        ProviderSettings::MessageBirdWhatsApp(MessageBirdWhatsAppSettings {
            access_key: Secret::new(secret),
            signing_key: None,
            workspace_id: WORKSPACE.to_owned(),
            channel_id: CHANNEL.to_owned(),
            project_id: PROJECT.to_owned(),
            version: "latest".to_owned(),
            locales: list(["en", "de"]),
            variables: list(["code", "button"]),
            base_url: base_url.parse().expect("a URL"),
        })
    }

    fn secret(&self) -> &'static str {
        ACCESS_KEY
    }

    fn refusals(&self) -> Vec<Refusal> {
        use Failure::{BadNumber, Broken, Misconfigured, Unexpected};
        let of_a_request = [400, 401, 403, 404, 409, 422].map(|status| Refusal {
            reply: refused(status),
            failure: Misconfigured,
            code: None,
        });
        // Taken, and failed at once.
        let failed = [
            (11_001, Misconfigured),
            (12_001, Broken),
            (12_002, Broken),
            (12_003, Misconfigured),
            (14_001, Misconfigured),
            (15_005, BadNumber),
            (15_001, Unexpected),
        ]
        .map(|(code, failure)| Refusal {
            reply: Reply::json(202, &message("QUOTED", "sending_failed", Some(code))),
            failure,
            code: Some(code),
        });
        let without_code = ["rejected", "skipped", "deleted", "delivery_failed"].map(|status| {
            let reply = Reply::json(202, &message("QUOTED", status, None));
            Refusal { reply, failure: Unexpected, code: None }
        });
        of_a_request.into_iter().chain(failed).chain(without_code).collect()
    }

    fn success(&self) -> u16 {
        202
    }

    fn longest(&self) -> usize {
        1600
    }

    fn sends_code_alone(&self) -> bool {
        true
    }
}
