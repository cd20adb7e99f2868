//! What is kept: small traits, and behind them memory and SQL. Makes no decision about people.
use std::path::PathBuf;

/// `[store]`: where durable things are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// `sqlite:path`, the path already made absolute or relative to the configuration file.
    Sqlite(PathBuf),
}
