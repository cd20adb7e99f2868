//! Carries a text to a phone: providers, and the order in which they are tried. Decides nothing
//! about who is texted or what.
pub mod sms;
