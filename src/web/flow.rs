//! What travels with the login pages: where the person goes, whose browser it is, the number,
//! and what to say next. Sealed, so that a GET writes nothing and nobody changes it.
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Web;
use crate::domain::{Origin, PhoneNumber, ReturnTo};
use crate::login::Login;
use crate::system::Timestamp;

/// A flow that is older than this begins again.
const LIFE: Duration = Duration::from_mins(10);
/// The longest sealed text that is opened.
const LONGEST: usize = 4 * 1024;
/// The longest number that is shown again, in characters.
const LONGEST_TYPED: usize = 40;

/// What the next page says, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Say {
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
    WrongCode { tries_left: u8 },
    Resent,
    NotYet { seconds: u64 },
}

/// A login on its way through the pages.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    /// Where it leads: a page of a site.
    pub(super) origin: Origin,
    pub(super) path: ReturnTo,
    /// The digest of the browser's cookie.
    pub(super) browser: [u8; 32],
    /// The number that was texted.
    pub(super) phone: Option<PhoneNumber>,
    /// What was typed as a number, to be corrected, and the country chosen beside it.
    pub(super) typed: String,
    pub(super) country: String,
    pub(super) say: Option<Say>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    origin: String,
    path: String,
    browser: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    typed: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    country: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    say: Option<Say>,
    until: i64,
}

/// A sealed text that was opened.
#[derive(Debug)]
pub(super) enum Opened {
    Good(Flow),
    /// Ours, but too old.
    Old(Flow),
    NotOurs,
}

impl Flow {
    pub(super) fn to(origin: Origin, path: ReturnTo, browser: [u8; 32]) -> Self {
        let (typed, country) = (String::new(), String::new());
        Self { origin, path, browser, phone: None, typed, country, say: None }
    }

    pub(super) fn saying(self, say: Say) -> Self {
        Self { say: Some(say), ..self }
    }

    /// Where it leads, as a URL.
    pub(super) fn destination(&self) -> String {
        format!("{}{}", self.origin, self.path.as_str())
    }

    fn to_wire(&self, until: Timestamp) -> Wire {
        Wire {
            origin: self.origin.to_string(),
            path: self.path.as_str().to_owned(),
            browser: URL_SAFE_NO_PAD.encode(self.browser),
            phone: self.phone.as_ref().map(|phone| phone.e164().to_owned()),
            typed: self.typed.chars().take(LONGEST_TYPED).collect(),
            country: self.country.chars().take(2).collect(),
            say: self.say,
            until: until.as_millis(),
        }
    }

    fn from_wire(wire: Wire, login: &Login) -> Option<Self> {
        Some(Self {
            origin: Origin::parse(&wire.origin).ok()?,
            path: ReturnTo::parse(&wire.path)?,
            browser: URL_SAFE_NO_PAD.decode(wire.browser).ok()?.try_into().ok()?,
            phone: wire.phone.map(|phone| login.number(&phone, None)).transpose().ok()?,
            typed: wire.typed,
            country: wire.country,
            say: wire.say,
        })
    }
}

impl Web {
    pub(super) fn seal(&self, flow: &Flow) -> String {
        let wire = flow.to_wire(self.system.now() + LIFE);
        // Plain texts and numbers: this cannot fail to serialise.
        let plain = serde_json::to_vec(&wire).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(self.seals[0].seal(self.system.random(), &plain))
    }

    pub(super) fn open(&self, sealed: &str) -> Opened {
        self.try_open(sealed).unwrap_or(Opened::NotOurs)
    }

    fn try_open(&self, sealed: &str) -> Option<Opened> {
        let sealed = (sealed.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.decode(sealed).ok())??;
        let plain = self.seals.iter().find_map(|key| key.open(&sealed).ok())?;
        let wire: Wire = serde_json::from_slice(&plain).ok()?;
        let alive = self.system.now() < Timestamp::from_millis(wire.until);
        let flow = Flow::from_wire(wire, &self.login)?;
        // A site may be gone from the configuration since.
        let there = self.map.is_page(&flow.origin, flow.path.as_str().split('?').next()?);
        there.then_some(if alive { Opened::Good(flow) } else { Opened::Old(flow) })
    }
}
