use std::collections::BTreeMap;
use std::sync::Arc;

use super::brand::BrandFile;
use crate::words::{
    Context, Engine, Language, Languages, Lines, Mistake, Safe, Template, TemplateError, has_tag,
};

/// One row for each page. The layout encloses all of them.
const PAGES: &[(&str, &str)] = &[
    ("layout", include_str!("../../../static/pages/layout.liquid")),
    ("number", include_str!("../../../static/pages/number.liquid")),
    ("code", include_str!("../../../static/pages/code.liquid")),
    ("unsent", include_str!("../../../static/pages/unsent.liquid")),
    ("challenge", include_str!("../../../static/pages/challenge.liquid")),
    ("done", include_str!("../../../static/pages/done.liquid")),
    ("sign_out", include_str!("../../../static/pages/sign_out.liquid")),
    ("signed_out", include_str!("../../../static/pages/signed_out.liquid")),
    ("kept_form", include_str!("../../../static/pages/kept_form.liquid")),
    ("account", include_str!("../../../static/pages/account.liquid")),
    ("tokens", include_str!("../../../static/pages/tokens.liquid")),
    ("token", include_str!("../../../static/pages/token.liquid")),
    ("message", include_str!("../../../static/pages/message.liquid")),
];

/// Parts that pages include. The empty ones are for operators to fill.
const PARTS: &[(&str, &str)] = &[
    ("problem", include_str!("../../../static/pages/problem.liquid")),
    ("footer", include_str!("../../../static/pages/footer.liquid")),
    ("channel", include_str!("../../../static/pages/channel.liquid")),
    ("countdown", include_str!("../../../static/pages/countdown.liquid")),
    ("news", include_str!("../../../static/pages/news.liquid")),
    ("head", ""),
    ("above_card", ""),
    ("below_card", ""),
];

/// Parts that are answers of their own too.
const ALONE: &[&str] = &["news"];

/// Every template, parsed once, at start.
#[derive(Debug)]
pub(super) struct Templates {
    all: BTreeMap<&'static str, Template>,
    /// Name and text of those that the operator replaced.
    own: Vec<(&'static str, String)>,
}

impl Templates {
    /// The built-in templates, each replaced by the operator's of the same name. `None`: a part
    /// cannot be parsed.
    pub(super) fn new(
        given: &[BrandFile],
        languages: &Arc<Languages>,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Self> {
        let given = read(given, mistakes);
        let text = |name: &str, built_in: &'static str| {
            given.iter().find(|(own, _)| *own == name).map_or(built_in, |(_, text)| *text)
        };
        let parts: Vec<_> = PARTS.iter().map(|(name, ours)| (*name, text(name, ours))).collect();
        let engine = match Engine::new(languages.clone(), &parts) {
            Ok(engine) => engine,
            Err(error) => {
                mistakes.push(mistake("parts", "", &error));
                return None;
            }
        };
        // The engine reports a mistake in a part only where the part is included.
        for (name, text) in &parts {
            let wrong = engine.parse(name, text).err();
            mistakes.extend(wrong.map(|error| mistake(name, text, &error)));
        }
        let mut all = BTreeMap::new();
        let alone = PARTS.iter().filter(|(name, _)| ALONE.contains(name));
        for (name, built_in) in PAGES.iter().chain(alone) {
            let text = text(name, built_in);
            match engine.parse(name, text) {
                Ok(template) => drop(all.insert(*name, template)),
                Err(error) => mistakes.push(mistake(name, text, &error)),
            }
        }
        let own = given.into_iter().map(|(name, text)| (name, text.to_owned())).collect();
        Some(Self { all, own })
    }

    pub(super) fn get(&self, name: &str) -> Result<&Template, TemplateError> {
        self.all.get(name).ok_or_else(|| TemplateError::Failed { name: name.to_owned() })
    }

    /// Whether the operator changed any.
    pub(super) fn are_changed(&self) -> bool {
        !self.own.is_empty()
    }

    /// Renders a template with samples, strictly.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn try_out(
        &self,
        name: &str,
        language: &Language,
        samples: Context,
    ) -> Result<Safe, Mistake> {
        let filled = self.get(name).and_then(|template| template.try_out(language, samples));
        filled.map_err(|error| {
            let culprit = self.culprit(name);
            let text = self.own.iter().find(|(own, _)| *own == culprit);
            mistake(culprit, text.map_or("", |(_, text)| text), &error)
        })
    }

