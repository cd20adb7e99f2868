use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::written;
use super::page::{Head, Page};
use crate::domain::PhoneNumber;
use crate::system::Timestamp;
use crate::words::{Context, Language, Safe};

/// Pages with one message and at most one link or button.
#[derive(Debug)]
pub enum MessagePage<'a> {
    /// 403. `again`: where another number can be typed; empty: this user is signed out first.
    Denied { phone: &'a PhoneNumber, host: &'a str, again: &'a str },
    /// 404. Shown without the brand, see [`super::Views::plain`]: the host is not ours.
    UnknownHost,
    /// 400. The cookie did not come back after sign-in.
    NoCookie { host: &'a str, again: &'a str },
    /// 400.
    TimedOut { again: &'a str },
    /// 502 or 504. `retry`: the request may be repeated.
    Upstream { host: &'a str, reference: &'a str, retry: bool },
    /// 429, with a `Retry-After` of `seconds`, which end at `until`.
    Limited { limit: LimitMessage, seconds: u64, until: Timestamp, again: &'a str },
    /// 403. The rule does not admit this network.
    WrongNetwork { host: &'a str },
    /// 403. A request from a page of another origin.
    Foreign { host: &'a str },
    /// 400.
    BadRequest,
    /// 400. An application sent a request that is refused; `why` is for its developers.
    Application { why: &'a str },
    /// 404.
    NotFound,
    /// 405.
    MethodNotAllowed,
    /// 413.
    TooLarge,
    /// 500.
    ServerError { reference: &'a str },
    /// 503. `again`: the form to fill in once more; empty: no link.
    Unavailable { again: &'a str },
}

/// Which limit was reached. The names are in sealed texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitMessage {
    /// Texts to one number.
    Number,
    /// Wrong codes for one number.
    Tries,
    /// Requests from one network.
    Network,
    /// Requests in all.
    Service,
}

/// The template variables of a message.
#[derive(Default)]
struct Message<'a> {
    heading: &'static str,
    text: &'static str,
    host: &'a str,
    phone: Option<&'a PhoneNumber>,
    count: u64,
    until: Option<Timestamp>,
    points: &'static [&'static str],
    way_on: Option<(&'static str, WayOn<'a>)>,
    reference: Option<&'a str>,
    /// For developers; in English.
    detail: Option<&'a str>,
}

enum WayOn<'a> {
    /// A POST to our own sign-out.
    SignOut,
    Link(&'a str),
    /// Reload.
    SameAddress,
}

impl<'a> Message<'a> {
    fn new(heading: &'static str, text: &'static str) -> Self {
        Self { heading, text, ..Self::default() }
    }

    fn again(self, address: &'a str) -> Self {
        Self { way_on: Some(("try_again", WayOn::Link(address))), ..self }
    }
}

impl MessagePage<'_> {
    /// The keys of its heading and text.
    pub(super) fn words(&self) -> [&'static str; 2] {
        let Message { heading, text, .. } = self.message();
        [heading, text]
    }

    fn message(&self) -> Message<'_> {
        match *self {
            Self::Denied { phone, host, again } => Message {
                host,
                phone: Some(phone),
                way_on: Some(("denied_button", another(again))),
                ..Message::new("denied_title", "denied_text")
            },
            Self::UnknownHost => Message::new("unknown_host_title", "unknown_host_text"),
            Self::NoCookie { host, again } => Message {
                host,
                points: &["no_cookie_blocked", "no_cookie_scheme", "no_cookie_host"],
                ..Message::new("no_cookie_title", "no_cookie_text").again(again)
            },
            Self::TimedOut { again } => Message {
                way_on: Some(("start_again", WayOn::Link(again))),
                ..Message::new("timed_out_title", "timed_out_text")
            },
            Self::Upstream { host, reference, retry } => upstream(host, reference, retry),
            Self::Limited { limit, seconds, until, again } => {
                Message { until: Some(until), ..limited(limit, seconds) }.again(again)
            }
            Self::WrongNetwork { host } => {
                Message { host, ..Message::new("wrong_network_title", "wrong_network_text") }
            }
            Self::Foreign { host } => {
                Message { host, ..Message::new("foreign_title", "foreign_text") }
            }
            Self::BadRequest => Message::new("bad_request_title", "bad_request_text"),
            Self::Application { why } => Message {
                detail: Some(why),
                ..Message::new("application_title", "application_text")
            },
            Self::NotFound => Message::new("not_found_title", "not_found_text"),
            Self::MethodNotAllowed => Message::new("method_title", "method_text"),
            Self::TooLarge => Message::new("too_large_title", "too_large_text"),
            Self::ServerError { reference } => Message {
                reference: Some(reference),
                ..Message::new("server_error_title", "server_error_text")
            },
            Self::Unavailable { again: "" } => {
                Message::new("unavailable_title", "unavailable_text")
            }
            Self::Unavailable { again } => {
                Message::new("unavailable_title", "unavailable_text").again(again)
            }
        }
    }
}

/// The way to sign in with another number.
const fn another(again: &str) -> WayOn<'_> {
    if again.is_empty() { WayOn::SignOut } else { WayOn::Link(again) }
}

/// Only a safe request is offered again.
fn upstream<'a>(host: &'a str, reference: &'a str, retry: bool) -> Message<'a> {
    let text = if retry { "upstream_text" } else { "upstream_text_unsaved" };
    Message {
        host,
        reference: Some(reference),
        way_on: retry.then_some(("try_again", WayOn::SameAddress)),
        ..Message::new("upstream_title", text)
    }
}

/// In minutes, rounded up, at least one.
fn limited(limit: LimitMessage, seconds: u64) -> Message<'static> {
    let (heading, text) = match limit {
        LimitMessage::Number => ("limited_number_title", "limited_number_text"),
        LimitMessage::Tries => ("limited_tries_title", "limited_tries_text"),
        LimitMessage::Network => ("limited_network_title", "limited_network_text"),
        LimitMessage::Service => ("limited_service_title", "limited_service_text"),
    };
    Message { count: seconds.div_ceil(60).max(1), ..Message::new(heading, text) }
}

