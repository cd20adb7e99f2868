//! SMS providers: one file for each, and the list of them.
//! Does not know what a text says, nor who requested it.
pub mod aws;
pub mod console;
pub mod http;
mod http_api;
mod message;
pub mod messagebird;
pub mod messagebird_whatsapp;
pub mod plivo;
pub mod sinch;
pub mod smpp;
mod status;
pub mod telnyx;
pub mod twilio;
pub mod twilio_verify;
pub mod twilio_voice;
pub mod twilio_whatsapp;
mod verification;
pub mod vonage;

use std::sync::Arc;

use crate::domain::TextChannel;
pub use http_api::{Accepted, Call, HttpApi, ProviderCalls, Refused, VerificationApi};
pub use message::{AccountCheck, HeldCode, Message, Receipt, SmsProvider};
pub use verification::{CodeAnswer, CodeCheck, CodeOwner};

/// The settings of a provider in `sms.providers`.
#[derive(Clone, Debug)]
pub enum ProviderSettings {
    /// Prints texts on the terminal; for development.
    Console,
    Twilio(twilio::TwilioSettings),
    TwilioVerify(twilio_verify::TwilioVerifySettings),
    TwilioVoice(twilio_voice::TwilioVoiceSettings),
    TwilioWhatsApp(twilio_whatsapp::TwilioWhatsAppSettings),
    Vonage(vonage::VonageSettings),
    Plivo(plivo::PlivoSettings),
    MessageBird(messagebird::MessageBirdSettings),
    MessageBirdWhatsApp(messagebird_whatsapp::MessageBirdWhatsAppSettings),
    Telnyx(telnyx::TelnyxSettings),
    Sinch(sinch::SinchSettings),
    Aws(aws::AwsSettings),
    Smpp(smpp::SmppSettings),
    /// A gateway of the operator's own.
    Http(http::GatewaySettings),
}

impl ProviderSettings {
    /// THE list of providers with an HTTP API.
    pub fn api(&self) -> Option<Arc<dyn HttpApi>> {
        Some(match self {
            Self::Console | Self::Smpp(_) => return None,
            Self::Twilio(api) => Arc::new(api.clone()),
            Self::TwilioVerify(api) => Arc::new(api.clone()),
            Self::TwilioVoice(api) => Arc::new(api.clone()),
            Self::TwilioWhatsApp(api) => Arc::new(api.clone()),
            Self::Vonage(api) => Arc::new(api.clone()),
            Self::Plivo(api) => Arc::new(api.clone()),
            Self::MessageBird(api) => Arc::new(api.clone()),
            Self::MessageBirdWhatsApp(api) => Arc::new(api.clone()),
            Self::Telnyx(api) => Arc::new(api.clone()),
            Self::Sinch(api) => Arc::new(api.clone()),
            Self::Aws(api) => Arc::new(api.clone()),
            Self::Http(api) => Arc::new(api.clone()),
        })
    }

    /// The name in `sms.providers`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Console => console::NAME,
            Self::Smpp(_) => smpp::NAME,
            _ => self.api().map_or("", |api| api.name()),
        }
    }

    /// Whether it sends our texts to phones; others call, send by WhatsApp, text codes of their own, or
    /// print.
    pub fn sends_our_texts(&self) -> bool {
        self.api()
            .is_some_and(|api| api.channel() == TextChannel::Sms && api.verification().is_none())
    }

    /// Who texts come from: a number, a short code or a name; `None` if the provider chooses.
    pub fn sender(&self) -> Option<String> {
        match self {
            Self::Smpp(settings) => Some(settings.from.clone()),
            _ => self.api()?.sender().map(str::to_owned),
        }
    }
}

/// The provider that the settings describe. Opens no connection yet.
pub fn provider(settings: &ProviderSettings, connections: &ProviderCalls) -> Arc<dyn SmsProvider> {
    match (settings, settings.api()) {
        (_, Some(api)) => Arc::new(http_api::HttpProvider::new(api, connections)),
        (ProviderSettings::Smpp(settings), None) => {
            Arc::new(smpp::Smpp::new(settings, connections))
        }
        (_, None) => Arc::new(console::Console::stdout()),
    }
}
