//! WhatsApp by Bird, as `MessageBird` is called now: its Channels API, and a template of the category
//! authentication with the code in its variables. Source: docs.bird.com/api/channels-api, "Sending WhatsApp
//! messages" (operation `createChannelMessage`).
mod receipt;

use http::Request;
use serde::{Deserialize, Serialize};

use super::Message;
use super::http_api::{self, Accepted, Call, HttpApi, Refused};
use crate::delivery::{Failure, ReceiptApi};
use crate::domain::{Secret, TextChannel};
use crate::outbound::HttpAnswer;

const NAME: &str = "messagebird_whatsapp";

/// In characters. Nothing of the text is sent: WhatsApp words such messages.
const MAX_TEXT: usize = 1600;

/// Our tags of languages that are written in two ways, and what templates call them.
const WRITTEN: &[(&str, &[&str])] =
    &[("zh-Hans", &["zh-CN", "zh"]), ("zh-Hant", &["zh-TW", "zh-HK"])];

/// `[sms.messagebird_whatsapp]`.
#[derive(Clone, Debug)]
pub struct MessageBirdWhatsAppSettings {
    pub access_key: Secret,
    /// That of the webhook subscription, which receipts are signed with.
    pub signing_key: Option<Secret>,
    /// Ids of the workspace, of its WhatsApp channel, and of the template's project.
    pub workspace_id: String,
    pub channel_id: String,
    pub project_id: String,
    /// `latest`, or the id of a version.
    pub version: String,
    /// The locales that the template has (BCP 47); the first is for all other languages.
    pub locales: Vec<String>,
    /// The variables that get the code: that of the body, and of the button if it has one of its own.
    pub variables: Vec<String>,
    /// `https://api.bird.com`, without a slash at its end.
    pub base_url: url::Url,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    receiver: Receiver<'a>,
    template: Template<'a>,
    /// In seconds.
    validity: u64,
    /// A code is worth nothing in the morning.
    ignore_quiet_hours: bool,
    /// "To be used to send transactional messages."
    ignore_global_holdout: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<Notification<'a>>,
}

#[derive(Serialize)]
struct Receiver<'a> {
    contacts: [Contact<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Contact<'a> {
    identifier_key: &'a str,
    /// In E.164.
    identifier_value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Template<'a> {
    project_id: &'a str,
    version: &'a str,
    locale: &'a str,
    parameters: Vec<Parameter<'a>>,
}

#[derive(Serialize)]
struct Parameter<'a> {
    r#type: &'a str,
    key: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct Notification<'a> {
    url: &'a str,
}

/// The fields of a message that are used, in an answer and in an event.
#[derive(Deserialize)]
struct BirdMessage {
    id: String,
    status: String,
    failure: Option<BirdFailure>,
}

/// Its `description` may quote the number, so it is not read.
#[derive(Deserialize)]
struct BirdFailure {
    code: Option<u32>,
}

impl BirdMessage {
    fn code(&self) -> Option<u32> {
        self.failure.as_ref().and_then(|failure| failure.code)
    }
}

impl MessageBirdWhatsAppSettings {
    /// The locale of the template for a page in this language: the same, or the same of some country, else
    /// the first.
    fn locale(&self, language: Option<&str>) -> &str {
        let tag = language.unwrap_or_default();
        let written = WRITTEN.iter().find(|(own, _)| *own == tag).map_or(&[][..], |(_, all)| all);
        let of_a_country =
            |locale: &str| locale.strip_prefix(tag).is_some_and(|rest| rest.starts_with('-'));
        let find = |is: &dyn Fn(&str) -> bool| self.locales.iter().find(|locale| is(locale));
        let found = find(&|locale| locale == tag)
            .or_else(|| written.iter().find_map(|name| find(&|locale| locale == *name)))
            .or_else(|| find(&|locale| !tag.is_empty() && of_a_country(locale)));
        found.or(self.locales.first()).map_or("", String::as_str)
    }
}

impl HttpApi for MessageBirdWhatsAppSettings {
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
        self.signing_key.as_ref().map(|_| self as _)
    }

    fn request(&self, message: &Message<'_>, call: &Call) -> Result<Request<Vec<u8>>, Failure> {
        let code = message.code.ok_or(Failure::TextRefused)?;
        let path = ["workspaces", &self.workspace_id, "channels", &self.channel_id, "messages"];
        let url = http_api::below(&self.base_url, &path)?;
        let contact =
            Contact { identifier_key: "phonenumber", identifier_value: message.to.e164() };
        let parameter = |key| Parameter { r#type: "string", key, value: code };
        let fields = Fields {
            receiver: Receiver { contacts: [contact] },
            template: Template {
                project_id: &self.project_id,
                version: &self.version,
                locale: self.locale(message.language),
                parameters: self.variables.iter().map(|key| parameter(key.as_str())).collect(),
            },
            validity: message.valid_for.as_secs().max(1),
            ignore_quiet_hours: true,
            ignore_global_holdout: true,
            notification: call.receipts.as_deref().map(|url| Notification { url }),
        };
        let login = http_api::authorization("AccessKey", self.access_key.reveal())?;
        http_api::json(&url, [login], &fields)
    }

    fn read(&self, answer: &HttpAnswer) -> Result<Accepted, Refused> {
        if answer.status != 202 {
            return Err(refused(answer.status));
        }
        let message: BirdMessage =
            serde_json::from_slice(&answer.body).map_err(|_| Failure::Unclear)?;
        if receipt::is_failed(&message.status) {
            let code = message.code();
            return Err(Refused { failure: receipt::failure(code), code });
        }
        // Priced as one text.
        Ok(Accepted { segments: Some(1), ..Accepted::with_id(&message.id)? })
    }
}

/// The codes of these errors are words that are not documented. What they find wrong is in the settings: a
/// number that does not exist is not asked for.
fn refused(status: u16) -> Refused {
    let known = matches!(status, 400 | 409 | 422).then_some(Failure::Misconfigured);
    Refused::by_code(status, None, known)
}

#[cfg(test)]
mod tests {
    use super::MessageBirdWhatsAppSettings;
    use crate::domain::Secret;

    fn with(locales: &[&str]) -> MessageBirdWhatsAppSettings {
        let text = String::new;
        MessageBirdWhatsAppSettings {
            access_key: Secret::new("key"),
            signing_key: None,
            workspace_id: text(),
            channel_id: text(),
            project_id: text(),
            version: text(),
            locales: locales.iter().map(|locale| (*locale).to_owned()).collect(),
            variables: Vec::new(),
            base_url: "https://api.bird.com".parse().expect("a URL"),
        }
    }

    #[test]
    fn the_locale_is_that_of_the_page_if_the_template_has_it() {
        let template = with(&["en", "de-DE", "pt-BR", "zh-HK", "zh-CN", "fil"]);
        for (language, locale) in [
            (Some("pt-BR"), "pt-BR"),
            (Some("de"), "de-DE"),
            (Some("zh-Hans"), "zh-CN"),
            (Some("zh-Hant"), "zh-HK"),
            (Some("fi"), "en"),
            (Some("fr"), "en"),
            (None, "en"),
        ] {
            assert_eq!(template.locale(language), locale, "{language:?}");
        }
        assert_eq!(with(&["es-MX"]).locale(None), "es-MX");
    }
}
