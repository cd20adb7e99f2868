use crate::domain::Secret;

/// `[sms.twilio]`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `AC` and 32 hex digits.
    pub account_sid: String,
    pub auth_token: Secret,
    pub sender: Sender,
    /// `https://api.twilio.com`, without a slash at its end.
    pub base_url: url::Url,
}

/// Who the text comes from. Two keys, because Twilio takes them in two different fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// `from`: a number in E.164 or an alphanumeric sender ID.
    From(String),
    /// `messaging_service_sid`: `MG` and 32 hex digits.
    MessagingService(String),
}
