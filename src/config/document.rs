use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::at_start::{ValuesAtStart, is_read_at_start};
use super::keys::{self, Key, Requirement, ValueType};
use super::problem::{ConfigProblem, SourceLocation};
use super::values;
use super::wording::{self, bare, not_a_key, not_of_kind};

/// The values of the file by full key: known keys only, each of its type. Not interpreted yet.
#[derive(Default)]
pub(super) struct Document {
    entries: BTreeMap<String, Entry>,
    /// The tables of the file, such as `site[2]`.
    tables: BTreeMap<String, SourceLocation>,
    /// Keys with a value of the wrong type. Noted already, so neither missing nor inherited.
    wrong: BTreeSet<String>,
}

#[derive(Clone)]
struct Entry {
    /// `None` if inherited.
    at: Option<SourceLocation>,
    value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// One or several, depending on the key's type.
    Texts(Vec<Item>),
    Integer(i64),
    Duration(Duration),
    /// Bytes.
    Size(u64),
    Flag(bool),
}

/// A string and its position.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) at: Option<SourceLocation>,
    pub(super) text: String,
}

impl Document {
    /// `None` if the text is not TOML.
    pub(super) fn read(text: &str, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let (document, errors) = DeTable::parse_recoverable(text);
        syntax(text, &errors, problems);
        if errors.iter().any(|error| error.message() != DUPLICATE_KEY) {
            return None;
        }
        let mut walk = Walk { text, document: Self::default(), problems };
        walk.table(document.get_ref(), "", "");
        Some(walk.document)
    }

    /// Adds the entries of `defaults` for missing keys.
    pub(super) fn inherit(&mut self, defaults: &Self) {
        for (key, entry) in &defaults.entries {
            if !self.wrong.contains(key) {
                let inherited = || Entry { at: None, value: entry.value.clone() };
                self.entries.entry(key.clone()).or_insert_with(inherited);
            }
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// Whether the file itself sets the key, validly or not.
    pub(super) fn has(&self, key: &str) -> bool {
        let given = self.entries.get(key).is_some_and(|entry| entry.at.is_some());
        given || self.wrong.contains(key) || self.tables.contains_key(key)
    }

    pub(super) fn is_table(&self, key: &str) -> bool {
        self.tables.contains_key(key)
    }

    /// The number of tables in the array `key`.
    pub(super) fn count(&self, key: &str) -> usize {
        let nth = |n: usize| format!("{key}[{n}]");
        (1..=self.tables.len()).take_while(|n| self.tables.contains_key(&nth(*n))).count()
    }

    /// The names in the table of strings `key`, including inherited ones.
    pub(super) fn names(&self, key: &str) -> Vec<String> {
        let below = |full: &String| full.strip_prefix(key)?.strip_prefix('.').map(str::to_owned);
        self.entries.keys().filter_map(below).collect()
    }

    /// The positions of all keys and tables of the file.
    pub(super) fn places(&self) -> Places {
        let keys = self.entries.iter().filter_map(|(key, entry)| Some((key.clone(), entry.at?)));
        let tables = self.tables.iter().map(|(key, at)| (key.clone(), *at));
        Places(tables.chain(keys).collect())
    }

    /// The values that are read at the start only.
    pub(super) fn at_start(&self) -> ValuesAtStart {
        let shown = |value: &Value| match value {
            // Not where they stand.
            Value::Texts(items) => {
                format!("{:?}", items.iter().map(|item| &item.text).collect::<Vec<_>>())
            }
            value => format!("{value:?}"),
        };
        let read = self.entries.iter().filter(|(key, _)| is_read_at_start(key));
        read.map(|(key, entry)| (key.clone(), shown(&entry.value))).collect()
    }

    /// The position of the key, else of the table that it belongs to, else the start.
    pub(super) fn place(&self, key: &str) -> SourceLocation {
        let own = self.entries.get(key).and_then(|entry| entry.at);
        let above = || key.rsplit_once('.').map(|(table, _)| self.place(table));
        own.or_else(|| self.tables.get(key).copied())
            .or_else(above)
            .unwrap_or(SourceLocation::START)
    }
}

/// Where the keys and tables of a file stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(BTreeMap<String, SourceLocation>);

impl Places {
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// As [`Document::place`].
    pub(super) fn of(&self, key: &str) -> SourceLocation {
        let above = || key.rsplit_once('.').map(|(table, _)| self.of(table));
        self.0.get(key).copied().or_else(above).unwrap_or(SourceLocation::START)
    }
}

/// The parser's message for a duplicate key, after which the rest of the text is still valid.
const DUPLICATE_KEY: &str = "duplicate key";

fn syntax(text: &str, errors: &[toml::de::Error], problems: &mut Vec<ConfigProblem>) {
    let mut lines = BTreeSet::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let at = SourceLocation::of(text, span.start);
        // Further errors on the same line are mostly consequences of the first.
        if !lines.insert(at.line) {
            continue;
        }
        let text = if error.message() == DUPLICATE_KEY {
            let name = values::shown(text.get(span).unwrap_or_default());
            format!("{name} is defined twice in the same table; keep one")
        } else {
            format!("not TOML: {}", error.message())
        };
        problems.push(ConfigProblem { at: Some(at), key: String::new(), text });
    }
}

struct Walk<'a> {
    text: &'a str,
    document: Document,
    problems: &'a mut Vec<ConfigProblem>,
}

