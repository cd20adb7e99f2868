use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::Method;
use axum::http::request::Parts;
use doorcode::delivery::Failure;
use doorcode::delivery::sms::ProviderSettings;
use doorcode::delivery::sms::twilio::TwilioCredentials;
use doorcode::delivery::sms::twilio_verify::TwilioVerifySettings;
use doorcode::domain::{CodeLength, Secret};
use serde_json::{Value, json};

use super::{Contract, Refusal, Rules, basic, e164};
use crate::support::provider::{Reply, Text, Vendor};
use crate::support::twilio::{ACCOUNT_SID, AUTH_TOKEN};

pub(in crate::delivery) const SERVICE: &str = "VA0123456789abcdef0123456789abcdef";
/// "Rate limits and timeouts": of one verification.
const MOST_SENDS: u32 = 5;
const MOST_CHECKS: u32 = 5;
const LOCALES: [&str; 4] = ["en", "de", "pt-BR", "zh-CN"];

/// A code that was texted and is not used yet.
#[derive(Clone, Debug)]
struct Pending {
    sid: String,
    code: String,
    sends: u32,
    checks: u32,
}

#[derive(Default)]
struct State {
    pending: BTreeMap<String, Pending>,
    made: u32,
    approved: usize,
}

/// A service, whose clones are one.
#[derive(Clone, Default)]
pub(in crate::delivery) struct Verify(Arc<Mutex<State>>);

impl Verify {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ten minutes later.
    pub(in crate::delivery) fn expire(&self) {
        self.state().pending.clear();
    }

    pub(in crate::delivery) fn approved(&self) -> usize {
        self.state().approved
    }
}

fn refused(status: u16, code: u32) -> Reply {
    let reply = json!({
        "code": code,
        "message": "Refused: QUOTED",
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status,
    });
    Reply::json(status, &reply)
}

fn status_of(code: u32) -> u16 {
    match code {
        20003 => 401,
        20404 => 404,
        20429 | 60202 | 60203 | 60212 => 429,
        20500 => 500,
        60410 | 60412 | 60605 | 60238 => 403,
        _ => 400,
    }
}

fn no(code: u32) -> Reply {
    refused(status_of(code), code)
}

/// The fields of a form at this path below the service, each of which must be documented.
fn fields(
    head: &Parts,
    body: &[u8],
    path: &str,
    documented: &[&str],
) -> Result<BTreeMap<String, String>, Reply> {
    let rules = Rules {
        method: Method::POST,
        path: &format!("/v2/Services/{SERVICE}/{path}"),
        authorization: Some(basic(ACCOUNT_SID, AUTH_TOKEN)),
        content_type: "application/x-www-form-urlencoded",
    };
    rules.check(head).map_err(|status| no(if status == 401 { 20003 } else { 20404 }))?;
    let mut form = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(body).into_owned() {
        let known = documented.contains(&name.as_str()) && !value.is_empty();
        if !known || form.insert(name, value).is_some() {
            return Err(no(60200));
        }
    }
    Ok(form)
}

fn verification(sid: &str, to: &str, status: &str) -> Value {
    json!({
        "sid": sid,
        "service_sid": SERVICE,
        "account_sid": ACCOUNT_SID,
        "to": to,
        "channel": "sms",
        "status": status,
        "valid": status == "approved",
        "amount": null,
        "payee": null,
        "send_code_attempts": [{ "time": "2026-11-30T12:00:00Z", "channel": "sms" }],
        "date_created": "2026-11-30T12:00:00Z",
        "date_updated": "2026-11-30T12:00:00Z",
    })
}

impl Verify {
    fn checked(&self, head: &Parts, body: &[u8]) -> Result<Reply, Reply> {
        let form = fields(head, body, "VerificationCheck", &["To", "VerificationSid", "Code"])?;
        let code =
            form.get("Code").filter(|code| (4..=10).contains(&code.len())).ok_or(no(60200))?;
        let state = &mut *self.state();
        let found = match (form.get("To"), form.get("VerificationSid")) {
            (Some(to), None) => state.pending.get_key_value(to),
            (None, Some(sid)) => state.pending.iter().find(|(_, pending)| pending.sid == *sid),
            _ => return Err(no(60200)),
        };
        let (to, mut pending) = found.map(|(to, p)| (to.clone(), p.clone())).ok_or(no(20404))?;
        if pending.checks == MOST_CHECKS {
            return Err(no(60202));
        }
        if pending.code == *code {
            state.pending.remove(&to);
            state.approved += 1;
            return Ok(Reply::json(201, &verification(&pending.sid, &to, "approved")));
        }
        pending.checks += 1;
        let reply = verification(&pending.sid, &to, "pending");
        state.pending.insert(to, pending);
        Ok(Reply::json(201, &reply))
    }

