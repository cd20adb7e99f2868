//! Sends text messages: the SMS providers, and the order in which they are tried.
//! Does not decide who is texted or what.
mod error;
mod health;
mod order;
pub mod sms;

pub use error::{Blame, Failure, SendError};
pub use order::{CodeWatch, Delivery, Outcome, SmsRoute};