impl Walk<'_> {
    /// `pattern` is the table's path in `KEYS` (`site[]`), `full` its own (`site[2]`).
    fn table(&mut self, table: &DeTable<'_>, pattern: &str, full: &str) {
        for (name, value) in table {
            let full = join(full, &bare(name.get_ref()));
            match keys::find(pattern, name.get_ref()) {
                Some(key) => self.value(key, &full, value),
                None => self.note(name.span().start, &full, not_a_key(pattern, name.get_ref())),
            }
        }
    }

    fn value(&mut self, key: &Key, full: &str, value: &Spanned<DeValue<'_>>) {
        let at = self.place(value.span().start);
        match (key.kind, value.get_ref()) {
            (ValueType::Table, DeValue::Table(table)) => {
                self.document.tables.insert(full.to_owned(), at);
                self.table(table, key.path, full);
            }
            (ValueType::Texts | ValueType::TextOrTexts, DeValue::Table(table)) => {
                self.document.tables.insert(full.to_owned(), at);
                for (name, value) in table {
                    self.named_text(&join(full, &bare(name.get_ref())), value);
                }
            }
            (ValueType::Tables | ValueType::TextOrTables, DeValue::Array(items)) => {
                for (n, item) in items.iter().enumerate() {
                    let full = format!("{full}[{}]", n + 1);
                    self.array_item(key, &full, item);
                }
            }
            (_, found) => match self.scalar(key, found) {
                Ok(value) => {
                    self.document.entries.insert(full.to_owned(), Entry { at: Some(at), value });
                }
                Err(text) => {
                    self.document.wrong.insert(full.to_owned());
                    self.note(value.span().start, full, text);
                }
            },
        }
    }

    fn array_item(&mut self, key: &Key, full: &str, item: &Spanned<DeValue<'_>>) {
        let at = self.place(item.span().start);
        self.document.tables.insert(full.to_owned(), at);
        match item.get_ref() {
            DeValue::Table(table) => self.table(table, &format!("{}[]", key.path), full),
            other => {
                self.document.wrong.insert(full.to_owned());
                self.note(item.span().start, full, not_of_kind(key, other));
            }
        }
    }

    /// A string of a table with arbitrary names.
    fn named_text(&mut self, full: &str, value: &Spanned<DeValue<'_>>) {
        if let Some(text) = value.get_ref().as_str() {
            let at = Some(self.place(value.span().start));
            let value = Value::Texts(vec![Item::new(None, text)]);
            self.document.entries.insert(full.to_owned(), Entry { at, value });
        } else {
            self.document.wrong.insert(full.to_owned());
            let why = match value.get_ref() {
                DeValue::Integer(_) | DeValue::Float(_) => "is not a string; write it in quotes",
                _ => "is not a string",
            };
            self.note(value.span().start, full, why.to_owned());
        }
    }

    fn scalar(&self, key: &Key, found: &DeValue<'_>) -> Result<Value, String> {
        let kind = key.kind;
        let wrong = || not_of_kind(key, found);
        match (kind, found) {
            (
                ValueType::Text
                | ValueType::OneOrTwo
                | ValueType::TextOrTexts
                | ValueType::TextOrTables,
                DeValue::String(text),
            ) => Ok(Value::Texts(vec![Item::new(None, text)])),
            (ValueType::List | ValueType::Some | ValueType::OneOrTwo, DeValue::Array(items)) => {
                let item = |item: &Spanned<DeValue<'_>>| {
                    let at = Some(self.place(item.span().start));
                    item.get_ref().as_str().map(|text| Item::new(at, text))
                };
                let texts = items.iter().map(item).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
                how_many(kind, texts.len())?;
                Ok(Value::Texts(texts))
            }
            (ValueType::Integer(least, most), DeValue::Integer(number)) => {
                let number = whole(number).filter(|n| (least..=most).contains(n));
                number.map(Value::Integer).ok_or_else(|| {
                    format!("{} is not between {least} and {most}", found_text(found))
                })
            }
            (ValueType::Duration(least, most), DeValue::String(text)) => {
                time_within(text, least, most).map(Value::Duration)
            }
            (ValueType::DurationOrNever(least, most), DeValue::String(text)) => {
                let time = match values::duration(text)? {
                    Duration::ZERO => Ok(Duration::ZERO),
                    _ => time_within(text, least, most),
                };
                time.map(Value::Duration).map_err(|why| format!("{why}, and not 0s"))
            }
            (ValueType::Size(least, most), DeValue::String(text)) => {
                let size = values::size(text)?;
                let range =
                    format!("{} and {}", values::size_written(least), values::size_written(most));
                (least..=most)
                    .contains(&size)
                    .then_some(Value::Size(size))
                    .ok_or_else(|| format!("{text} is not between {range}"))
            }
            (ValueType::Flag, DeValue::Boolean(flag)) => Ok(Value::Flag(*flag)),
            _ => Err(wrong()),
        }
    }

    fn place(&self, offset: usize) -> SourceLocation {
        SourceLocation::of(self.text, offset)
    }

    fn note(&mut self, offset: usize, key: &str, text: String) {
        let at = Some(self.place(offset));
        self.problems.push(ConfigProblem { at, key: key.to_owned(), text });
    }
}

