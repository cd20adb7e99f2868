//! What Twilio documents of calls, and of messages by WhatsApp.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::request::Parts;
use axum::http::{Method, header};
use serde_json::json;

use super::rules;
use super::{ACCOUNT_SID, Reply, Text, TwilioVendor, Vendor, digest};

/// The number that calls, and that of the WhatsApp sender.
pub(crate) const FROM: &str = "+12025550199";
pub(crate) const CONTENT_SID: &str = "HX0123456789abcdef0123456789abcdef";

/// Parameters of a call ("Create a Call resource") that are not of more than one call.
const OF_CALLS: [&str; 8] =
    ["From", "StatusCallback", "TimeLimit", "Timeout", "To", "Twiml", "Url", "Record"];

/// What `<Say>` documents of the languages of our pages: those that need no voice, and the voices of others
/// ("Available voices and languages").
const SPOKEN: [&str; 14] = [
    "en-US", "es-ES", "pt-BR", "fr-FR", "de-DE", "it-IT", "nl-NL", "pl-PL", "ru-RU", "ja-JP",
    "ko-KR", "sv-SE", "zh-CN", "zh-TW",
];
const VOICES: [(&str, &str); 9] = [
    ("arb", "Polly.Zeina"),
    ("cs-CZ", "Google.cs-CZ-Standard-A"),
    ("he-IL", "Google.he-IL-Standard-A"),
    ("hi-IN", "Polly.Aditi"),
    ("id-ID", "Google.id-ID-Standard-A"),
    ("th-TH", "Google.th-TH-Standard-A"),
    ("tr-TR", "Polly.Filiz"),
    ("uk-UA", "Google.uk-UA-Standard-A"),
    ("vi-VN", "Google.vi-VN-Standard-A"),
];

/// The body of a text is what is said: the language of the first time, and digits.
pub(crate) struct VoiceVendor;

/// The body of a text is the code.
pub(crate) struct WhatsAppVendor;

/// The fields of a form for this resource, each documented and there once.
fn fields(
    head: &Parts,
    body: &[u8],
    resource: &str,
    documented: &[&str],
) -> Result<BTreeMap<String, String>, u32> {
    let path = format!("/2010-04-01/Accounts/{ACCOUNT_SID}/{resource}.json");
    let kind = head.headers.get(header::CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    or(rules::knows(head), 20003)?;
    or(head.uri.path() == path && head.uri.query().is_none(), 20404)?;
    or(head.method == Method::POST, 20004)?;
    or(kind == Some(b"application/x-www-form-urlencoded"), 20001)?;
    let mut form = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(body).into_owned() {
        or(documented.contains(&name.as_str()) && !value.is_empty(), 20001)?;
        or(form.insert(name, value).is_none(), 20001)?;
    }
    Ok(form)
}

fn or(good: bool, code: u32) -> Result<(), u32> {
    good.then_some(()).ok_or(code)
}

fn field<'a>(form: &'a BTreeMap<String, String>, name: &str, code: u32) -> Result<&'a str, u32> {
    form.get(name).map(String::as_str).ok_or(code)
}

fn e164(text: &str, code: u32) -> Result<String, u32> {
    let digits = text.strip_prefix('+').ok_or(code)?;
    or((7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()), code)?;
    Ok(text.to_owned())
}

/// The call that a request asks for.
fn call(head: &Parts, body: &[u8]) -> Result<Text, u32> {
    let form = fields(head, body, "Calls", &OF_CALLS)?;
    let (to, from) = (field(&form, "To", 21201)?, field(&form, "From", 21213)?);
    or(from == FROM, 21210)?;
    let ring: u32 = form.get("Timeout").map_or(Ok(60), |t| t.parse()).map_err(|_| 21208_u32)?;
    or((1..=600).contains(&ring), 21208)?;
    let twiml = field(&form, "Twiml", 21205)?;
    or(twiml.chars().count() <= 4000, 21205)?;
    Ok(Text { to: e164(to, 21211)?, sender: from.to_owned(), body: said(twiml)?, validity: None })
}

