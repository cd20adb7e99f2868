use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use liquid::ObjectView;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::TemplateError;
use super::engine::{has_tag, plain, unreadable};
use crate::domain::{Host, OneTimeCode, PhoneNumber};

const NAME: &str = "not a good template";
/// Tags that repeat or fetch. Texts have no use for them.
const NOT_IN_TEXTS: [&str; 5] = ["for", "tablerow", "include", "render", "increment"];
/// In characters, with room for the line that binds the code to its host: Twilio takes 1,600.
const LONGEST: usize = 1300;

/// The operator's words for a text message. Plain text: nothing is escaped.
///
/// Variables: `code` (also `password`), `phone_number`, `application.name`, `request_language`.
/// `@@password@@` and `@@code@@` stand for the code too.
pub struct SmsTemplate {
    parsed: liquid::Template,
    brand: String,
}

/// A text message, ready to send. It holds a code: wiped on drop, never shown by `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MessageText(String);

/// Borrowed, so that filling in a template leaves no copy of the code behind.
#[derive(liquid::ObjectView, liquid::ValueView)]
struct Variables<'a> {
    password: &'a str,
    code: &'a str,
    phone_number: &'a str,
    application: Application<'a>,
    request_language: &'a str,
}

#[derive(Debug, liquid::ObjectView, liquid::ValueView)]
struct Application<'a> {
    name: &'a str,
}

impl SmsTemplate {
    /// Reads a template and fills it in with samples, so that a misspelt variable is found when
    /// the server starts and not when somebody waits for a code.
    pub fn parse(text: &str, brand: &str) -> Result<Self, TemplateError> {
        let liquid = text.replace("@@password@@", "{{ code }}").replace("@@code@@", "{{ code }}");
        if let Some(tag) = NOT_IN_TEXTS.into_iter().find(|tag| has_tag(&liquid, tag)) {
            return Err(TemplateError::NotInTexts(tag));
        }
        let template = Self { parsed: plain(NAME, &liquid)?, brand: brand.to_owned() };
        sample_languages(text).into_iter().try_for_each(|language| template.try_out(language))?;
        Ok(template)
    }

    /// The text for one person. `request_language` is the header's own text; `application`, the
    /// name of the application that asked, when that is not the brand's own pages.
    pub fn render(
        &self,
        code: &OneTimeCode,
        phone: &PhoneNumber,
        request_language: Option<&str>,
        application: Option<&str>,
    ) -> Result<MessageText, TemplateError> {
        let language = cut(request_language.unwrap_or_default());
        let application = application.unwrap_or(&self.brand);
        let text = self.fill(code.reveal(), phone.e164(), &language, application);
        // The engine's message repeats values, the code among them.
        text.map_err(|_| TemplateError::Failed { name: NAME.to_owned() })
    }

    fn try_out(&self, language: &str) -> Result<(), TemplateError> {
        const CODE: &str = "123456";
        let text = self.fill(CODE, "+12025550123", language, &self.brand);
        let text = text.map_err(|error| unreadable(NAME, &error))?;
        if text.reveal().chars().count() > LONGEST {
            return Err(TemplateError::TooLong(LONGEST));
        }
        text.reveal().contains(CODE).then_some(()).ok_or(TemplateError::NoCode)
    }

    fn fill(
        &self,
        code: &str,
        phone: &str,
        language: &str,
        application: &str,
    ) -> Result<MessageText, liquid::Error> {
        let variables = Variables {
            password: code,
            code,
            phone_number: phone,
            application: Application { name: application },
            request_language: language,
        };
        self.parsed.render(&variables as &dyn ObjectView).map(MessageText)
    }
}

/// A template for each language, and one for all others.
#[derive(Debug)]
pub struct SmsTemplates {
    others: SmsTemplate,
    by_language: BTreeMap<String, SmsTemplate>,
}

impl SmsTemplates {
    pub const fn new(others: SmsTemplate) -> Self {
        Self { others, by_language: BTreeMap::new() }
    }

    pub fn add(&mut self, tag: &str, template: SmsTemplate) {
        self.by_language.insert(tag.to_owned(), template);
    }

    /// The one for whoever reads the pages in the language `tag`.
    pub fn of(&self, tag: Option<&str>) -> &SmsTemplate {
        tag.and_then(|tag| self.by_language.get(tag)).unwrap_or(&self.others)
    }
}

/// Templates branch on the language. Each word of the template may be the one that a branch waits
/// for, so each is tried: a mistake in a branch must not wait for the first reader of French.
fn sample_languages(template: &str) -> BTreeSet<&str> {
    let words = template.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    words.take(500).chain([""]).collect()
}

/// At most 100 characters that a language header needs; the rest could only be meant badly.
fn cut(header: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "-_,;=.* ".contains(*c);
    header.chars().filter(plain).take(100).collect()
}

/// Adds the line that lets browsers fill in the code on `host` only (WICG, "Origin-bound one-time
/// codes"): the last line, one space, nothing after it.
#[must_use]
pub fn bind_to_host(text: &MessageText, host: &Host, code: &OneTimeCode) -> MessageText {
    let (words, code) = (text.0.trim_end(), code.reveal());
    MessageText(format!("{words}\n@{host} #{code}"))
}

impl MessageText {
    /// The text itself, for the provider. Nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageText(•••)")
    }
}

impl fmt::Debug for Variables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables(•••)")
    }
}

impl fmt::Debug for SmsTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmsTemplate")
    }
}
