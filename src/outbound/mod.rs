//! Requests and connections that Doorcode itself makes: which addresses they may go to, and how much of an answer is read.
//! Does not know what is asked, nor of whom; never repeats a request or follows a redirect.
mod addresses;
mod answer;
mod client;
mod stream;

pub use addresses::{AddressRule, is_public};
pub use answer::{BodyError, date, read_body, retry_after};
pub use client::{HttpAnswer, HttpClient, HttpTimeouts, NoAnswer, USER_AGENT};
pub use stream::{ByteStream, connect};
