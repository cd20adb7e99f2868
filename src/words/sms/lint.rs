//! What an operator should know of the texts that a template makes, beside that they have the code.
use std::collections::BTreeSet;

use super::trial::{CODE, TemplateSamples, Trial};
use super::{MessageText, SmsTemplate};
use crate::domain::{CodeLength, Host};
use crate::words::segments::{Encoding, Segments, is_gsm};

/// The most characters that are named.
const MOST_CHARACTERS: usize = 12;

/// What was found in the texts of a template, each with the line that binds its code to the host of
/// the login pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextLint {
    /// The size of the text with the most segments, and what it was made for; no label where every
    /// text is as long.
    pub longest: Option<(Segments, Option<String>)>,
    /// Characters that are not in the GSM alphabet, in texts whose letters are Latin.
    pub not_gsm: BTreeSet<char>,
    /// Hosts that the words of a text name, other than that of the login pages and its parents.
    pub hosts: BTreeSet<String>,
    /// Whether a text has a line of its own that binds the code to a host.
    pub binds_itself: bool,
}

impl SmsTemplate {
    /// Renders the template with `samples` and codes of that length.
    pub fn lint(&self, samples: TemplateSamples, host: &Host, digits: CodeLength) -> TextLint {
        let trial = Trial::of(self, samples);
        let code = "0".repeat(digits.get().into());
        let mut found = TextLint::default();
        let mut first = None;
        for at in trial.combinations() {
            // What has no code is never sent.
            let Some(text) = trial.text(at) else { continue };
            let words = text.reveal().replace(CODE, &code);
            found.look_at(&words, host);
            let size = Segments::of(&format!("{words}\n@{host} #{code}"));
            let first = first.get_or_insert(size.count);
            let longest = found.longest.as_ref().map_or(0, |(longest, _)| longest.count);
            if size.count > longest {
                let label = (size.count > *first).then(|| trial.label(at));
                found.longest = Some((size, label));
            }
        }
        found
    }
}

impl TextLint {
    fn look_at(&mut self, words: &str, host: &Host) {
        let is_latin = words.chars().all(|c| !c.is_alphabetic() || is_gsm(c) || is_latin(c));
        if is_latin && Segments::of(words).encoding == Encoding::Ucs2 {
            let rest = MOST_CHARACTERS - self.not_gsm.len();
            self.not_gsm.extend(words.chars().filter(|c| !is_gsm(*c)).take(rest));
        }
        for line in words.lines() {
            let binds = line.starts_with('@') && line.contains(" #");
            self.binds_itself |= binds;
            let named = if binds { None } else { Some(line) }.into_iter().flat_map(hosts_in);
            self.hosts.extend(named.filter(|named| !is_within(host.as_str(), named)));
        }
    }
}

/// Latin letters beyond ASCII: Latin-1, Extended-A and -B, Extended Additional (Vietnamese).
const fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, 'ª' | 'º' | 'À'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

/// Whether a host is `domain` or below it.
fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The hosts of the URLs in a line, and the words that look like a host.
fn hosts_in(line: &str) -> impl Iterator<Item = String> + '_ {
    let ends = |c: char| c.is_whitespace() || "()<>[]{}\"'«»“”„‘’、。，".contains(c);
    line.split(ends).filter_map(host_in)
}

fn host_in(word: &str) -> Option<String> {
    let word = word.trim_start_matches('@').trim_end_matches(['.', ',', ';', '!', '-', ':']);
    if word.contains("://") {
        return url::Url::parse(word).ok()?.host_str().map(str::to_owned);
    }
    let name = &word[..word.find(['/', '?', '#', ':']).unwrap_or(word.len())];
    // "…code.Keep it" is a blank that was forgotten, and 1.5 a number.
    let (_, last) = name.rsplit_once('.')?;
    let is_lower = last.bytes().all(|b| b.is_ascii_lowercase());
    let is_upper =
        name.chars().all(|c| !c.is_lowercase()) && last.bytes().all(|b| b.is_ascii_uppercase());
    let is_name = last.len() >= 2 && (is_lower || is_upper);
    is_name.then(|| url::Host::parse(name).ok())?.map(|host| host.to_string())
}

impl Trial<'_> {
    /// The text of a combination, if it has the code.
    fn text(&self, at: [usize; 3]) -> Option<MessageText> {
        let text = self.render(at).ok()?;
        text.check(CODE).is_ok().then_some(text)
    }
}
