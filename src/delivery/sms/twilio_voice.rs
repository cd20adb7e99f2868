//! Twilio's Programmable Voice: a call in which the code is read out.
//! Source: twilio.com/docs/voice/api/call-resource, "Create a Call resource", and
//! twilio.com/docs/voice/twiml/say and /pause.
mod receipt;
mod spoken;

use http::Request;
use serde::Deserialize;

use super::Message;
use super::http_api::{self, Accepted, Call, Codes, HttpApi, Refused};
use super::twilio::{self, TwilioCredentials};
use crate::delivery::{Failure, ReceiptApi};
use crate::domain::{Secret, TextChannel};
use crate::outbound::HttpAnswer;
use crate::system::Timestamp;

const NAME: &str = "twilio_voice";

/// In characters. Nothing of the text is sent.
const MAX_TEXT: usize = 1600;

/// Seconds that it rings: less than most mailboxes wait.
const RING: &str = "25";

/// Codes that calls alone have. Source: twilio.com/docs/api/errors.
const CODES: Codes = &[
    // The account may not call; parameters of the request.
    (Failure::Misconfigured, &[10005, 21201, 21205, 21208]),
    // Too many calls at a time.
    (Failure::Overloaded, &[10004]),
    // The account may not call this number.
    (Failure::Blocked, &[21216]),
];

/// `[sms.twilio_voice]`.
#[derive(Clone, Debug)]
pub struct TwilioVoiceSettings {
    /// `AC` and 32 hex digits.
    pub account_sid: String,
    pub credentials: TwilioCredentials,
    /// The auth token of that account, which its receipts are signed with, beside an API key.
    pub signing_token: Option<Secret>,
    /// The number that calls, in E.164.
    pub from: String,
    /// `https://api.twilio.com`, without a slash at its end.
    pub base_url: url::Url,
}

/// The fields of an answer that are used. The message of an error quotes the number.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    sid: String,
    status: serde_json::Value,
    code: Option<u32>,
}

impl HttpApi for TwilioVoiceSettings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn channel(&self) -> TextChannel {
        TextChannel::Voice
    }

    fn base_url(&self) -> &url::Url {
        &self.base_url
    }

    /// Nobody answers a call with START.
    fn longest_text(&self) -> usize {
        MAX_TEXT
    }

    fn receipts(&self) -> Option<&dyn ReceiptApi> {
        self.credentials.signing_token(self.signing_token.as_ref()).map(|_| self as _)
    }

    fn request(&self, message: &Message<'_>, call: &Call) -> Result<Request<Vec<u8>>, Failure> {
        let code = message.code.ok_or(Failure::TextRefused)?;
        let path = ["2010-04-01", "Accounts", &self.account_sid, "Calls.json"];
        let url = http_api::below(&self.base_url, &path)?;
        let (user, password) = self.credentials.pair(&self.account_sid);
        let twiml = spoken::twiml(code, message.language);
        let mut fields = vec![
            ("To", message.to.e164()),
            ("From", &self.from),
            ("Twiml", &twiml),
            ("Timeout", RING),
        ];
        // Called once, when the call is over, however it ended.
        fields.extend(call.receipts.as_deref().map(|url| ("StatusCallback", url)));
        http_api::form(&url, [http_api::basic(user, password)?], &fields)
    }

    fn account_request(&self, _: Timestamp) -> Option<Result<Request<Vec<u8>>, Failure>> {
        Some(twilio::account_request(&self.base_url, &self.credentials, &self.account_sid))
    }

    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused> {
        let said: Answer = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status != 201 {
            let known = |code| http_api::meaning(CODES, code).or_else(|| twilio::by_code(code));
            return Err(Refused::by_code(answer.status, said.code, said.code.and_then(known)));
        }
        match said.status.as_str() {
            Some("failed" | "canceled") => Err(Failure::Unexpected.into()),
            _ if !twilio::is_sid("CA", &said.sid) => Err(Failure::Unclear.into()),
            // One call, however long.
            _ => Ok(Accepted { id: Some(said.sid), segments: Some(1) }),
        }
    }
}
