//! Text messages: one file for each provider.
pub mod twilio;

/// The settings of one provider of `sms.providers`.
#[derive(Clone, Debug)]
pub enum ProviderSettings {
    /// Prints the text on the terminal; for development on this machine.
    Console,
    Twilio(twilio::Settings),
}