    fn updated(&self, head: &Parts, body: &[u8], sid: &str) -> Result<Reply, Reply> {
        let form = fields(head, body, &format!("Verifications/{sid}"), &["Status"])?;
        (form.get("Status").map(String::as_str) == Some("canceled"))
            .then_some(())
            .ok_or(no(60200))?;
        let state = &mut *self.state();
        let found = state.pending.iter().find(|(_, pending)| pending.sid == sid);
        let to = found.map(|(to, _)| to.clone()).ok_or(no(20404))?;
        state.pending.remove(&to);
        Ok(Reply::json(200, &verification(sid, &to, "canceled")))
    }
}

impl Vendor for Verify {
    fn check(&self, head: &Parts, body: &[u8]) -> Result<Text, Reply> {
        let documented = ["To", "Channel", "Locale", "TemplateSid"];
        let form = fields(head, body, "Verifications", &documented)?;
        let to = form.get("To").ok_or(no(60200))?;
        let to = e164(to.clone()).map_err(|_| no(60200))?;
        (form.get("Channel").map(String::as_str) == Some("sms")).then_some(()).ok_or(no(60200))?;
        let locale = form.get("Locale");
        locale.is_none_or(|l| LOCALES.contains(&l.as_str())).then_some(()).ok_or(no(20404))?;
        let state = &mut *self.state();
        state.made += 1;
        let fresh = Pending {
            sid: format!("VE{:032x}", state.made),
            code: format!("{:06}", 424_240 + 7 * state.made),
            sends: 0,
            checks: 0,
        };
        let pending = state.pending.entry(to.clone()).or_insert(fresh);
        (pending.sends < MOST_SENDS).then_some(()).ok_or(no(60203))?;
        let sender = locale.cloned().unwrap_or_default();
        Ok(Text {
            to,
            sender,
            body: format!("Your Acme code is: {}", pending.code),
            validity: None,
        })
    }

    fn accepted(&self, text: &Text) -> Reply {
        let state = &mut *self.state();
        let pending = state.pending.get_mut(&text.to).expect("a verification");
        pending.sends += 1;
        Reply::json(201, &verification(&pending.sid, &text.to, "pending"))
    }

    fn is_about_code(&self, head: &Parts) -> bool {
        !head.uri.path().ends_with("/Verifications")
    }

    fn about_code(&self, head: &Parts, body: &[u8]) -> Reply {
        let path = head.uri.path();
        let answer = match path.rsplit_once("/Verifications/") {
            Some((_, sid)) => self.updated(head, body, sid),
            None => self.checked(head, body),
        };
        answer.unwrap_or_else(|refused| refused)
    }

    fn account(&self) -> Value {
        json!({ "sid": SERVICE, "friendly_name": "Acme", "code_length": 6 })
    }

    fn slow_down(&self) -> Reply {
        no(20429)
    }

    fn refused(&self, code: u32) -> Reply {
        no(code)
    }
}

pub(super) struct TwilioVerify;

impl Contract for TwilioVerify {
    fn name(&self) -> &'static str {
        "twilio_verify"
    }

    fn vendor(&self) -> Box<dyn Vendor> {
        Box::new(Verify::default())
    }

    fn settings(&self, base_url: &str, secret: &str) -> ProviderSettings {
        ProviderSettings::TwilioVerify(TwilioVerifySettings {
            account_sid: ACCOUNT_SID.to_owned(),
            credentials: TwilioCredentials::AuthToken(Secret::new(secret)),
            service_sid: SERVICE.to_owned(),
            template_sid: None,
            code_length: CodeLength::new(6).expect("a length"),
            base_url: base_url.parse().expect("a URL"),
        })
    }

    fn secret(&self) -> &'static str {
        AUTH_TOKEN
    }

    fn refusals(&self) -> Vec<Refusal> {
        use Failure::{
            BadNumber, Broken, CountryNotServed, Fraud, Misconfigured, NotMobile, Overloaded,
            TooMany, Unexpected,
        };
        let rows: [(&[u32], Failure); 9] = [
            (&[20003, 20404, 60200, 60201, 60204, 60207, 60217, 60223], Misconfigured),
            (&[20429], Overloaded),
            (&[20500], Broken),
            (&[21211], BadNumber),
            (&[60205], NotMobile),
            (&[60202, 60203, 60212], TooMany),
            (&[21408, 60220], CountryNotServed),
            (&[60238, 60410, 60412, 60605], Fraud),
            (&[60999], Unexpected),
        ];
        let refusal =
            |failure| move |code: &u32| Refusal { reply: no(*code), failure, code: Some(*code) };
        rows.iter().flat_map(|(codes, failure)| codes.iter().map(refusal(*failure))).collect()
    }

    fn success(&self) -> u16 {
        201
    }

    fn longest(&self) -> usize {
        1600
    }

    fn owns_codes(&self) -> bool {
        true
    }
}
