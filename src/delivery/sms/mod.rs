//! Text messages: one file for each provider, and the one list of them.
//! Does not know what a text says, nor who asked for it.
pub mod console;
mod message;
pub mod twilio;

use std::sync::Arc;

pub use message::{Message, Receipt, SmsProvider};

/// The settings of one provider of `sms.providers`.
#[derive(Clone, Debug)]
pub enum ProviderSettings {
    /// Prints the text on the terminal; for development on this machine.
    Console,
    Twilio(twilio::Settings),
}

impl ProviderSettings {
    /// As the operator calls it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Console => console::NAME,
            Self::Twilio(_) => twilio::NAME,
        }
    }
}

/// The provider that the settings describe. Opens nothing yet.
pub fn provider(settings: &ProviderSettings) -> Arc<dyn SmsProvider> {
    match settings {
        ProviderSettings::Console => Arc::new(console::Console::stdout()),
        ProviderSettings::Twilio(settings) => Arc::new(twilio::Twilio::new(settings.clone())),
    }
}
