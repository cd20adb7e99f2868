//! Carries a text to a phone: providers, and the order in which they are tried. Decides nothing
//! about who is texted or what.
mod error;
mod order;
pub mod sms;

pub use error::{Blame, Failure, SendError};
pub use order::{Delivery, Outcome};
