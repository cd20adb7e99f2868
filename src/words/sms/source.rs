use std::collections::BTreeSet;
use std::fmt;

use super::super::engine::TemplateError;
use super::pieces::{Piece, PieceKind, identifier, is_inner, is_start, length_to, pieces};

/// The tags of text messages. Without loops, which could run for hours for every requested code,
/// and without parts from other files.
const TAGS: &[&str] = &[
    "if",
    "elsif",
    "else",
    "endif",
    "unless",
    "endunless",
    "case",
    "when",
    "endcase",
    "assign",
    "capture",
    "endcapture",
    "cycle",
    "increment",
    "decrement",
    "ifchanged",
    "endifchanged",
    "comment",
    "endcomment",
    "raw",
    "endraw",
];

/// The filters: those of Auth0's documentation, and some more of Liquid's.
const FILTERS: &[&str] = &[
    "abs",
    "append",
    "at_least",
    "at_most",
    "capitalize",
    "ceil",
    "compact",
    "concat",
    "date",
    "default",
    "divided_by",
    "downcase",
    "escape",
    "escape_once",
    "first",
    "floor",
    "join",
    "last",
    "lstrip",
    "map",
    "minus",
    "modulo",
    "newline_to_br",
    "plus",
    "prepend",
    "remove",
    "remove_first",
    "replace",
    "replace_first",
    "reverse",
    "round",
    "rstrip",
    "size",
    "slice",
    "sort",
    "sort_natural",
    "split",
    "strip",
    "strip_html",
    "strip_newlines",
    "times",
    "truncate",
    "truncatewords",
    "uniq",
    "upcase",
    "url_decode",
    "url_encode",
    "where",
];

/// Words in expressions that are no variables.
const KEYWORDS: &[&str] =
    &["and", "or", "contains", "nil", "null", "true", "false", "empty", "blank"];

/// A variable that texts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KnownVariable {
    Code,
    PhoneNumber,
    ApplicationName,
    RequestLanguage,
}

const KNOWN: &[(&str, KnownVariable)] = &[
    ("code", KnownVariable::Code),
    ("password", KnownVariable::Code),
    ("phone_number", KnownVariable::PhoneNumber),
    ("application", KnownVariable::ApplicationName),
    ("application.name", KnownVariable::ApplicationName),
    ("request_language", KnownVariable::RequestLanguage),
];

/// A variable that texts do not have: it is empty, as in Liquid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownVariable {
    /// Counted from 1.
    pub line: usize,
    pub name: String,
}

impl fmt::Display for UnknownVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: there is no variable `{}`", self.line, self.name)
    }
}

/// A template as the engine can parse it, and what was found in it.
#[derive(Debug, Default)]
pub(super) struct TemplateSource {
    /// Unknown variables are replaced by `nil`: the engine fails on them, and Liquid does not.
    pub(super) liquid: String,
    /// The strings in quotes, which conditions compare with.
    pub(super) literals: BTreeSet<String>,
    pub(super) unknown: Vec<UnknownVariable>,
    /// The variables that are read.
    pub(super) reads: BTreeSet<KnownVariable>,
    /// Names that the template itself assigns.
    assigned: BTreeSet<String>,
}

/// Takes a template apart.
///
/// # Errors
///
/// [`TemplateError::NotInTexts`] for a tag or filter that text messages do not have.
pub(super) fn read(template: &str) -> Result<TemplateSource, TemplateError> {
    let text = without_macros(template);
    let pieces = pieces(&text);
    let mut source = TemplateSource::default();
    for (tag, name) in pieces.iter().filter_map(assigns) {
        source.assigned.insert(name.to_owned());
        // Empty until assigned, also where the assignment is in a branch that is not taken.
        let is_counter = matches!(tag, "increment" | "decrement");
        if !is_counter && !KNOWN.iter().any(|(known, _)| *known == name) {
            source.liquid.extend(["{% assign ", name, " = nil %}"]);
        }
    }
    let mut line = 1;
    for piece in pieces {
        match piece.kind {
            PieceKind::Text => source.liquid.push_str(piece.text),
            PieceKind::Output => Markup { source: &mut source, line }.copy(piece.text, 2)?,
            PieceKind::Tag(name) => {
                if !TAGS.contains(&name) {
                    return Err(not_in_texts(line, name, "tag", TAGS));
                }
                let start = piece.text.find(name).unwrap_or(0) + name.len();
                Markup { source: &mut source, line }.copy(piece.text, start)?;
            }
        }
        line += piece.text.matches('\n').count();
    }
    Ok(source)
}

fn not_in_texts(line: usize, word: &str, kind: &'static str, known: &[&str]) -> TemplateError {
    let (word, known) = (word.chars().take(40).collect(), known.join(", "));
    TemplateError::NotInTexts { line, word, kind, known }
}

