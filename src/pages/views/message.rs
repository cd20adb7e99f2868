use std::time::Duration;

use super::account::written;
use super::limited::{LimitedPage, NumberAgain};
use super::page::{Head, Page};
use crate::domain::PhoneNumber;
use crate::system::Timestamp;
use crate::words::{Context, Language, Safe};

/// Pages with one message and at most one link or button.
#[derive(Debug)]
pub enum MessagePage<'a> {
    /// 403.
    ///
    /// `again`: where another number can be typed; empty: this user is signed out first. `reference`: of the
    /// attempt whose code was right, or empty.
    Denied { phone: &'a PhoneNumber, host: &'a str, again: &'a str, reference: &'a str },
    /// 404. Shown without the brand, see [`super::Views::plain`]: the host is not ours.
    UnknownHost,
    /// 400. The cookie did not come back after sign-in.
    NoCookie { host: &'a str, again: &'a str },
    /// 400.
    TimedOut { again: &'a str },
    /// 400. Signed in, but a part of what was asked for is lost. `again`: where to go on.
    Lost { lost: Lost, host: &'a str, again: &'a str },
    /// 502 or 504. `retry`: the request may be repeated.
    Upstream { host: &'a str, reference: &'a str, retry: bool, home: &'a str },
    /// 429.
    Limited(LimitedPage<'a>),
    /// What cannot be answered, whatever is done on this page. `home`, here and below: where to go
    /// instead; empty: only this page again.
    DeadEnd { why: DeadEnd, host: &'a str, home: &'a str },
    /// 400. An application sent a request that is refused; `why` is for its developers.
    Application { why: &'a str, reference: &'a str, home: &'a str },
    /// 500.
    ServerError { reference: &'a str, home: &'a str },
    /// 503. `again`: the form to fill in once more; empty: this page.
    Unavailable { again: &'a str, reference: &'a str },
}

/// Why a request is not answered as it was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadEnd {
    /// 403. The rule does not admit this network.
    WrongNetwork,
    /// 403. The site asks for a client certificate.
    NoCertificate,
    /// 403. A request from a page of another origin.
    Foreign,
    /// 400.
    BadRequest,
    /// 404.
    NotFound,
    /// 405.
    MethodNotAllowed,
    /// 413.
    TooLarge,
    /// 410. A form that was kept is not there any more.
    FormGone,
}

impl DeadEnd {
    pub const ALL: [Self; 8] = [
        Self::WrongNetwork,
        Self::NoCertificate,
        Self::Foreign,
        Self::BadRequest,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::TooLarge,
        Self::FormGone,
    ];

    const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::WrongNetwork => ("wrong_network_title", "wrong_network_text"),
            Self::NoCertificate => ("certificate_title", "certificate_text"),
            Self::Foreign => ("foreign_title", "foreign_text"),
            Self::BadRequest => ("bad_request_title", "bad_request_text"),
            Self::NotFound => ("not_found_title", "not_found_text"),
            Self::MethodNotAllowed => ("method_title", "method_text"),
            Self::TooLarge => ("too_large_title", "too_large_text"),
            Self::FormGone => ("form_gone_title", "form_gone_text"),
        }
    }
}

/// What of a request is not repeated after a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// A form that was posted without a session.
    Form,
    /// The same by a page of another site, to which browsers add no session cookie (`SameSite`).
    ForeignForm,
    /// The address of the page, which is too long to carry.
    Link,
}

impl Lost {
    pub const ALL: [Self; 3] = [Self::Form, Self::ForeignForm, Self::Link];

    fn message(self) -> Message<'static> {
        match self {
            Self::Form => Message::new("lost_form_title", "lost_form_text"),
            Self::ForeignForm => Message {
                points: &["lost_foreign_rule"],
                ..Message::new("lost_form_title", "lost_foreign_text")
            },
            Self::Link => Message::new("lost_link_title", "lost_link_text"),
        }
    }
}

/// The template variables of a message.
#[derive(Default)]
struct Message<'a> {
    heading: &'static str,
    /// The key of what is said above the heading.
    notice: Option<&'static str>,
    text: &'static str,
    host: &'a str,
    phone: Option<&'a PhoneNumber>,
    count: u64,
    until: Option<Timestamp>,
    /// Where another number can be typed; empty: no link.
    another: &'a str,
    /// Where a code can be entered; empty: no link.
    code: &'a str,
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
    /// A POST of the number, in so many seconds.
    Number(NumberAgain<'a>, u64),
}

impl<'a> Message<'a> {
    fn new(heading: &'static str, text: &'static str) -> Self {
        Self { heading, text, ..Self::default() }
    }

    /// `address` empty: this page.
    fn again(self, address: &'a str) -> Self {
        let way_on = if address.is_empty() { WayOn::SameAddress } else { WayOn::Link(address) };
        Self { way_on: Some(("try_again", way_on)), ..self }
    }

