use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::keys::{self, Key, Kind, Need};
use super::problem::{Place, Problem};
use super::values;
use super::wording::{self, bare, not_a_key, not_of_kind};

/// The file, word for word and by full keys: only known keys, each of its kind. No meaning.
#[derive(Default)]
pub(super) struct Raw {
    entries: BTreeMap<String, Entry>,
    /// Tables that are there, such as `site[2]`.
    tables: BTreeMap<String, Place>,
    /// Keys that are there but not of their kind; noted already, so never missing or inherited.
    wrong: BTreeSet<String>,
}

#[derive(Clone)]
struct Entry {
    /// `None`: inherited.
    at: Option<Place>,
    value: Value,
}

#[derive(Clone)]
pub(super) enum Value {
    /// One or several; how many is the key's kind.
    Texts(Vec<Item>),
    Integer(i64),
    Duration(Duration),
    /// Bytes.
    Size(u64),
    Flag(bool),
}

/// A text and where it stands.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) at: Option<Place>,
    pub(super) text: String,
}

impl Raw {
    /// `None` when the text is not TOML: what it seems to say would only be guessed at.
    pub(super) fn read(text: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        let (document, errors) = DeTable::parse_recoverable(text);
        syntax(text, &errors, problems);
        if errors.iter().any(|error| error.message() != TWICE) {
            return None;
        }
        let mut walk = Walk { text, raw: Self::default(), problems };
        walk.table(document.get_ref(), "", "");
        Some(walk.raw)
    }

    /// Fills what was left out from `defaults`.
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

    /// Whether the file itself has the key, right or wrong.
    pub(super) fn has(&self, key: &str) -> bool {
        let given = self.entries.get(key).is_some_and(|entry| entry.at.is_some());
        given || self.wrong.contains(key) || self.tables.contains_key(key)
    }

    pub(super) fn is_table(&self, key: &str) -> bool {
        self.tables.contains_key(key)
    }

    /// How many of the tables `key` there are.
    pub(super) fn count(&self, key: &str) -> usize {
        let nth = |n: usize| format!("{key}[{n}]");
        (1..=self.tables.len()).take_while(|n| self.tables.contains_key(&nth(*n))).count()
    }

    /// The names in the table of texts `key`, its own and inherited.
    pub(super) fn names(&self, key: &str) -> Vec<String> {
        let below = |full: &String| full.strip_prefix(key)?.strip_prefix('.').map(str::to_owned);
        self.entries.keys().filter_map(below).collect()
    }

    /// Where the key stands, else the table that it should stand in, else the start.
    pub(super) fn place(&self, key: &str) -> Place {
        let own = self.entries.get(key).and_then(|entry| entry.at);
        let above = || key.rsplit_once('.').map(|(table, _)| self.place(table));
        own.or_else(|| self.tables.get(key).copied()).or_else(above).unwrap_or(Place::START)
    }
}

/// What the parser says of a key that is there already: the rest of the text is sound.
const TWICE: &str = "duplicate key";

fn syntax(text: &str, errors: &[toml::de::Error], problems: &mut Vec<Problem>) {
    let mut lines = BTreeSet::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let at = Place::of(text, span.start);
        // What follows on the same line is mostly a consequence of the first.
        if !lines.insert(at.line) {
            continue;
        }
        let says = if error.message() == TWICE {
            let name = values::shown(text.get(span).unwrap_or_default());
            format!("{name} is written a second time in the same table; keep one")
        } else {
            format!("not TOML: {}", error.message())
        };
        problems.push(Problem { at: Some(at), key: String::new(), text: says });
    }
}

struct Walk<'a> {
    text: &'a str,
    raw: Raw,
    problems: &'a mut Vec<Problem>,
}

