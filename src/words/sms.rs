//! The texts that carry codes: their templates, and what is sent where a template lacks the code.
mod lint;
mod pieces;
mod source;
mod trial;

use std::collections::BTreeMap;
use std::fmt;

use liquid::ObjectView;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use self::lint::TextLint;
use self::pieces::{Piece, PieceKind, pieces};
use self::source::TemplateSource;
pub use self::source::UnknownVariable;
pub use self::trial::{SilentSamples, TemplateSample, TemplateSamples};
use super::engine::{TemplateError, plain, unreadable};
use super::languages::Languages;
use crate::domain::{Host, OneTimeCode, PhoneNumber};

/// The name of the template in errors.
const NAME: &str = "not a valid template";
/// In characters. Twilio accepts 1,600; the rest is for the line that binds the code to its host.
const MAX_LENGTH: usize = 1300;

/// The template of a text message. Plain text: nothing is escaped.
///
/// Variables: `code` (also `password`), `phone_number`, `application.name`, `request_language`; any
/// other is empty. `@@password@@` and the like stand for a variable too.
pub struct SmsTemplate {
    parsed: liquid::Template,
    source: TemplateSource,
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

impl Variables<'_> {
    const SAMPLES: Self = Self {
        password: trial::CODE,
        code: trial::CODE,
        phone_number: trial::NUMBER,
        application: Application { name: "" },
        request_language: "",
    };
}

impl SmsTemplate {
    /// Parses a template and renders it with samples, so that a mistake is found at the start and
    /// not at the first login.
    ///
    /// # Errors
    ///
    /// When it cannot be parsed or rendered, has the code for none of the samples, is too long or
    /// uses a tag or filter that texts do not have.
    pub fn parse(text: &str, brand: &str) -> Result<Self, TemplateError> {
        let source = source::read(text)?;
        let parsed = plain(NAME, &source.liquid).map_err(|error| quoting(error, text))?;
        let template = Self { parsed, source, brand: brand.to_owned() };
        template.try_out()?;
        Ok(template)
    }

    /// The variables in it that texts do not have.
    pub fn unknown_variables(&self) -> &[UnknownVariable] {
        &self.source.unknown
    }

    /// Renders the text. `request_language` is the `Accept-Language` header, `application` the name
    /// of the application that requested the code; `None` for the login pages.
    ///
    /// # Errors
    ///
    /// When the text cannot be rendered, is too long, or lacks the code.
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
        let text = text.map_err(|_| TemplateError::Failed { name: NAME.to_owned() })?;
        text.check(code.reveal())?;
        Ok(text)
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
        let rendered = self.parsed.render(&variables as &dyn ObjectView).map(MessageText)?;
        // Tags on lines of their own leave these lines empty.
        Ok(MessageText(rendered.0.trim().to_owned()))
    }

    /// An error with samples in it: of no real text.
    fn unreadable(&self, error: &liquid::Error) -> TemplateError {
        quoting(unreadable(NAME, error), &self.source.liquid)
    }
}

/// Adds the line that an error is about.
fn quoting(error: TemplateError, template: &str) -> TemplateError {
    let TemplateError::Unreadable { name, line, detail } = error else { return error };
    let Some(line) = line.or_else(|| line_of(&detail, template)) else {
        return TemplateError::Unreadable { name, line, detail };
    };
    let quoted = template.lines().nth(line - 1).unwrap_or_default().trim();
    let quoted: String = quoted.chars().take(80).collect();
    let name = format!("{name}: line {line}, `{quoted}`");
    TemplateError::Unreadable { name, line: Some(line), detail }
}

/// The line of the first markup that fails in the same way by itself. The engine names none for the
/// arguments of filters.
fn line_of(detail: &str, template: &str) -> Option<usize> {
    let mut line = 1;
    for piece in pieces(template) {
        if fails_alone(&piece).is_some_and(|alone| alone == detail) {
            return Some(line);
        }
        line += piece.text.matches('\n').count();
    }
    None
}

fn fails_alone(piece: &Piece<'_>) -> Option<String> {
    let error = match piece.kind {
        PieceKind::Text => return None,
        PieceKind::Output | PieceKind::Tag(_) => match plain(NAME, piece.text) {
            Ok(parsed) => {
                unreadable(NAME, &parsed.render(&Variables::SAMPLES as &dyn ObjectView).err()?)
            }
            Err(error) => error,
        },
    };
    match error {
        TemplateError::Unreadable { detail, .. } => Some(detail),
        _ => None,
    }
}

/// Templates by language, one for all others, and those that step in for them.
#[derive(Debug)]
pub struct SmsTemplates {
    others: SmsTemplate,
    by_language: BTreeMap<String, SmsTemplate>,
    /// The built-in ones by language, which always have the code.
    built_in: BTreeMap<String, SmsTemplate>,
}

impl SmsTemplates {
    pub const fn new(others: SmsTemplate) -> Self {
        Self { others, by_language: BTreeMap::new(), built_in: BTreeMap::new() }
    }

    pub fn add(&mut self, tag: &str, template: SmsTemplate) {
        self.by_language.insert(tag.to_owned(), template);
    }

    /// Adds a template for a language whose own one makes no text with the code.
    pub fn add_built_in(&mut self, tag: &str, template: SmsTemplate) {
        self.built_in.insert(tag.to_owned(), template);
    }

    /// Renders the text for a language, `None` if it is none of the pages'. If its template makes
    /// no text with the code, the language's own one or the built-in one does: a text without the
    /// code is never sent.
    ///
    /// # Errors
    ///
    /// When none of them makes a text with the code.
    pub fn render(
        &self,
        tag: Option<&str>,
        render: impl Fn(&SmsTemplate) -> Result<MessageText, TemplateError>,
    ) -> Result<RenderedText, TemplateError> {
        let first = tag.and_then(|tag| self.by_language.get(tag)).unwrap_or(&self.others);
        let mut failed = match render(first) {
            Ok(text) => return Ok(RenderedText { text, instead_of: None }),
            Err(error) => error,
        };
        let tag = tag.unwrap_or(Languages::FALLBACK_TAG);
        let built_in =
            self.built_in.get(tag).or_else(|| self.built_in.get(Languages::FALLBACK_TAG));
        for next in self.by_language.get(tag).into_iter().chain(built_in) {
            match render(next) {
                Ok(text) => return Ok(RenderedText { text, instead_of: Some(failed) }),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

/// A text, and why it is not that of the template which was chosen first.
#[derive(Debug)]
pub struct RenderedText {
    pub text: MessageText,
    pub instead_of: Option<TemplateError>,
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
    /// Whether it can be sent: it has the code as a number of its own, and is not too long.
    fn check(&self, code: &str) -> Result<(), TemplateError> {
        if self.0.chars().count() > MAX_LENGTH {
            return Err(TemplateError::TooLong(MAX_LENGTH));
        }
        let mut numbers = self.0.split(|c: char| !c.is_ascii_digit());
        if numbers.any(|number| number == code) { Ok(()) } else { Err(TemplateError::NoCode) }
    }

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
