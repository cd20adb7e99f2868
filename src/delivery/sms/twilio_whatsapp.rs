//! WhatsApp by Twilio's Messages API: an authentication template with the code as its one variable.
//! Source: twilio.com/docs/content/whatsappauthentication and
//! twilio.com/docs/messaging/api/message-resource, `ContentSid` and `ContentVariables`.
mod receipt;

use http::Request;

use super::Message;
use super::http_api::{self, Accepted, Call, Codes, HttpApi, Refused};
use super::twilio::{self, TwilioCredentials};
use crate::delivery::{Failure, ReceiptApi};
use crate::domain::{Secret, TextChannel};
use crate::outbound::HttpAnswer;
use crate::system::Timestamp;

const NAME: &str = "twilio_whatsapp";

/// In characters. Nothing of the text is sent: WhatsApp words such messages.
const MAX_TEXT: usize = 1600;

/// Codes of channels other than SMS. Source: twilio.com/docs/api/errors, and
/// twilio.com/docs/whatsapp/api/error-code-mapping, which says which of them WhatsApp has.
const CODES: Codes = &[
    // Sender, credentials of the channel, its certificate, or what it supports.
    (
        Failure::Misconfigured,
        &[
            63001, 63002, 63006, 63007, 63008, 63011, 63015, 63020, 63022, 63030, 63031, 63051,
            63112,
        ],
    ),
    // The template and its variable; one that is against WhatsApp's policy, not approved, or paused.
    (
        Failure::Misconfigured,
        &[63005, 63013, 63016, 63019, 63021, 63027, 63028, 63034, 63040, 63041, 63042],
    ),
    // Too many messages by the sender.
    (Failure::Overloaded, &[63018]),
    // WhatsApp's own failures, and Twilio's.
    (Failure::Broken, &[63009, 63010, 63012]),
    // No account of WhatsApp has the number.
    (Failure::BadNumber, &[63003, 63024]),
    // The person blocks the sender, or took the consent back.
    (Failure::OptedOut, &[63014, 63033]),
    // WhatsApp does not deliver it to this person for now, or their app could not load the template.
    (Failure::NotReached, &[63029, 63032, 63049]),
];

/// `[sms.twilio_whatsapp]`.
#[derive(Clone, Debug)]
pub struct TwilioWhatsAppSettings {
    /// `AC` and 32 hex digits.
    pub account_sid: String,
    pub credentials: TwilioCredentials,
    /// The auth token of that account, which its receipts are signed with, beside an API key.
    pub signing_token: Option<Secret>,
    /// The number of the WhatsApp sender, in E.164.
    pub from: String,
    /// `HX` and 32 hex digits: the template.
    pub content_sid: String,
    /// `https://api.twilio.com`, without a slash at its end.
    pub base_url: url::Url,
}

impl HttpApi for TwilioWhatsAppSettings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn channel(&self) -> TextChannel {
        TextChannel::WhatsApp
    }

    fn base_url(&self) -> &url::Url {
        &self.base_url
    }

    /// START is a word of texts.
    fn longest_text(&self) -> usize {
        MAX_TEXT
    }

    fn receipts(&self) -> Option<&dyn ReceiptApi> {
        self.credentials.signing_token(self.signing_token.as_ref()).map(|_| self as _)
    }

    fn request(&self, message: &Message<'_>, call: &Call) -> Result<Request<Vec<u8>>, Failure> {
        let code = message.code.ok_or(Failure::TextRefused)?;
        let path = ["2010-04-01", "Accounts", &self.account_sid, "Messages.json"];
        let url = http_api::below(&self.base_url, &path)?;
        let (user, password) = self.credentials.pair(&self.account_sid);
        let (to, from) =
            (format!("whatsapp:{}", message.to.e164()), format!("whatsapp:{}", self.from));
        let variables = serde_json::json!({ "1": code }).to_string();
        let mut fields = vec![
            ("To", to.as_str()),
            ("From", &from),
            ("ContentSid", &self.content_sid),
            ("ContentVariables", &variables),
        ];
        fields.extend(call.receipts.as_deref().map(|url| ("StatusCallback", url)));
        http_api::form(&url, [http_api::basic(user, password)?], &fields)
    }

    fn account_request(&self, _: Timestamp) -> Option<Result<Request<Vec<u8>>, Failure>> {
        Some(twilio::account_request(&self.base_url, &self.credentials, &self.account_sid))
    }

    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused> {
        let own = |refused: Refused| {
            let known = refused.code.and_then(by_code);
            // Whatever a success says that is not the documented one, the message may have gone.
            let known = known.filter(|_| refused.failure != Failure::Unclear);
            Refused { failure: known.unwrap_or(refused.failure), ..refused }
        };
        let accepted = twilio::read(answer.status, &answer.body).map_err(own)?;
        // One message, whatever it says.
        Ok(Accepted { segments: Some(1), ..accepted })
    }
}

fn by_code(code: u32) -> Option<Failure> {
    http_api::meaning(CODES, code).or_else(|| twilio::by_code(code))
}