impl Walk<'_> {
    /// `pattern` is the table's path in the table of keys (`site[]`), `full` its own (`site[2]`).
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
            (Kind::Table, DeValue::Table(table)) => {
                self.raw.tables.insert(full.to_owned(), at);
                self.table(table, key.path, full);
            }
            (Kind::Texts | Kind::TextOrTexts, DeValue::Table(table)) => {
                self.raw.tables.insert(full.to_owned(), at);
                for (name, value) in table {
                    self.one_text(&join(full, &bare(name.get_ref())), value);
                }
            }
            (Kind::Tables, DeValue::Array(items)) => {
                for (n, item) in items.iter().enumerate() {
                    let full = format!("{full}[{}]", n + 1);
                    self.one_of_several(key, &full, item);
                }
            }
            (_, found) => match self.scalar(key, found) {
                Ok(value) => {
                    self.raw.entries.insert(full.to_owned(), Entry { at: Some(at), value });
                }
                Err(text) => {
                    self.raw.wrong.insert(full.to_owned());
                    self.note(value.span().start, full, text);
                }
            },
        }
    }

    fn one_of_several(&mut self, key: &Key, full: &str, item: &Spanned<DeValue<'_>>) {
        let at = self.place(item.span().start);
        self.raw.tables.insert(full.to_owned(), at);
        match item.get_ref() {
            DeValue::Table(table) => self.table(table, &format!("{}[]", key.path), full),
            other => {
                self.raw.wrong.insert(full.to_owned());
                self.note(item.span().start, full, not_of_kind(key, other));
            }
        }
    }

    /// A text whose name no key of ours decides.
    fn one_text(&mut self, full: &str, value: &Spanned<DeValue<'_>>) {
        if let Some(text) = value.get_ref().as_str() {
            let at = Some(self.place(value.span().start));
            let value = Value::Texts(vec![Item::new(None, text)]);
            self.raw.entries.insert(full.to_owned(), Entry { at, value });
        } else {
            self.raw.wrong.insert(full.to_owned());
            self.note(value.span().start, full, "is not a text in quotes".to_owned());
        }
    }

    fn scalar(&self, key: &Key, found: &DeValue<'_>) -> Result<Value, String> {
        let kind = key.kind;
        let wrong = || not_of_kind(key, found);
        match (kind, found) {
            (Kind::Text, DeValue::String(text)) => Ok(Value::Texts(vec![Item::new(None, text)])),
            (Kind::OneOrTwo | Kind::TextOrTexts, DeValue::String(text)) => {
                Ok(Value::Texts(vec![Item::new(None, text)]))
            }
            (Kind::List | Kind::Some | Kind::OneOrTwo, DeValue::Array(items)) => {
                let item = |item: &Spanned<DeValue<'_>>| {
                    let at = Some(self.place(item.span().start));
                    item.get_ref().as_str().map(|text| Item::new(at, text))
                };
                let texts = items.iter().map(item).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
                how_many(kind, texts.len())?;
                Ok(Value::Texts(texts))
            }
            (Kind::Integer(least, most), DeValue::Integer(number)) => {
                let number = whole(number).filter(|n| (least..=most).contains(n));
                number.map(Value::Integer).ok_or_else(|| {
                    format!("{} is not between {least} and {most}", found_text(found))
                })
            }
            (Kind::Duration(least, most), DeValue::String(text)) => {
                time_within(text, least, most).map(Value::Duration)
            }
            (Kind::DurationOrNever(least, most), DeValue::String(text)) => {
                let time = match values::duration(text)? {
                    Duration::ZERO => Ok(Duration::ZERO),
                    _ => time_within(text, least, most),
                };
                time.map(Value::Duration).map_err(|why| format!("{why}, and not 0s"))
            }
            (Kind::Size(least, most), DeValue::String(text)) => {
                let size = values::size(text)?;
                let range =
                    format!("{} and {}", values::size_written(least), values::size_written(most));
                (least..=most)
                    .contains(&size)
                    .then_some(Value::Size(size))
                    .ok_or_else(|| format!("{text} is not between {range}"))
            }
            (Kind::Flag, DeValue::Boolean(flag)) => Ok(Value::Flag(*flag)),
            _ => Err(wrong()),
        }
    }

    fn place(&self, offset: usize) -> Place {
        Place::of(self.text, offset)
    }

    fn note(&mut self, offset: usize, key: &str, text: String) {
        let at = Some(self.place(offset));
        self.problems.push(Problem { at, key: key.to_owned(), text });
    }
}

impl Item {
    fn new(at: Option<Place>, text: &str) -> Self {
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

fn how_many(kind: Kind, found: usize) -> Result<(), String> {
    match (kind, found) {
        (Kind::Some, 0) => Err("is empty; name at least one".to_owned()),
        (Kind::OneOrTwo, 0 | 3..) => Err(format!("has {found} texts; write one or two")),
        _ => Ok(()),
    }
}

fn join(table: &str, name: &str) -> String {
    if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") }
}

/// The required keys that the table `full` leaves out.
pub(super) fn missing(raw: &Raw, full: &str) -> Vec<Problem> {
    let pattern = pattern(full);
    // Of what is no table at all, nothing is missing.
    let absent = |key: &&Key| !raw.has(&join(full, key.name())) && !raw.wrong.contains(full);
    let required = keys::inside(&pattern).filter(absent).filter_map(|key| {
        let Need::Required(example) = key.need else {
            return None;
        };
        let text = wording::missing(key, example);
        let full = join(full, key.name());
        Some(Problem { at: Some(raw.place(&full)), key: full, text })
    });
    required.collect()
}

/// `site[2].rule[1]` → `site[].rule[]`.
fn pattern(full: &str) -> String {
    full.chars().filter(|c| !c.is_ascii_digit()).collect()
}
