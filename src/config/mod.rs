//! The only reader of the configuration file: TOML text → document with positions → checked values.
//! Opens no socket and no database.
mod at_start;
mod check;
mod document;
mod first_file;
mod folder;
mod key;
mod keys;
mod linted_texts;
mod load;
mod problem;
mod purpose;
mod reader;
mod reference;
mod settings;
mod shipped;
mod small_file;
mod values;
mod warnings;
mod wording;

pub use first_file::{FirstFile, FirstQuestion, QUESTIONS};
pub use linted_texts::LintedTexts;
pub use problem::{ConfigProblem, ConfigProblems, SourceLocation};
pub use purpose::Purpose;
pub use reader::Environment;
pub use reference::reference;
pub use settings::{Config, NetworkExposure};
pub use warnings::ConfigWarning;
