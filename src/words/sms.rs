use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use liquid::ObjectView;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::engine::{TemplateError, has_tag, plain, unreadable};
use crate::domain::{Host, OneTimeCode, PhoneNumber};

/// The name of the template in errors.
const NAME: &str = "not a valid template";
/// Tags that loop or include, which texts do not need.
const NOT_IN_TEXTS: [&str; 5] = ["for", "tablerow", "include", "render", "increment"];
/// In characters. Twilio accepts 1,600; the rest is for the line that binds the code to its host.
const MAX_LENGTH: usize = 1300;

/// The template of a text message. Plain text: nothing is escaped.
///
/// Variables: `code` (also `password`), `phone_number`, `application.name`, `request_language`.
/// `@@password@@` and `@@code@@` are replaced by the code too.
pub struct SmsTemplate {
    parsed: liquid::Template,
    brand: String,
}

/// A text message, ready to send. It contains a code: zeroed on drop, redacted by `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MessageText(String);

/// Borrows its values, so that rendering leaves no copy of the code in memory.
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
    /// Parses a template and renders it with samples, so that a misspelt variable is found at the
    /// start and not at the first login.
    ///
    /// # Errors
    ///
    /// When it cannot be parsed or rendered, lacks the code, is too long or uses a loop.
    pub fn parse(text: &str, brand: &str) -> Result<Self, TemplateError> {
        let liquid = text.replace("@@password@@", "{{ code }}").replace("@@code@@", "{{ code }}");
        if let Some(tag) = NOT_IN_TEXTS.into_iter().find(|tag| has_tag(&liquid, tag)) {
            return Err(TemplateError::NotInTexts(tag));
        }
        let template = Self { parsed: plain(NAME, &liquid)?, brand: brand.to_owned() };
        sample_languages(text).into_iter().try_for_each(|language| template.try_out(language))?;
        Ok(template)
    }

    /// Renders the text. `request_language` is the `Accept-Language` header, `application` the name
    /// of the application that requested the code; `None` for the login pages.
    ///
    /// # Errors
    ///
    /// When a variable is missing.
    pub fn render(
        &self,
        code: &OneTimeCode,
        phone: &PhoneNumber,
        request_language: Option<&str>,
        application: Option<&str>,
    ) -> Result<MessageText, TemplateError> {
        let language = sanitized(request_language.unwrap_or_default());
        let application = application.unwrap_or(&self.brand);
        let text = self.fill(code.reveal(), phone.e164(), &language, application);
        // Without detail: the engine's message quotes values, the code among them.
        text.map_err(|_| TemplateError::Failed { name: NAME.to_owned() })
    }

    fn try_out(&self, language: &str) -> Result<(), TemplateError> {
        const CODE: &str = "123456";
        let text = self
            .fill(CODE, "+12025550123", language, &self.brand)
            .map_err(|error| unreadable(NAME, &error))?;
        if text.reveal().chars().count() > MAX_LENGTH {
            return Err(TemplateError::TooLong(MAX_LENGTH));
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

/// Templates by language, and one for all others.
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

    /// The template for the page language `tag`.
    pub fn of(&self, tag: Option<&str>) -> &SmsTemplate {
        tag.and_then(|tag| self.by_language.get(tag)).unwrap_or(&self.others)
    }
}

/// Values of `request_language` to try. Templates branch on it by words that stand in the
/// template, so each of its words is tried: a mistake in a branch must not stay undetected.
fn sample_languages(template: &str) -> BTreeSet<&str> {
    let words = template.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    words.take(500).chain([""]).collect()
}

/// The header cut to 100 characters, without characters that a language header does not need.
fn sanitized(header: &str) -> String {
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
    /// The text, for the provider only.
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