    /// The file to blame: a built-in page that fails includes a part of the operator's.
    fn culprit<'n>(&self, name: &'n str) -> &'n str {
        let names = || self.own.iter().map(|(own, _)| *own);
        let parts: Vec<_> =
            names().filter(|own| PARTS.iter().any(|(part, _)| part == own)).collect();
        match parts.as_slice() {
            [part] if !names().any(|own| own == name) => part,
            _ => name,
        }
    }
}

/// Name and text of the files that are usable templates; the others are mistakes.
fn read<'g>(given: &'g [BrandFile], mistakes: &mut Vec<Mistake>) -> Vec<(&'static str, &'g str)> {
    let mut good = Vec::new();
    for file in given {
        let stem = file.name.strip_suffix(".liquid").unwrap_or_default();
        let names = || PAGES.iter().chain(PARTS).map(|(name, _)| *name);
        let known = names().find(|name| *name == stem);
        match (known, std::str::from_utf8(&file.bytes)) {
            (Some(name), Ok(text)) => match endless(name, text) {
                Some((line, why)) => {
                    mistakes.push(Mistake::new(&format!("pages/{}", file.name), line, why));
                }
                None => good.push((name, text)),
            },
            (None, _) => {
                let list = names().collect::<Vec<_>>().join(".liquid, ");
                let text = format!("is not a template; there are: {list}.liquid");
                mistakes.push(Mistake::new(&format!("pages/{}", file.name), None, text));
            }
            (_, Err(_)) => mistakes.push(not_text("pages", file)),
        }
    }
    good
}

/// Why a template could run for hours, or for ever, and the line of it.
fn endless(name: &str, text: &str) -> Option<(Option<usize>, &'static str)> {
    let part = PARTS.iter().any(|(part, _)| *part == name);
    let includes = |tag: &str| ["include", "render"].into_iter().any(|name| has_tag(tag, name));
    let loops = |tag: &str| has_tag(tag, "tablerow") || tag.contains("..");
    let line = |at: usize| Some(Lines::of(text).at(at));
    for (at, _) in text.match_indices("{%") {
        let rest = text.get(at..).unwrap_or_default();
        let tag = rest.split("%}").next().unwrap_or_default();
        if part && includes(tag) {
            return Some((line(at), "is a part, and parts cannot include others"));
        }
        if loops(tag) {
            return Some((line(at), "loops over a range; templates can only loop over lists"));
        }
    }
    None
}

pub(super) fn not_text(folder: &str, file: &BrandFile) -> Mistake {
    let good = std::str::from_utf8(&file.bytes).err().map_or(0, |why| why.valid_up_to());
    let line = file.bytes.iter().take(good).filter(|b| **b == b'\n').count() + 1;
    Mistake::new(&format!("{folder}/{}", file.name), Some(line), "is not UTF-8 text")
}

/// `text`: the template's.
fn mistake(name: &str, text: &str, error: &TemplateError) -> Mistake {
    let file = format!("pages/{name}.liquid");
    match error {
        TemplateError::Unreadable { line, detail, .. } => {
            Mistake::new(&file, line.or_else(|| line_of_word(text, detail)), detail)
        }
        other => Mistake::new(&file, None, other.to_string()),
    }
}

/// The line of what the engine failed at while it rendered: it names a word of the template then, and
/// no position.
fn line_of_word(text: &str, detail: &str) -> Option<usize> {
    const BEFORE: [&str; 4] =
        ["requested variable=", "requested index=", "no phrase for ", "requested filter="];
    let word = BEFORE.into_iter().find_map(|before| {
        let (_, rest) = detail.split_once(before)?;
        rest.split([';', '\n']).next().map(str::trim).filter(|word| !word.is_empty())
    })?;
    let is_part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_whole = |at: usize| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + word.len()..).unwrap_or_default();
        !before.ends_with(is_part_of_word) && !after.starts_with(is_part_of_word)
    };
    let at = text.match_indices(word).map(|(at, _)| at).find(|at| is_whole(*at))?;
    Some(Lines::of(text).at(at))
}
