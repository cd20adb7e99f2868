//! The state of a login on its way through the pages: where it leads, whose browser it is, the
//! number, and what the next page says. It travels sealed in addresses and forms, so that a GET
//! writes nothing and nobody can alter it.
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::views::LimitMessage;
use crate::domain::{
    AttemptReference, BrowserDigest, Origin, PhoneNumber, ReturnTo, StateCookieDigest,
};
use crate::login::{Login, RefusedStart, Started};
use crate::session::SignedIn;
use crate::system::Timestamp;

/// How long a sealed flow is good for.
pub(super) const FLOW_LIFETIME: Duration = Duration::from_mins(10);
/// The longest typed number that is shown again, in characters.
const MAX_TYPED: usize = 40;

/// What the next page says. The names are in sealed texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FlowMessage {
    NumberEmpty,
    NotANumber,
    NoSuchNumber,
    Landline,
    NotMobile,
    CountryNotServed,
    /// No tries are left.
    CodeDied,
    CodeExpired,
    TimedOut,
    FormNotSent,
    ForeignFormNotSent,
    LinkLost,
    /// What is asked for needs a recent login.
    LoginTooOld,
    /// A form was kept, to be sent after the login.
    FormKept,
    WrongLength,
    WrongCode {
        tries_left: u8,
    },
    /// A limit was reached; `until`: when it ends, in milliseconds since 1970.
    Limited {
        limit: LimitMessage,
        until: i64,
    },
    Denied,
    Unavailable,
}

/// What ties a hand-over between two hosts to the browser that asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HandoverState {
    /// The digest of a cookie that the site gave the browser.
    pub(super) digest: StateCookieDigest,
    /// When that cookie expires.
    pub(super) until: Timestamp,
}

/// A login on its way through the pages.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// Where it leads: a page of a site, or `/authorize` with its query.
    pub(crate) origin: Origin,
    pub(crate) path: ReturnTo,
    /// The digest of the browser's cookie.
    pub(crate) browser: BrowserDigest,
    /// Whether it is in a frame of another site, whose cookies it uses.
    pub(crate) framed: bool,
    /// Where it leads to another host: what that host knows this browser by.
    pub(crate) state: Option<HandoverState>,
    /// The number that was texted.
    pub(crate) phone: Option<PhoneNumber>,
    /// What was typed as a number, to be corrected, and the country chosen beside it.
    pub(crate) typed: String,
    pub(crate) country: String,
    pub(crate) say: Option<FlowMessage>,
    /// Only a login after this will do; `None`: any session will.
    pub(crate) since: Option<Timestamp>,
    /// Of the attempt that began last or was refused.
    pub(crate) reference: Option<AttemptReference>,
}

/// A [`Flow`] as it is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct SealedFlow {
    origin: String,
    path: String,
    browser: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    framed: bool,
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
    say: Option<FlowMessage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    until: i64,
}

/// A sealed flow that was opened, before it is known whose browser brought it.
#[derive(Debug)]
pub(super) enum UnsealedFlow {
    Good(Flow),
    /// Older than [`FLOW_LIFETIME`].
    Old(Flow),
    /// Not sealed by us, altered, or of a site that is no longer configured.
    NotOurs,
}

/// Why a form or a link of a login cannot be followed.
pub(crate) enum FlowError {
    /// The browser did not send the cookie that it was given.
    NoCookie(Box<Flow>),
    /// Too old, or another browser's.
    Old(Box<Flow>),
    NotOurs,
}

impl Flow {
    pub(crate) fn to(origin: Origin, path: ReturnTo, browser: BrowserDigest) -> Self {
        let (typed, country) = (String::new(), String::new());
        let (framed, state, phone, say) = (false, None, None, None);
        let (since, reference) = (None, None);
        Self { origin, path, browser, framed, state, phone, typed, country, say, since, reference }
    }

    pub(super) fn saying(self, say: FlowMessage) -> Self {
        Self { say: Some(say), ..self }
    }

    /// The same once a code was asked for, whether one was sent or not.
    pub(super) fn of_start(self, started: &Result<Started, RefusedStart>) -> Self {
        let attempt = match started {
            Ok(started) => started.attempt(),
            Err(refused) => refused.attempt,
        };
        Self { reference: Some(attempt.into()), ..self }
    }

    /// Whether a session that began at `began` is recent enough for it.
    pub(super) fn is_met_by(&self, began: Timestamp, now: Timestamp) -> bool {
        self.since.is_none_or(|since| began >= since && began.is_past_at(now))
    }

    /// The same destination with nothing typed yet.
    pub(super) fn afresh(&self) -> Self {
        Self {
            framed: self.framed,
            state: self.state,
            since: self.since,
            ..Self::to(self.origin.clone(), self.path.clone(), self.browser)
        }
    }

    /// The same with the number of somebody who is to log in again.
    pub(super) fn with_number_of(self, who: &SignedIn) -> Self {
        let country = who.phone().country().map(|country| country.as_str().to_owned());
        Self { typed: who.phone().international(), country: country.unwrap_or_default(), ..self }
    }

    /// Where it leads, as a URL.
    pub(crate) fn destination(&self) -> String {
        format!("{}{}", self.origin, self.path.as_str())
    }

    pub(super) fn to_sealed(&self, until: Timestamp) -> SealedFlow {
        SealedFlow {
            origin: self.origin.to_string(),
            path: self.path.as_str().to_owned(),
            browser: URL_SAFE_NO_PAD.encode(self.browser.as_bytes()),
            framed: self.framed,
            state: self.state.map(|state| {
                (URL_SAFE_NO_PAD.encode(state.digest.as_bytes()), state.until.as_millis())
            }),
            phone: self.phone.as_ref().map(|phone| phone.e164().to_owned()),
            typed: self.typed.chars().take(MAX_TYPED).collect(),
            country: self.country.chars().take(2).collect(),
            say: self.say,
            since: self.since.map(Timestamp::as_millis),
            reference: self.reference.map(|reference| reference.to_string()),
            until: until.as_millis(),
        }
    }
}

impl SealedFlow {
    /// Until when the flow is good.
    pub(super) const fn until(&self) -> Timestamp {
        Timestamp::from_millis(self.until)
    }

    pub(super) fn into_flow(self, login: &Login) -> Option<Flow> {
        let digest = |text: &str| URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok();
        let state = match &self.state {
            Some((text, until)) => {
                let until = Timestamp::from_millis(*until);
                let digest = StateCookieDigest::from_bytes(digest(text)?);
                Some(HandoverState { digest, until })
            }
            None => None,
        };
        Some(Flow {
            origin: Origin::parse(&self.origin).ok()?,
            path: ReturnTo::parse(&self.path)?,
            browser: BrowserDigest::from_bytes(digest(&self.browser)?),
            framed: self.framed,
            state,
            phone: self.phone.map(|phone| login.parse_number(&phone, None)).transpose().ok()?,
            typed: self.typed,
            country: self.country,
            say: self.say,
            since: self.since.map(Timestamp::from_millis),
            reference: self.reference.as_deref().and_then(AttemptReference::parse),
        })
    }
}
