//! WhatsApp by Twilio's Messages API: an authentication template with the code as its one variable.
//! Source: twilio.com/docs/content/whatsappauthentication and
//! twilio.com/docs/messaging/api/message-resource, `ContentSid` and `ContentVariables`.
use http::Request;

use super::Message;
use super::http_api::{self, Accepted, Call, Codes, HttpApi, Refused};
use super::twilio::{self, TwilioCredentials};
use crate::delivery::Failure;
use crate::domain::TextChannel;
use crate::outbound::HttpAnswer;
use crate::system::Timestamp;

const NAME: &str = "twilio_whatsapp";

/// In characters. Nothing of the text is sent: WhatsApp words such messages.
const MAX_TEXT: usize = 1600;

/// Codes of channels other than SMS, in Twilio's error and warning dictionary.
const CODES: Codes = &[
    // Sender, channel, template, or a template that is paused or not approved.
    (
        Failure::Misconfigured,
        &[63005, 63007, 63013, 63016, 63019, 63020, 63021, 63027, 63028, 63040, 63041, 63042],
    ),
    // Too many messages by the sender.
    (Failure::Overloaded, &[63018]),
    // No account of WhatsApp has the number.
    (Failure::BadNumber, &[63003, 63024]),
    // WhatsApp does not deliver it to this person for now.
    (Failure::NotReached, &[63032, 63049]),
];

/// `[sms.twilio_whatsapp]`.
#[derive(Clone, Debug)]
pub struct TwilioWhatsAppSettings {
    /// `AC` and 32 hex digits.
    pub account_sid: String,
    pub credentials: TwilioCredentials,
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
    fn sender(&self) -> Option<&str> {
        None
    }

    fn longest_text(&self) -> usize {
        MAX_TEXT
    }

    fn request(&self, message: &Message<'_>, _: &Call) -> Result<Request<Vec<u8>>, Failure> {
        let code = message.code.ok_or(Failure::TextRefused)?;
        let path = ["2010-04-01", "Accounts", &self.account_sid, "Messages.json"];
        let url = http_api::below(&self.base_url, &path)?;
        let (user, password) = self.credentials.pair(&self.account_sid);
        let (to, from) =
            (format!("whatsapp:{}", message.to.e164()), format!("whatsapp:{}", self.from));
        let variables = serde_json::json!({ "1": code }).to_string();
        let fields = [
            ("To", to.as_str()),
            ("From", &from),
            ("ContentSid", &self.content_sid),
            ("ContentVariables", &variables),
        ];
        http_api::form(&url, [http_api::basic(user, password)?], &fields)
    }

    fn account_request(&self, _: Timestamp) -> Option<Result<Request<Vec<u8>>, Failure>> {
        Some(twilio::account_request(&self.base_url, &self.credentials, &self.account_sid))
    }

    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused> {
        let own = |refused: Refused| {
            let known = refused.code.and_then(|code| http_api::meaning(CODES, code));
            // Whatever a success says that is not the documented one, the message may have gone.
            let known = known.filter(|_| refused.failure != Failure::Unclear);
            Refused { failure: known.unwrap_or(refused.failure), ..refused }
        };
        let accepted = twilio::read(answer.status, &answer.body).map_err(own)?;
        // Priced as one text.
        Ok(Accepted { segments: Some(1), ..accepted })
    }
}
