//! One key of the file: its type, whether it is required, and what it means.

/// In seconds.
pub(super) const MINUTE: u64 = 60;
/// In seconds.
pub(super) const DAY: u64 = 24 * 60 * MINUTE;
/// Upper bound of counts.
pub(super) const MAX_COUNT: i64 = 100_000_000;
/// Upper bound of budgets: counters count ten-thousandths in 32 bits.
pub(super) const MAX_BUDGET: i64 = 400_000;
/// Browsers limit the lifetime of cookies to this (RFC 6265bis §5.5).
pub(super) const MAX_COOKIE_LIFETIME: u64 = 400 * DAY;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueType {
    /// `[server]`
    Table,
    /// `[[site]]`
    Tables,
    /// A string, or tables as `Tables`.
    TextOrTables,
    /// `[sms.templates]`: strings with arbitrary names.
    Texts,
    Text,
    /// A string, or a table of strings with arbitrary names.
    TextOrTexts,
    /// A list of strings.
    List,
    /// A list of at least one string.
    Some,
    /// A string, or a list of one or two.
    OneOrTwo,
    /// An integer, from … to ….
    Integer(i64, i64),
    /// A string such as `"5m"`, from … to … seconds.
    Duration(u64, u64),
    /// `"0s"`, which means never, or as `Duration`.
    DurationOrNever(u64, u64),
    /// A string such as `"10MiB"`, from … to … bytes.
    Size(u64, u64),
    Flag,
}

impl ValueType {
    /// Whether there are keys below it, each with a row of its own.
    pub(super) const fn has_keys(self) -> bool {
        matches!(self, Self::Table | Self::Tables | Self::TextOrTables)
    }
}

/// Whether a key is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Requirement {
    /// Required. Holds an example in TOML.
    Required(&'static str),
    /// The same in a file without this table.
    RequiredWithout(&'static str, &'static str),
    /// Has a default in `config/doorcode.toml`. For tables: see their keys.
    Default,
    /// Optional. Holds what its absence means.
    Optional(&'static str),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// The full key; `[]` follows the name of an array of tables.
    pub(super) path: &'static str,
    pub(super) kind: ValueType,
    pub(super) need: Requirement,
    /// What it means, in one line of Markdown.
    pub(super) meaning: &'static str,
}

impl Key {
    /// The table of the key, such as `site[].rule[]`; empty at the top level.
    pub(super) fn table(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(table, _)| table)
    }

    /// The last part of the path.
    pub(super) fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }
}

pub(super) const fn key(
    path: &'static str,
    kind: ValueType,
    need: Requirement,
    meaning: &'static str,
) -> Key {
    Key { path, kind, need, meaning }
}
