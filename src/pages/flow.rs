//! What travels with the login pages: where the person goes, whose browser it is, the number,
//! and what to say next. Sealed, so that a GET writes nothing and nobody changes it.
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Web;
use super::handover::State;
use super::views::Limit;
use crate::domain::{BrowserDigest, Origin, PhoneNumber, ReturnTo, StateCookieDigest};
use crate::login::Login;
use crate::system::Timestamp;

/// A flow that is older than this begins again.
const LIFE: Duration = Duration::from_mins(10);
/// The longest number that is shown again, in characters.
const LONGEST_TYPED: usize = 40;

/// What the next page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Say {
    NumberEmpty,
    NotANumber,
    NoSuchNumber,
    Landline,
    NotMobile,
    CountryNotServed,
    CodeDied,
    CodeExpired,
    TimedOut,
    FormNotSent,
    WrongLength,
    WrongCode {
        tries_left: u8,
    },
    /// There was too much of something; until then, in milliseconds since 1970.
    Limited {
        limit: Limit,
        until: i64,
    },
    Denied,
    Unavailable,
}

/// A login on its way through the pages.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// Where it leads: a page of a site.
    pub(crate) origin: Origin,
    pub(crate) path: ReturnTo,
    /// The digest of the browser's cookie.
    pub(crate) browser: BrowserDigest,
    /// When it leads to another host: what that host knows this browser by.
    pub(crate) state: Option<State>,
    /// The number that was texted.
    pub(crate) phone: Option<PhoneNumber>,
    /// What was typed as a number, to be corrected, and the country chosen beside it.
    pub(crate) typed: String,
    pub(crate) country: String,
    pub(crate) say: Option<Say>,
    /// Only a login after this leads on; `None`: any that there is.
    pub(crate) since: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    origin: String,
    path: String,
    browser: String,
    /// Digest and deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<(String, i64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    typed: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    country: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    say: Option<Say>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<i64>,
    until: i64,
}

/// A sealed text that was opened.
#[derive(Debug)]
pub(crate) enum Opened {
    Good(Flow),
    /// Ours, but too old.
    Old(Flow),
    NotOurs,
}

impl Flow {
    pub(crate) fn to(origin: Origin, path: ReturnTo, browser: BrowserDigest) -> Self {
        let (typed, country) = (String::new(), String::new());
        let (state, phone, say, since) = (None, None, None, None);
        Self { origin, path, browser, state, phone, typed, country, say, since }
    }

    pub(crate) fn saying(self, say: Say) -> Self {
        Self { say: Some(say), ..self }
    }

    /// Whether it leads on for who is signed in since `began`.
    pub(crate) fn is_met_by(&self, began: Timestamp) -> bool {
        self.since.is_none_or(|since| began >= since)
    }

    /// The same way with nothing typed yet.
    pub(crate) fn afresh(&self) -> Self {
        Self {
            state: self.state,
            since: self.since,
            ..Self::to(self.origin.clone(), self.path.clone(), self.browser)
        }
    }

    /// Where it leads, as a URL.
    pub(crate) fn destination(&self) -> String {
        format!("{}{}", self.origin, self.path.as_str())
    }

    fn to_wire(&self, until: Timestamp) -> Wire {
        Wire {
            origin: self.origin.to_string(),
            path: self.path.as_str().to_owned(),
            browser: URL_SAFE_NO_PAD.encode(self.browser.as_bytes()),
            state: self.state.map(|state| {
                (URL_SAFE_NO_PAD.encode(state.digest.as_bytes()), state.until.as_millis())
            }),
            phone: self.phone.as_ref().map(|phone| phone.e164().to_owned()),
            typed: self.typed.chars().take(LONGEST_TYPED).collect(),
            country: self.country.chars().take(2).collect(),
            say: self.say,
            since: self.since.map(Timestamp::as_millis),
            until: until.as_millis(),
        }
    }

    fn from_wire(wire: Wire, login: &Login) -> Option<Self> {
        let digest = |text: &str| URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok();
        let state = match &wire.state {
            Some((text, until)) => Some(State {
                digest: StateCookieDigest::from_bytes(digest(text)?),
                until: Timestamp::from_millis(*until),
            }),
            None => None,
        };
        Some(Self {
            origin: Origin::parse(&wire.origin).ok()?,
            path: ReturnTo::parse(&wire.path)?,
            browser: BrowserDigest::from_bytes(digest(&wire.browser)?),
            state,
            phone: wire.phone.map(|phone| login.number(&phone, None)).transpose().ok()?,
            typed: wire.typed,
            country: wire.country,
            say: wire.say,
            since: wire.since.map(Timestamp::from_millis),
        })
    }
}

impl Web {
    pub(crate) fn seal(&self, flow: &Flow) -> String {
        self.flows.seal(&self.system, &flow.to_wire(self.system.now() + LIFE))
    }

    pub(crate) fn open(&self, sealed: &str) -> Opened {
        self.try_open(sealed).unwrap_or(Opened::NotOurs)
    }

    fn try_open(&self, sealed: &str) -> Option<Opened> {
        let wire: Wire = self.flows.open(sealed)?;
        let alive = self.system.now() < Timestamp::from_millis(wire.until);
        let flow = Flow::from_wire(wire, &self.login)?;
        // A site may be gone from the configuration since.
        if !self.is_page(&flow.origin, &flow.path) {
            return None;
        }
        Some(if alive { Opened::Good(flow) } else { Opened::Old(flow) })
    }
}