impl Page for MessagePage<'_> {
    fn template(&self) -> &'static str {
        "message"
    }

    fn head(&self) -> Head {
        Head { title: self.message().heading, ..Head::default() }
    }

    fn fill(&self, _: &Language, context: Context) -> Context {
        let message = self.message();
        let phone = message.phone.map(|phone| Safe::figure(&phone.masked()));
        let (button, way_on) = message.way_on.unzip();
        let href = way_on.as_ref().and_then(|way_on| match way_on {
            WayOn::SignOut => None,
            WayOn::Link(address) => Some(Safe::link(address)),
            WayOn::SameAddress => Some(Safe::from_static("")),
        });
        let row = |key: &&'static str| Context::new().text("key", Safe::from_static(key));
        context
            .text("heading", Safe::from_static(message.heading))
            .text("text", Safe::from_static(message.text))
            .text("host", Safe::left_to_right(message.host))
            .text("phone", phone.unwrap_or_default())
            .number("count", message.count)
            .maybe("time", message.until.map(clock_time))
            .list("points", message.points.iter().map(row))
            .flag("signs_out", matches!(way_on, Some(WayOn::SignOut)))
            .maybe("href", href)
            .text("button", Safe::from_static(button.unwrap_or_default()))
            .maybe("detail", message.detail.map(Safe::left_to_right))
            .maybe("reference", message.reference.map(Safe::figure))
    }
}

/// In UTC, since the reader's time zone is not known here; a script converts it. Rounded up to the
/// whole minute, so that a retry is not too early.
fn clock_time(until: Timestamp) -> Safe {
    let minute = until + Duration::from_millis(59_999);
    let machine = Safe::escape(&written(minute, "%Y-%m-%dT%H:%MZ"));
    let shown = Safe::escape(&written(minute, "%H:%M UTC"));
    let [begin, middle, end] = ["<time data-clock datetime=\"", "\">", "</time>"];
    let [begin, middle, end] = [begin, middle, end].map(Safe::from_static);
    Safe::concat([&begin, &machine, &middle, &shown, &end])
}