impl Item {
    fn new(at: Option<SourceLocation>, text: &str) -> Self {
        Self { at, text: text.to_owned() }
    }
}

fn time_within(text: &str, least: u64, most: u64) -> Result<Duration, String> {
    let time = values::duration(text)?;
    let range = || format!("{} and {}", values::written(least), values::written(most));
    let fits = (least..=most).contains(&time.as_secs());
    fits.then_some(time).ok_or_else(|| format!("{text} is not between {}", range()))
}

fn whole(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn found_text(found: &DeValue<'_>) -> String {
    found.as_integer().map(ToString::to_string).unwrap_or_default()
}

fn how_many(kind: ValueType, found: usize) -> Result<(), String> {
    match (kind, found) {
        (ValueType::Some, 0) => Err("is empty; name at least one".to_owned()),
        (ValueType::OneOrTwo, 0 | 3..) => Err(format!("has {found} strings; write one or two")),
        _ => Ok(()),
    }
}

fn join(table: &str, name: &str) -> String {
    if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") }
}

/// The required keys that the table `full` lacks.
pub(super) fn missing(document: &Document, full: &str) -> Vec<ConfigProblem> {
    let pattern = pattern(full);
    // A value that is not a table was noted already.
    let absent =
        |key: &&Key| !document.has(&join(full, key.name())) && !document.wrong.contains(full);
    let required = keys::inside(&pattern).filter(absent).filter_map(|key| {
        let example = match key.need {
            Requirement::Required(example) => example,
            Requirement::RequiredWithout(table, example) if !document.has(table) => example,
            _ => return None,
        };
        let text = wording::missing(key, example);
        let full = join(full, key.name());
        Some(ConfigProblem { at: Some(document.place(&full)), key: full, text })
    });
    required.collect()
}

/// `site[2].rule[1]` → `site[].rule[]`.
fn pattern(full: &str) -> String {
    full.chars().filter(|c| !c.is_ascii_digit()).collect()
}