    /// With a link to `home`; empty: to this page.
    fn leading(home: &'a str, heading: &'static str, text: &'static str) -> Self {
        let message = Self::new(heading, text);
        match home {
            "" => message.again(""),
            home => Self { way_on: Some(("home_link", WayOn::Link(home))), ..message },
        }
    }

    /// An empty one is not shown.
    fn with_reference(self, reference: &'a str) -> Self {
        Self { reference: Some(reference).filter(|reference| !reference.is_empty()), ..self }
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
            Self::Denied { phone, host, again, reference } => Message {
                host,
                phone: Some(phone),
                way_on: Some(("denied_button", another(again))),
                ..Message::new("denied_title", "denied_text").with_reference(reference)
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
            Self::Lost { lost, host, again } => {
                let way_on = Some(("go_on", WayOn::Link(again)));
                Message { host, way_on, ..lost.message() }
            }
            Self::Upstream { host, reference, retry, home } => {
                upstream(host, retry, home).with_reference(reference)
            }
            Self::Limited(page) => limited(page),
            Self::DeadEnd { why, host, home } => {
                let (heading, text) = why.keys();
                Message { host, ..Message::leading(home, heading, text) }
            }
            Self::Application { why, reference, home } => Message {
                detail: Some(why),
                ..Message::leading(home, "application_title", "application_text")
            }
            .with_reference(reference),
            Self::ServerError { reference, home } => {
                let message = Message::leading(home, "server_error_title", "server_error_text");
                message.with_reference(reference)
            }
            Self::Unavailable { again, reference } => {
                let message = Message::new("unavailable_title", "unavailable_text");
                message.again(again).with_reference(reference)
            }
        }
    }
}

/// The way to sign in with another number.
const fn another(again: &str) -> WayOn<'_> {
    if again.is_empty() { WayOn::SignOut } else { WayOn::Link(again) }
}

/// Only a safe request is offered again.
fn upstream<'a>(host: &'a str, retry: bool, home: &'a str) -> Message<'a> {
    let message = if retry {
        Message::new("upstream_title", "upstream_text").again("")
    } else {
        Message::leading(home, "upstream_title", "upstream_text_unsaved")
    };
    Message { host, ..message }
}

/// The wait in minutes, rounded up, at least one.
fn limited(page: LimitedPage<'_>) -> Message<'_> {
    let (heading, text) = page.limit.keys();
    let message = match page.again {
        Some(again) => Message {
            way_on: Some(("try_again", WayOn::Number(again, page.seconds))),
            ..Message::new(heading, text)
        },
        None => Message::leading(page.home, heading, text),
    };
    Message {
        count: page.seconds.div_ceil(60).max(1),
        until: Some(page.until),
        notice: page.early.then_some("limited_early"),
        another: page.another,
        code: page.code,
        ..message.with_reference(page.reference)
    }
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
            WayOn::SignOut | WayOn::Number(..) => None,
            WayOn::Link(address) => Some(Safe::link(address)),
            WayOn::SameAddress => Some(Safe::from_static("")),
        });
        let row = |key: &&'static str| Context::new().text("key", Safe::from_static(key));
        let another = Safe::link(message.another);
        let code = Safe::link(message.code);
        let (again, wait) = match &way_on {
            Some(WayOn::Number(again, wait)) => (Some(*again), Some(*wait)),
            _ => (None, None),
        };
        context
            .text("heading", Safe::from_static(message.heading))
            .maybe("notice", message.notice.map(Safe::from_static))
            .text("text", Safe::from_static(message.text))
            .text("host", Safe::left_to_right(message.host))
            .text("phone", phone.unwrap_or_default())
            .number("count", message.count)
            .text("time", message.until.map(clock_time).unwrap_or_default())
            .flag("waits", again.is_some())
            .number("wait", wait.unwrap_or_default())
            .text("flow", Safe::escape(again.map_or("", |again| again.flow)))
            .text("typed", Safe::escape(again.map_or("", |again| again.typed)))
            .text("country", Safe::escape(again.map_or("", |again| again.country)))
            .maybe("another", another.leads_somewhere().then_some(another))
            .maybe("code", code.leads_somewhere().then_some(code))
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
pub(super) fn clock_time(until: Timestamp) -> Safe {
    let minute = until + Duration::from_millis(59_999);
    let machine = Safe::escape(&written(minute, "%Y-%m-%dT%H:%MZ"));
    let shown = Safe::escape(&written(minute, "%H:%M UTC"));
    let [begin, middle, end] =
        ["<time data-hour=\"numeric\" data-minute=\"2-digit\" datetime=\"", "\">", "</time>"];
    let [begin, middle, end] = [begin, middle, end].map(Safe::from_static);
    Safe::concat([&begin, &machine, &middle, &shown, &end])
}
