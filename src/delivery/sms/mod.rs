//! SMS providers: one file for each, and the list of them.
//! Does not know what a text says, nor who requested it.
pub mod console;
mod message;
pub mod twilio;

use std::sync::Arc;

pub use message::{Message, Receipt, SmsProvider};

/// The settings of a provider in `sms.providers`.
#[derive(Clone, Debug)]
pub enum ProviderSettings {
    /// Prints texts on the terminal; for development.
    Console,
    Twilio(twilio::TwilioSettings),
}

impl ProviderSettings {
    /// The name in `sms.providers`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Console => console::NAME,
            Self::Twilio(_) => twilio::NAME,
        }
    }
}

/// The provider that the settings describe. Opens no connection yet.
pub fn provider(settings: &ProviderSettings) -> Arc<dyn SmsProvider> {
    match settings {
        ProviderSettings::Console => Arc::new(console::Console::stdout()),
        ProviderSettings::Twilio(settings) => Arc::new(twilio::Twilio::new(settings.clone())),
    }
}