/// Auth0's older syntax: `@@password@@` is `{{ password }}`.
fn without_macros(template: &str) -> String {
    let mut parts = template.split("@@");
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut parts = parts.peekable();
    while let Some(name) = parts.next() {
        let is_path = name.starts_with(is_start) && name.chars().all(|c| is_inner(c) || c == '.');
        match parts.peek() {
            Some(&after) if is_path => {
                text.extend(["{{ ", name, " }}", after]);
                parts.next();
            }
            _ => {
                text.push_str("@@");
                text.push_str(name);
            }
        }
    }
    text
}

/// The name of a tag that assigns a variable, and the variable.
fn assigns<'t>(piece: &Piece<'t>) -> Option<(&'t str, &'t str)> {
    let PieceKind::Tag(tag @ ("assign" | "capture" | "increment" | "decrement")) = piece.kind
    else {
        return None;
    };
    let rest = piece.text[piece.text.find(tag)? + tag.len()..].trim_start();
    let name = &rest[..identifier(rest)];
    (!name.is_empty()).then_some((tag, name))
}

/// One `{{ … }}` or `{% … %}` on its way into [`TemplateSource::liquid`].
struct Markup<'s> {
    source: &'s mut TemplateSource,
    /// On which it begins.
    line: usize,
}

impl Markup<'_> {
    /// Copies the markup; its first `start` bytes, with the name of a tag, as they are.
    fn copy(mut self, text: &str, start: usize) -> Result<(), TemplateError> {
        self.source.liquid.push_str(&text[..start]);
        let mut rest = &text[start..];
        let mut filtered = false;
        while let Some(c) = rest.chars().next() {
            let length = match c {
                '\'' | '"' => self.literal(rest, c),
                '|' => {
                    filtered = true;
                    self.filter(rest)?
                }
                _ if is_start(c) => self.name(rest, filtered),
                _ => {
                    self.source.liquid.push(c);
                    self.line += usize::from(c == '\n');
                    c.len_utf8()
                }
            };
            rest = &rest[length..];
        }
        Ok(())
    }

    /// A string in quotes; returns its length.
    fn literal(&mut self, text: &str, quote: char) -> usize {
        let inner = text[1..].find(quote);
        let length = inner.map_or(text.len(), |inner| inner + 2);
        if let Some(inner) = inner {
            self.source.literals.insert(text[1..=inner].to_owned());
        }
        self.source.liquid.push_str(&text[..length]);
        length
    }

    /// `|` and the name of a filter.
    fn filter(&mut self, text: &str) -> Result<usize, TemplateError> {
        let spaces = text[1..].len() - text[1..].trim_start().len();
        let name = &text[1 + spaces..];
        let name = &name[..identifier(name)];
        if !FILTERS.contains(&name) {
            let line = self.line + text[..=spaces].matches('\n').count();
            return Err(not_in_texts(line, name, "filter", FILTERS));
        }
        let length = 1 + spaces + name.len();
        self.source.liquid.push_str(&text[..length]);
        Ok(length)
    }

    /// A keyword, the name of an argument, or a variable with its indexes.
    fn name(&mut self, text: &str, filtered: bool) -> usize {
        let first = &text[..identifier(text)];
        let argument = filtered && text[first.len()..].trim_start().starts_with(':');
        if KEYWORDS.contains(&first) || argument {
            self.source.liquid.push_str(first);
            return first.len();
        }
        let (length, path) = variable(text, first);
        let whole = path.join(".");
        let base = whole.strip_suffix(".size").unwrap_or(&whole);
        let known = KNOWN.iter().find(|(known, _)| *known == base);
        self.source.reads.extend(known.map(|(_, variable)| *variable));
        if known.is_some() || self.source.assigned.contains(first) {
            self.source.liquid.push_str(&text[..length]);
            return length;
        }
        // `nil contains` is an error for the engine.
        let compared = text[length..].trim_start().starts_with("contains");
        self.source.liquid.push_str(if compared { "''" } else { "nil" });
        self.source.unknown.push(UnknownVariable { line: self.line, name: whole });
        length
    }
}

/// The length of a variable that begins with the identifier `first`, and the names in its path.
fn variable<'t>(text: &'t str, first: &'t str) -> (usize, Vec<&'t str>) {
    let mut path = vec![first];
    let mut length = first.len();
    loop {
        let rest = &text[length..];
        if let Some(name) = rest.strip_prefix('.').filter(|name| name.starts_with(is_start)) {
            let name = &name[..identifier(name)];
            path.push(name);
            length += 1 + name.len();
        } else if rest.starts_with('[')
            && let Some(end) = length_to(rest, "]")
        {
            path.push(rest[1..end - 1].trim().trim_matches(['\'', '"']));
            length += end;
        } else {
            return (length, path);
        }
    }
}
