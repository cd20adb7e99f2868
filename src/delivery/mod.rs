//! Sends text messages: the SMS providers, and the order in which they are tried.
//! Does not decide who is texted or what.
mod error;
mod health;
mod message_id;
mod order;
mod receipt;
pub mod sms;

pub use error::{Blame, Failure, SendError};
pub use order::{CodeWatch, Delivery, Outcome, SmsRoute};
pub use receipt::{DeliveryReceipt, ReceiptApi, ReceiptInbox, ReceiptRefused, ReceiptRequest};
