//! What the page of a limit shows.
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::system::Timestamp;

/// A limit that was reached, with a `Retry-After` of `seconds`, which end at `until`.
#[derive(Clone, Copy, Debug)]
pub struct LimitedPage<'a> {
    pub limit: LimitMessage,
    pub seconds: u64,
    pub until: Timestamp,
    /// What can be sent again then; `None`: there is only a link to `home`.
    pub again: Option<NumberAgain<'a>>,
    /// Where to go instead; empty: only this page again.
    pub home: &'a str,
    /// Where another number can be typed; empty: it would not help.
    pub another: &'a str,
    /// Where a code that was sent before can be entered; empty: none was, or it would not help.
    pub code: &'a str,
    /// Of the attempt that was refused; empty: none.
    pub reference: &'a str,
    /// It was tried before `until`.
    pub early: bool,
}

impl LimitedPage<'_> {
    /// Of a limit that ends in so many seconds, with nothing to do but wait.
    pub fn new(limit: LimitMessage, seconds: u64, now: Timestamp) -> Self {
        Self {
            limit,
            seconds,
            until: now + Duration::from_secs(seconds),
            again: None,
            home: "",
            another: "",
            code: "",
            reference: "",
            early: false,
        }
    }
}

/// The form for a number, filled in as it was. No `Debug` of what was typed.
#[derive(Clone, Copy)]
pub struct NumberAgain<'a> {
    /// What the login is for, sealed.
    pub flow: &'a str,
    pub typed: &'a str,
    pub country: &'a str,
}

impl fmt::Debug for NumberAgain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NumberAgain")
    }
}

/// Which limit was reached. The names are in sealed texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitMessage {
    /// Texts to one number.
    Number,
    /// A text to the number that somebody else requested a short time ago. The reader did nothing
    /// too often.
    Recent,
    /// Wrong codes for one number.
    Tries,
    /// Requests from one network.
    Network,
    /// Requests in all.
    Service,
}

impl LimitMessage {
    /// Whether another number may be within the limit.
    pub(crate) const fn is_of_number(self) -> bool {
        matches!(self, Self::Number | Self::Recent | Self::Tries)
    }

    /// The keys of its heading and text.
    pub(super) const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Number => ("limited_number_title", "limited_number_text"),
            Self::Recent => ("limited_recent_title", "limited_recent_text"),
            Self::Tries => ("limited_tries_title", "limited_tries_text"),
            Self::Network => ("limited_network_title", "limited_network_text"),
            Self::Service => ("limited_service_title", "limited_service_text"),
        }
    }
}
