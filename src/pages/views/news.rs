use super::page::{Head, Page};
use crate::store::SendRefusal;
use crate::words::{Context, Language, Safe};

/// What is said of a text after a provider took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News<'a> {
    pub say: TextArrival,
    /// Whether there may be other news, which the page's script asks for.
    pub more: bool,
    /// The number that texts come from, if it is known: see [`start`].
    pub texts_from: Option<&'a str>,
}

/// What a provider told of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextArrival {
    /// Nothing yet.
    Awaited,
    Late,
    /// The text before it did not arrive; the same code is on its way by another provider.
    Again,
    Arrived,
    /// It did not arrive.
    Failed(SendRefusal),
    LateByWhatsApp,
    ArrivedByWhatsApp,
    FailedByWhatsApp,
    /// A call.
    NotAnswered,
}

impl TextArrival {
    pub const ALL: [Self; 15] = [
        Self::Awaited,
        Self::Late,
        Self::Again,
        Self::Arrived,
        Self::Failed(SendRefusal::Number),
        Self::Failed(SendRefusal::OptedOut),
        Self::Failed(SendRefusal::NotReached),
        Self::Failed(SendRefusal::TooMany),
        Self::Failed(SendRefusal::Country),
        Self::Failed(SendRefusal::Blocked),
        Self::Failed(SendRefusal::Service),
        Self::LateByWhatsApp,
        Self::ArrivedByWhatsApp,
        Self::FailedByWhatsApp,
        Self::NotAnswered,
    ];

    /// The key of the sentence that says so.
    const fn key(self) -> Option<&'static str> {
        match self {
            Self::Awaited => None,
            Self::Late => Some("news_late"),
            Self::Again => Some("news_again"),
            Self::Arrived => Some("news_arrived"),
            // A provider took this one.
            Self::Failed(SendRefusal::Service) => Some("news_failed"),
            Self::Failed(why) => Some(unsent_key(why)),
            Self::LateByWhatsApp => Some("news_late_whatsapp"),
            Self::ArrivedByWhatsApp => Some("news_arrived_whatsapp"),
            Self::FailedByWhatsApp => Some("channel_failed"),
            Self::NotAnswered => Some("news_not_answered"),
        }
    }
}

/// The key of the sentence for a text that was not sent.
pub(super) const fn unsent_key(why: SendRefusal) -> &'static str {
    match why {
        SendRefusal::Number => "code_refused",
        SendRefusal::OptedOut => "code_opted_out",
        SendRefusal::NotReached => "code_not_reached",
        SendRefusal::TooMany => "code_too_many",
        SendRefusal::Country => "code_country",
        SendRefusal::Blocked => "code_blocked",
        SendRefusal::Service => "code_provider_down",
    }
}

impl News<'_> {
    /// The variables of the part that says it.
    pub(super) fn fill(&self, context: Context) -> Context {
        let arrived = matches!(self.say, TextArrival::Arrived | TextArrival::ArrivedByWhatsApp);
        let tone = if arrived { "ok" } else { "warn" };
        let opted_out = self.say == TextArrival::Failed(SendRefusal::OptedOut);
        start(context, opted_out, self.texts_from)
            .maybe("news", self.say.key().map(Safe::from_static))
            .text("news_tone", Safe::from_static(tone))
    }
}

/// The sentence for whoever stopped texts: to which number START is texted, if it is known.
pub(super) fn start(context: Context, opted_out: bool, texts_from: Option<&str>) -> Context {
    let start = opted_out.then_some(match texts_from {
        Some(_) => "code_start_number",
        None => "code_start",
    });
    context
        .maybe("start", start.map(Safe::from_static))
        .text("texts_from", texts_from.map(Safe::figure).unwrap_or_default())
}

/// The news alone, for the script of a page that shows them.
#[derive(Debug)]
pub struct NewsPart<'a>(pub News<'a>);

impl Page for NewsPart<'_> {
    fn template(&self) -> &'static str {
        "news"
    }

    fn head(&self) -> Head {
        Head { title: "code_title", ..Head::default() }
    }

    fn fill(&self, _: &Language, context: Context) -> Context {
        self.0.fill(context)
    }
}
