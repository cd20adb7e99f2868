//! Twilio Verify, which makes the codes of its texts and checks what was typed. What texts say is set
//! in its service. Source: twilio.com/docs/verify/api, "Verifications", "Verification Check", "Verify v2
//! Error Codes", "Verify supported languages" and "Rate limits and timeouts".
use http::Request;
use serde::Deserialize;

use super::Message;
use super::http_api::{self, Accepted, Call, Codes, HttpApi, Refused, VerificationApi};
use super::twilio::{self, TwilioCredentials};
use super::verification::{CodeAnswer, CodeCheck};
use crate::delivery::Failure;
use crate::domain::CodeLength;
use crate::outbound::HttpAnswer;
use crate::system::Timestamp;

const NAME: &str = "twilio_verify";

/// In characters. Nothing of the text is sent.
const MAX_TEXT: usize = 1600;

/// Codes that differ from those of Messages, or are only here.
const CODES: Codes = &[
    // Parameters, template, channel or service.
    (Failure::Misconfigured, &[60200, 60201, 60204, 60207, 60217, 60223]),
    // Messages to China need a review of the account.
    (Failure::CountryNotServed, &[60220]),
    // Twilio blocks the account or the country.
    (Failure::Fraud, &[60238]),
];

/// Too many checks of one code.
const MAX_CHECKS: u32 = 60202;

/// Our language tags, and what Verify calls the language. Any other is refused with 404, so that the
/// number's country chooses: for Persian, and for Ukrainian, which is not in every list that Twilio has
/// published. `zh-HK` has the words of Hong Kong. Source: twilio.com/docs/verify/supported-languages and
/// twilio.com/docs/authy/supported-languages.
const LOCALES: &[(&str, &str)] = &[
    ("ar", "ar"),
    ("cs", "cs"),
    ("de", "de"),
    ("en", "en"),
    ("es", "es"),
    ("fr", "fr"),
    ("he", "he"),
    ("hi", "hi"),
    ("id", "id"),
    ("it", "it"),
    ("ja", "ja"),
    ("ko", "ko"),
    ("nl", "nl"),
    ("pl", "pl"),
    ("pt-BR", "pt-BR"),
    ("ru", "ru"),
    ("sv", "sv"),
    ("th", "th"),
    ("tr", "tr"),
    ("vi", "vi"),
    ("zh-Hans", "zh-CN"),
    ("zh-Hant", "zh-HK"),
];

/// `[sms.twilio_verify]`.
#[derive(Clone, Debug)]
pub struct TwilioVerifySettings {
    /// `AC` and 32 hex digits.
    pub account_sid: String,
    pub credentials: TwilioCredentials,
    /// `VA` and 32 hex digits.
    pub service_sid: String,
    /// `HJ` and 32 hex digits: the message, in place of the service's.
    pub template_sid: Option<String>,
    /// `login.code_digits`, which the service must have too.
    pub code_length: CodeLength,
    /// `https://verify.twilio.com`, without a slash at its end.
    pub base_url: url::Url,
}

/// A Verification or a check of one; and a service, of which the length counts. The message of an
/// error quotes the number, so it is not read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    sid: String,
    status: serde_json::Value,
    valid: bool,
    code: Option<u32>,
    code_length: Option<u8>,
}

impl Answer {
    fn of(answer: &HttpAnswer) -> Self {
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    fn status(&self) -> &str {
        self.status.as_str().unwrap_or_default()
    }
}

impl TwilioVerifySettings {
    fn post(&self, path: &[&str], fields: &[(&str, &str)]) -> Result<Request<Vec<u8>>, Failure> {
        let url = self.url(path)?;
        let (user, password) = self.credentials.pair(&self.account_sid);
        http_api::form(&url, [http_api::basic(user, password)?], fields)
    }

    fn url(&self, path: &[&str]) -> Result<url::Url, Failure> {
        let service = ["v2", "Services", &self.service_sid];
        http_api::below(&self.base_url, &[&service, path].concat())
    }
}

impl HttpApi for TwilioVerifySettings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn base_url(&self) -> &url::Url {
        &self.base_url
    }

    fn longest_text(&self) -> usize {
        MAX_TEXT
    }

    fn request(&self, message: &Message<'_>, _: &Call) -> Result<Request<Vec<u8>>, Failure> {
        let mut fields = vec![("To", message.to.e164()), ("Channel", "sms")];
        let locale = LOCALES.iter().find(|(tag, _)| message.language == Some(tag));
        fields.extend(locale.map(|(_, locale)| ("Locale", *locale)));
        fields.extend(self.template_sid.as_deref().map(|sid| ("TemplateSid", sid)));
        self.post(&["Verifications"], &fields)
    }

    fn account_request(&self, _: Timestamp) -> Option<Result<Request<Vec<u8>>, Failure>> {
        let (user, password) = self.credentials.pair(&self.account_sid);
        let asked = |login| http_api::get(&self.url(&[])?, login);
        Some(http_api::basic(user, password).and_then(asked))
    }

    fn read_account(&self, answer: &HttpAnswer) -> Result<(), Failure> {
        let digits = Answer::of(answer).code_length;
        let fits = digits.is_none_or(|digits| digits == self.code_length.get());
        fits.then_some(()).ok_or(Failure::Misconfigured)
    }

    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused> {
        let body = Answer::of(answer);
        if answer.status == 201 {
            let good = is_sid(&body.sid).then_some(Accepted { id: Some(body.sid), segments: None });
            return good.ok_or(Failure::Unclear.into());
        }
        Err(refused(answer.status, body.code))
    }

    fn verification(&self) -> Option<&dyn VerificationApi> {
        Some(self)
    }
}

impl VerificationApi for TwilioVerifySettings {
    fn check_request(&self, check: &CodeCheck<'_>) -> Result<Request<Vec<u8>>, Failure> {
        let whose = match check.id {
            Some(sid) => ("VerificationSid", sid),
            None => ("To", check.to.e164()),
        };
        self.post(&["VerificationCheck"], &[whose, ("Code", check.typed.reveal())])
    }

    fn read_check(&self, answer: &HttpAnswer) -> Result<CodeAnswer, Refused> {
        let body = Answer::of(answer);
        let known = matches!(answer.status, 200 | 201);
        match (answer.status, body.code, body.status()) {
            (_, _, "approved") if known && body.valid => Ok(CodeAnswer::Right),
            (_, _, "pending") if known && !body.valid => Ok(CodeAnswer::Wrong),
            (_, _, "canceled" | "max_attempts_reached" | "deleted" | "failed" | "expired")
                if known && !body.valid =>
            {
                Ok(CodeAnswer::Gone)
            }
            // It is deleted when it expires, is approved, or was checked too often. The service
            // itself has the same code, but then nobody gets in either.
            (404, Some(20404), _) | (_, Some(MAX_CHECKS), _) if !known => Ok(CodeAnswer::Gone),
            _ => Err(refused(answer.status, body.code)),
        }
    }

    fn cancel_request(&self, id: &str) -> Result<Request<Vec<u8>>, Failure> {
        self.post(&["Verifications", id], &[("Status", "canceled")])
    }
}

fn refused(status: u16, code: Option<u32>) -> Refused {
    let known = |code| http_api::meaning(CODES, code).or_else(|| twilio::by_code(code));
    Refused::by_code(status, code, code.and_then(known))
}

/// `VE` and 32 hex digits. Strict, because the id is logged and sent back.
fn is_sid(text: &str) -> bool {
    let hex = text.strip_prefix("VE");
    hex.is_some_and(|hex| hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}
