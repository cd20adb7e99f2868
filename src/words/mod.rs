//! Texts for people: languages, plural forms, and the Liquid engine for pages and text messages.
//! Does not know what a page is for.
mod accept;
mod brand_words;
mod built_in;
mod completeness;
mod engine;
mod file;
mod filter;
mod language;
mod languages;
mod mistake;
mod request_template;
mod safe;
mod segments;
mod sentence;
mod sms;

pub use accept::countries_of;
pub use engine::{Context, Engine, Template, TemplateError, has_tag};
pub use file::Direction;
pub use language::Language;
pub use languages::Languages;
pub use mistake::{Lines, Mistake};
pub use request_template::{RequestTemplate, ValueEncoding};
pub use safe::Safe;
pub use segments::{Encoding, Segments};
pub use sms::{
    MessageText, RenderedText, SilentSamples, SmsTemplate, SmsTemplates, TemplateSample,
    TemplateSamples, TextLint, UnknownVariable, bind_to_host,
};
