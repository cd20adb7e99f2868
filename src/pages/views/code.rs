use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::channel::CodeChannels;
use super::news::{News, unsent_key};
use super::page::{Head, Page};
use crate::domain::{AttemptReference, PhoneNumber};
use crate::store::SendRefusal;
use crate::words::{Context, Language, Safe};

/// Asks for the code that was texted. 200, or 503 when the provider is down. Where no text of this
/// code may have been sent, [`super::UnsentPage`] stands in its place.
#[derive(Debug)]
pub struct CodePage<'a> {
    /// What the login is for, sealed.
    pub flow: &'a str,
    /// Shown in full: a typing mistake in it is the main reason why no code arrives.
    pub phone: &'a PhoneNumber,
    pub digits: u8,
    /// How long the code remains valid.
    pub minutes: u64,
    /// Seconds until it can be asked for again; zero: now.
    pub resend_after: u64,
    pub sending: Sending,
    pub problem: Option<CodeProblem>,
    pub notice: Option<CodeNotice>,
    /// What is known of the text since a provider took it; `None`: that is not told.
    pub news: Option<News<'a>>,
    pub channels: CodeChannels,
    /// By which an operator finds what became of this login.
    pub reference: AttemptReference,
}

/// The state of the text message. Only `Sent` claims that it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    Sent,
    /// The provider has not answered yet.
    Underway,
    /// The text may have been sent: neither success nor failure is claimed.
    Unclear,
    /// Only known numbers are texted, and the page must not reveal which those are.
    IfKnown,
    /// The latest text was not sent; an earlier one may have been, and its code is valid.
    Failed(SendRefusal),
}

/// The keys of the sentences for one state.
struct SendingKeys {
    title: &'static str,
    lede: &'static str,
    resent: Option<&'static str>,
    trouble: Option<&'static str>,
}

impl Sending {
    pub const ALL: [Self; 11] = [
        Self::Sent,
        Self::Underway,
        Self::Unclear,
        Self::IfKnown,
        Self::Failed(SendRefusal::Number),
        Self::Failed(SendRefusal::OptedOut),
        Self::Failed(SendRefusal::NotReached),
        Self::Failed(SendRefusal::TooMany),
        Self::Failed(SendRefusal::Country),
        Self::Failed(SendRefusal::Blocked),
        Self::Failed(SendRefusal::Service),
    ];

    /// Why the latest text was not sent, if it was not.
    pub const fn failure(self) -> Option<SendRefusal> {
        match self {
            Self::Failed(why) => Some(why),
            Self::Sent | Self::Underway | Self::Unclear | Self::IfKnown => None,
        }
    }

    const fn keys(self) -> SendingKeys {
        match self {
            Self::Sent => promised("code_sent", "resent_sent"),
            Self::Underway => promised("code_sending", "resent_sending"),
            Self::Unclear => promised("code_unclear", "resent_unclear"),
            Self::IfKnown => promised("code_conditional", "resent_conditional"),
            Self::Failed(why) => unsent(unsent_key(why)),
        }
    }

    /// The same of a message that takes this way.
    fn keys_of(self, channels: CodeChannels) -> SendingKeys {
        let keys = self.keys();
        match self {
            Self::Sent | Self::Underway | Self::IfKnown => {
                match channels.lede(self == Self::IfKnown) {
                    // It says that it is on its way, however often.
                    Some(lede) => SendingKeys { lede, resent: None, ..keys },
                    None => keys,
                }
            }
            // Nothing is known of it, whatever way it takes.
            Self::Unclear => keys,
            Self::Failed(_) => SendingKeys { trouble: channels.trouble().or(keys.trouble), ..keys },
        }
    }
}

const fn promised(lede: &'static str, resent: &'static str) -> SendingKeys {
    SendingKeys { title: "code_title", lede, resent: Some(resent), trouble: None }
}

const fn unsent(trouble: &'static str) -> SendingKeys {
    let (title, lede) = ("code_title_unsent", "code_unsent_again");
    SendingKeys { title, lede, resent: None, trouble: Some(trouble) }
}

/// What is wrong with the code that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    WrongLength,
    Wrong { tries_left: u8 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeNotice {
    /// The code was asked for again. The sentence follows from [`Sending`].
    Resent,
    /// It was asked for again too soon.
    NotYet { seconds: u64 },
}

/// The template variables of a notice.
#[derive(Default)]
struct NoticeVars {
    key: Option<&'static str>,
    tone: &'static str,
    count: u64,
}

impl CodePage<'_> {
    /// A failure to send comes before any other notice.
    fn notice(&self) -> NoticeVars {
        let keys = self.sending.keys_of(self.channels);
        match (keys.trouble, self.notice) {
            (Some(key), _) => NoticeVars { key: Some(key), tone: "warn", count: 0 },
            (None, Some(CodeNotice::Resent)) => {
                NoticeVars { key: keys.resent, tone: "ok", count: 0 }
            }
            (None, Some(CodeNotice::NotYet { seconds })) => {
                NoticeVars { key: Some("resend_not_yet"), tone: "warn", count: seconds }
            }
            (None, None) => NoticeVars::default(),
        }
    }

    /// The key of the sentence for what is wrong.
    pub fn error(&self) -> Option<&'static str> {
        self.problem().0.or(self.sending.keys_of(self.channels).trouble)
    }

    fn problem(&self) -> (Option<&'static str>, u64) {
        match self.problem {
            None => (None, 0),
            Some(CodeProblem::WrongLength) => (Some("code_wrong_length"), self.digits.into()),
            Some(CodeProblem::Wrong { tries_left }) => (Some("code_wrong"), tries_left.into()),
        }
    }
}

impl Page for CodePage<'_> {
    fn template(&self) -> &'static str {
        "code"
    }

    fn head(&self) -> Head {
        let refused = matches!(self.notice, Some(CodeNotice::NotYet { .. }));
        Head {
            title: self.sending.keys().title,
            problem: self.problem.is_some() || refused,
            ..Head::default()
        }
    }

    fn fill(&self, _: &Language, context: Context) -> Context {
        let (problem, problem_count) = self.problem();
        let notice = self.notice();
        let keys = self.sending.keys_of(self.channels);
        let context = match self.news {
            Some(news) => news.fill(context),
            None => context,
        };
        self.channels
            .fill(context)
            .flag("told", self.news.is_some())
            .flag("asks", self.news.is_some_and(|news| news.more))
            .text("flow", Safe::escape(self.flow))
            .text("flow_query", Safe::escape(&in_query(self.flow)))
            .text("field", Safe::from_static("code"))
            .text("phone", Safe::figure(&self.phone.international()))
            .number("digits", self.digits.into())
            .flag("long", self.digits > 8)
            .number("minutes", self.minutes)
            .number("resend_after", self.resend_after)
            .text("heading", Safe::from_static(keys.title))
            .text("sending", Safe::from_static(keys.lede))
            .flag("promised", keys.trouble.is_none())
            .flag("open", notice.key.is_some())
            .maybe("problem", problem.map(Safe::from_static))
            .number("problem_count", problem_count)
            .maybe("notice", notice.key.map(Safe::from_static))
            .text("tone", Safe::from_static(notice.tone))
            .number("notice_count", notice.count)
            .text("reference", Safe::figure(&self.reference.in_groups()))
    }
}

/// Base64url and the other unreserved characters stay as they are (RFC 3986 §2.3).
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(super) fn in_query(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string()
}
