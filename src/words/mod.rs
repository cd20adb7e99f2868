//! What people read: languages, plurals, and the one Liquid engine for pages and texts.
//! Does not know what a page is for.
mod accept;
mod engine;
mod filter;
mod language;
mod languages;
mod safe;
mod segments;
mod sentence;
mod sms;

pub use accept::region_of;
pub use engine::{Context, Engine, Template, TemplateError};
pub use language::{Direction, Language};
pub use languages::{LanguageError, Languages};
pub use safe::Safe;
pub use segments::{Encoding, Segments};
pub use sms::{MessageText, SmsTemplate, bind_to_host};
