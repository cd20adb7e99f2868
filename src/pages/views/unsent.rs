use super::channel::CodeChannels;
use super::code::in_query;
use super::news::{start, unsent_key};
use super::page::{Head, Page};
use crate::domain::{AttemptReference, PhoneNumber};
use crate::store::SendRefusal;
use crate::words::{Context, Language, Safe};

/// Says that no text was sent, so that there is no code to type. 200, or 503 when the provider is
/// down.
#[derive(Debug)]
pub struct UnsentPage<'a> {
    /// What the login is for, sealed.
    pub flow: &'a str,
    /// Shown in full: a typing mistake in it may be the reason.
    pub phone: &'a PhoneNumber,
    pub why: SendRefusal,
    /// The number that texts come from, if it is known.
    pub texts_from: Option<&'a str>,
    /// Seconds until it can be tried again; zero: now.
    pub retry_after: u64,
    /// It was tried again too soon.
    pub early: bool,
    pub channels: CodeChannels,
    /// By which an operator finds what became of this login.
    pub reference: AttemptReference,
}

impl Page for UnsentPage<'_> {
    fn template(&self) -> &'static str {
        "unsent"
    }

    fn head(&self) -> Head {
        Head { title: "code_title_unsent", problem: self.early, ..Head::default() }
    }

    fn fill(&self, _: &Language, context: Context) -> Context {
        let reason = self.channels.trouble().unwrap_or(unsent_key(self.why));
        let context = start(context, self.why == SendRefusal::OptedOut, self.texts_from);
        self.channels
            .fill(context)
            .text("flow", Safe::escape(self.flow))
            .text("flow_query", Safe::escape(&in_query(self.flow)))
            .text("phone", Safe::figure(&self.phone.international()))
            .text("reason", Safe::from_static(reason))
            .number("retry_after", self.retry_after)
            .flag("early", self.early)
            .text("reference", Safe::figure(&self.reference.in_groups()))
    }
}
