use std::time::Duration;

use super::account::{BEGAN, SEEN, moment, written};
use super::page::{Head, Page};
use crate::domain::{Secret, SessionId};
use crate::session::UserToken;
use crate::system::Timestamp;
use crate::words::{Context, Language, Safe};

const DAY: u64 = 24 * 60 * 60;

/// A user's personal access tokens, and the form for another one. 200.
#[derive(Debug)]
pub struct TokensPage<'a> {
    /// The id of the token that the form makes.
    pub form: SessionId,
    /// The urls of the sites that a token may be for; empty: no form.
    pub sites: &'a [&'a str],
    /// For how many days a token may last.
    pub days: &'a [u32],
    pub chosen: TokenForm<'a>,
    pub problem: Option<TokenProblem>,
    pub tokens: &'a [UserToken],
    pub now: Timestamp,
    pub notice: Option<TokenNotice>,
}

/// What the form was sent with.
#[derive(Clone, Copy, Debug)]
pub struct TokenForm<'a> {
    pub name: &'a str,
    pub site: &'a str,
    pub days: u32,
}

/// What was typed wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenProblem {
    Name,
}

impl TokenProblem {
    pub const ALL: [Self; 1] = [Self::Name];

    const fn key(self) -> &'static str {
        match self {
            Self::Name => "token_name_wrong",
        }
    }
}

/// What the form before did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenNotice {
    Ended,
    /// It was sent before, and its token shown then.
    Again,
    /// There are as many tokens as are allowed.
    Full,
}

impl TokenNotice {
    pub const ALL: [Self; 3] = [Self::Ended, Self::Again, Self::Full];

    const fn key(self) -> &'static str {
        match self {
            Self::Ended => "token_ended",
            Self::Again => "token_again",
            Self::Full => "token_full",
        }
    }

    const fn tone(self) -> &'static str {
        match self {
            Self::Ended => "ok",
            Self::Again | Self::Full => "warn",
        }
    }
}

/// A new token, which no page shows again. 200.
#[derive(Debug)]
pub struct NewTokenPage<'a> {
    pub token: &'a Secret,
    pub site: &'a str,
    pub expires: Timestamp,
    pub now: Timestamp,
}

impl Page for TokensPage<'_> {
    fn template(&self) -> &'static str {
        "tokens"
    }

    fn head(&self) -> Head {
        Head { title: "tokens_title", problem: self.problem.is_some(), ..Head::default() }
    }

    fn fill(&self, _: &Language, context: Context) -> Context {
        let TokenForm { name, site, days } = self.chosen;
        let typed = (!name.is_empty()).then(|| Safe::escape(name));
        let sites = self.sites.iter().map(|url| {
            let row = Context::new().text("url", Safe::escape(url));
            row.flag("chosen", *url == site)
        });
        let choices = self.days.iter().map(|choice| {
            // As a number of the form, and as one of the language.
            let row = Context::new().text("value", Safe::escape(&choice.to_string()));
            row.number("days", u64::from(*choice)).flag("chosen", *choice == days)
        });
        let tone = self.notice.map_or("ok", TokenNotice::tone);
        let context = context
            .text("field", Safe::from_static("name"))
            .text("form", Safe::escape(&self.form.to_string()))
            .text("tone", Safe::from_static(tone))
            .maybe("typed", typed)
            .maybe("problem", self.problem.map(|problem| Safe::from_static(problem.key())))
            .maybe("notice", self.notice.map(|notice| Safe::from_static(notice.key())))
            .flag("any", !self.tokens.is_empty())
            .list("tokens", self.tokens.iter().map(|token| self.row(token)))
            .list("choices", choices);
        if self.sites.is_empty() {
            context.maybe("sites", None)
        } else {
            context.list("sites", sites)
        }
    }
}

impl TokensPage<'_> {
    fn row(&self, token: &UserToken) -> Context {
        let row = Context::new()
            .text("id", Safe::escape(&token.id.to_string()))
            .text("name", Safe::escape(token.name.as_str()))
            .text("site", Safe::left_to_right(&token.site))
            .flag("used", token.used.is_some());
        let row = moment(row, BEGAN, token.made, self.now);
        let row = moment(row, SEEN, token.used.unwrap_or(token.made), self.now);
        end(row, token.expires, self.now)
    }
}

impl Page for NewTokenPage<'_> {
    fn template(&self) -> &'static str {
        "token"
    }

    fn head(&self) -> Head {
        Head { title: "token_made_title", ..Head::default() }
    }

    fn fill(&self, _: &Language, context: Context) -> Context {
        let context = context
            .text("token", Safe::escape(self.token.reveal()))
            .text("site", Safe::left_to_right(self.site));
        end(context, self.expires, self.now)
    }
}

/// In how many days something ends, and when.
fn end(context: Context, at: Timestamp, now: Timestamp) -> Context {
    let left: Duration = at.since(now);
    context
        .number("days", left.as_secs().div_ceil(DAY))
        .text("ends_at", Safe::escape(&written(at, "%Y-%m-%d %H:%M UTC")))
        .text("ends_machine", Safe::escape(&written(at, "%Y-%m-%dT%H:%MZ")))
}
