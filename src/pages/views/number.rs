use std::collections::BTreeSet;
use std::fmt::Write;

use super::message::Lost;
use super::page::{Head, Page};
use crate::domain::Country;
use crate::words::{Context, Language, Safe};

/// Asks for a mobile number. Always 200. No `Debug`: it holds what was typed.
pub struct NumberPage<'a> {
    /// What the login is for, sealed.
    pub flow: &'a str,
    /// Where the login leads: a host or the name of an application; empty: not shown.
    pub destination: &'a str,
    /// The countries that are served. If there is one, the label names it and there is no choice.
    pub countries: &'a [Country],
    pub chosen: Option<Country>,
    /// What was typed before, for correction.
    pub typed: &'a str,
    pub problem: Option<NumberProblem>,
    pub notice: Option<NumberNotice>,
    /// Of the attempt whose code no longer works; empty: none. See [`NumberNotice::is_of_code`].
    pub reference: &'a str,
    /// What is said before the button of what texts cost.
    pub consent: &'a [ConsentSentence<'a>],
}

/// A sentence of small print for the numbers of a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentSentence<'a> {
    /// That standard rates may apply, in the language of the page.
    Rates,
    /// The operator's.
    Own(&'a str),
}

impl ConsentSentence<'_> {
    fn variables(self) -> Context {
        match self {
            Self::Rates => Context::new().text("key", Safe::from_static("number_rates")),
            Self::Own(text) => Context::new().maybe("key", None).text("text", Safe::escape(text)),
        }
    }
}

/// What is wrong with the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberProblem {
    Empty,
    NotANumber,
    NoSuchNumber,
    Landline,
    NotMobile,
    CountryNotServed,
}

impl NumberProblem {
    pub const ALL: [Self; 6] = [
        Self::Empty,
        Self::NotANumber,
        Self::NoSuchNumber,
        Self::Landline,
        Self::NotMobile,
        Self::CountryNotServed,
    ];

    const fn key(self) -> &'static str {
        match self {
            Self::Empty => "phone_empty",
            Self::NotANumber => "phone_not_a_number",
            Self::NoSuchNumber => "phone_no_such_number",
            Self::Landline => "phone_landline",
            Self::NotMobile => "phone_not_mobile",
            Self::CountryNotServed => "phone_country_not_served",
        }
    }
}

/// Why the form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberNotice {
    /// No tries are left.
    CodeDied,
    CodeExpired,
    TimedOut,
    /// A part of what was asked for before the login is lost.
    Lost(Lost),
    /// What was asked for needs a recent login.
    LoginTooOld,
    /// A form was kept, to be sent after the login.
    FormKept,
}

impl NumberNotice {
    pub const ALL: [Self; 8] = [
        Self::CodeDied,
        Self::CodeExpired,
        Self::TimedOut,
        Self::Lost(Lost::Form),
        Self::Lost(Lost::ForeignForm),
        Self::Lost(Lost::Link),
        Self::LoginTooOld,
        Self::FormKept,
    ];

    /// Whether it is about a code that was asked for.
    const fn is_of_code(self) -> bool {
        matches!(self, Self::CodeDied | Self::CodeExpired | Self::TimedOut)
    }

    /// Whether it says that something did not come off.
    const fn is_failure(self) -> bool {
        !matches!(self, Self::LoginTooOld | Self::FormKept)
    }

    const fn key(self) -> &'static str {
        match self {
            Self::CodeDied => "number_code_died",
            Self::CodeExpired => "number_code_expired",
            Self::TimedOut => "number_timed_out",
            Self::Lost(Lost::Form) => "number_form_not_sent",
            Self::Lost(Lost::ForeignForm) => "number_foreign_form",
            Self::Lost(Lost::Link) => "number_link_lost",
            Self::LoginTooOld => "number_login_too_old",
            Self::FormKept => "number_form_kept",
        }
    }
}

impl NumberPage<'_> {
    /// The key of the sentence for the problem or the notice.
    pub fn error(&self) -> Option<&'static str> {
        self.problem.map(NumberProblem::key).or(self.notice.map(NumberNotice::key))
    }
}

impl Page for NumberPage<'_> {
    fn template(&self) -> &'static str {
        "number"
    }

    fn head(&self) -> Head {
        let failed = self.notice.is_some_and(NumberNotice::is_failure);
        let problem = self.problem.is_some() || failed;
        Head { title: "number_title", problem, ..Head::default() }
    }

    fn fill(&self, language: &Language, context: Context) -> Context {
        let filled = |text: &str| (!text.is_empty()).then(|| Safe::escape(text));
        let only = if let [only] = self.countries { Some(*only) } else { None };
        let chosen = only.or(self.chosen).filter(|country| self.countries.contains(country));
        let host = Some(self.destination).filter(|host| !host.is_empty());
        let example = chosen.and_then(Country::example);
        let of_code = self.notice.is_some_and(NumberNotice::is_of_code);
        let reference = Some(self.reference).filter(|shown| of_code && !shown.is_empty());
        let key = |key: Option<&'static str>| key.map(Safe::from_static);
        context
            .text("flow", Safe::escape(self.flow))
            .text("field", Safe::from_static("phone"))
            .maybe("host", host.map(Safe::left_to_right))
            .maybe("only", only.map(|country| named(language, country)))
            .maybe("options", only.is_none().then(|| self.options(language)))
            .flag("chosen", chosen.is_some())
            .maybe("example", example.as_deref().map(Safe::left_to_right))
            .maybe("typed", filled(self.typed))
            .maybe("problem", key(self.problem.map(NumberProblem::key)))
            .maybe("notice", key(self.notice.map(NumberNotice::key)))
            .maybe("reference", reference.map(Safe::figure))
            .list("consent", self.consent.iter().map(|sentence| sentence.variables()))
    }
}

impl NumberPage<'_> {
    /// Rendered here and not in the template, for speed: 245 rows are most of the page.
    fn options(&self, language: &Language) -> Safe {
        let served: BTreeSet<Country> = self.countries.iter().copied().collect();
        let listed = language.countries().iter().filter(|(country, _)| served.contains(country));
        let rows: Vec<Safe> = listed.map(|(country, _)| self.option(language, *country)).collect();
        Safe::concat(&rows)
    }

    fn option(&self, language: &Language, country: Country) -> Safe {
        let start =
            if self.chosen == Some(country) { "<option selected value=" } else { "<option value=" };
        let parts = [
            Safe::from_static(start),
            Safe::escape(country.as_str()),
            Safe::from_static(">"),
            named(language, country),
        ];
        Safe::concat(&parts)
    }
}

/// `United Kingdom (+44)`, with a left-to-right mark before the plus sign for languages that are
/// written from right to left.
fn named(language: &Language, country: Country) -> Safe {
    let mut text = language.country_name(country).unwrap_or(country.as_str()).to_owned();
    if let Some(code) = country.calling_code() {
        // Writing to a String cannot fail.
        let _ = write!(text, " (\u{200e}+{code})");
    }
    Safe::escape(&text)
}