/// What is said twice with a pause between, as "language: digits". The second time is in English where a
/// voice of others speaks first.
fn said(twiml: &str) -> Result<String, u32> {
    const PAUSE: &str = "<Pause length=\"1\"/>";
    let inner = twiml.strip_prefix("<Response>").and_then(|rest| rest.strip_suffix("</Response>"));
    let inner = inner.and_then(|inner| inner.strip_prefix(PAUSE)).ok_or(21205_u32)?;
    let (first, second) = inner.split_once(PAUSE).ok_or(21205_u32)?;
    let ((language, digits), (again, same)) = (said_once(first)?, said_once(second)?);
    let by_others = VOICES.iter().any(|(known, _)| *known == language);
    or(digits == same && again == if by_others { "en-US" } else { language }, 21205)?;
    Ok(format!("{language}: {digits}"))
}

/// Language and digits.
fn said_once(say: &str) -> Result<(&str, String), u32> {
    let say = say.strip_prefix("<Say language=\"").and_then(|s| s.strip_suffix(".</Say>"));
    let (attributes, words) = say.and_then(|say| say.split_once("\">")).ok_or(21205_u32)?;
    let language = match attributes.split_once("\" voice=\"") {
        Some(pair) => VOICES.contains(&pair).then_some(pair.0),
        None => SPOKEN.contains(&attributes).then_some(attributes),
    };
    or(!words.contains(['<', '&']), 21205)?;
    let digits: String = words.chars().filter(char::is_ascii_digit).collect();
    let apart: Vec<String> = digits.chars().map(String::from).collect();
    or(words.ends_with(&format!(" {}", apart.join(", "))), 21205)?;
    Ok((language.ok_or(21205_u32)?, digits))
}

/// The message that a request asks for.
fn whatsapp(head: &Parts, body: &[u8]) -> Result<Text, u32> {
    let documented = ["ContentSid", "ContentVariables", "From", "StatusCallback", "To"];
    let form = fields(head, body, "Messages", &documented)?;
    let number = |name, code| {
        let number = field(&form, name, code)?.strip_prefix("whatsapp:").ok_or(code)?;
        e164(number, code)
    };
    let (to, from) = (number("To", 21211)?, number("From", 21212)?);
    or(from == FROM, 63007)?;
    or(field(&form, "ContentSid", 21619)? == CONTENT_SID, 21655)?;
    let variables = serde_json::from_str(field(&form, "ContentVariables", 21656)?);
    let variables: BTreeMap<String, String> = variables.map_err(|_| 21656_u32)?;
    let code = variables.get("1").filter(|_| variables.len() == 1).ok_or(21656_u32)?;
    // "The OTP code that you send must be less than 15 characters long."
    or((1..15).contains(&code.len()), 21656)?;
    Ok(Text { to, sender: from, body: code.clone(), validity: None })
}

impl Vendor for VoiceVendor {
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        call(head, body).map_err(|code| self.refused(code))
    }

    fn knows(&self, head: &Parts) -> bool {
        rules::knows(head)
    }

    fn accepted(&self, text: &Text) -> Reply {
        // Each call has its own, whatever it says.
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let sid = format!("CA{:032x}", digest(&format!("{number} {}", text.body)));
        let call = json!({
            "account_sid": ACCOUNT_SID,
            "answered_by": null,
            "direction": "outbound-api",
            "from": text.sender,
            "price": null,
            "sid": sid,
            "status": "queued",
            "to": text.to,
            "uri": format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Calls/{sid}.json"),
        });
        Reply::json(201, &call)
    }

    fn callback(&self, body: &[u8]) -> Option<String> {
        TwilioVendor.callback(body)
    }

    fn id_in(&self, reply: &Reply) -> Option<String> {
        TwilioVendor.id_in(reply)
    }

    fn slow_down(&self) -> Reply {
        self.refused(20429)
    }

    fn refused(&self, code: u32) -> Reply {
        TwilioVendor.refused(code)
    }
}

impl Vendor for WhatsAppVendor {
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        whatsapp(head, body).map_err(|code| self.refused(code))
    }

    fn knows(&self, head: &Parts) -> bool {
        rules::knows(head)
    }

    fn accepted(&self, text: &Text) -> Reply {
        TwilioVendor.accepted(text)
    }

    fn callback(&self, body: &[u8]) -> Option<String> {
        TwilioVendor.callback(body)
    }

    fn id_in(&self, reply: &Reply) -> Option<String> {
        TwilioVendor.id_in(reply)
    }

    fn slow_down(&self) -> Reply {
        self.refused(20429)
    }

    fn refused(&self, code: u32) -> Reply {
        TwilioVendor.refused(code)
    }
}
