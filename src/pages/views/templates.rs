use std::collections::BTreeMap;
use std::sync::Arc;

use super::brand::BrandFile;
use crate::words::{
    Context, Engine, Language, Languages, Mistake, Safe, Template, TemplateError, has_tag,
};

/// One row for each page. The layout encloses all of them.
const PAGES: &[(&str, &str)] = &[
    ("layout", include_str!("../../../static/pages/layout.liquid")),
    ("number", include_str!("../../../static/pages/number.liquid")),
    ("code", include_str!("../../../static/pages/code.liquid")),
    ("unsent", include_str!("../../../static/pages/unsent.liquid")),
    ("done", include_str!("../../../static/pages/done.liquid")),
    ("sign_out", include_str!("../../../static/pages/sign_out.liquid")),
    ("signed_out", include_str!("../../../static/pages/signed_out.liquid")),
    ("account", include_str!("../../../static/pages/account.liquid")),
    ("message", include_str!("../../../static/pages/message.liquid")),
];

/// Parts that pages include. The empty ones are for operators to fill.
const PARTS: &[(&str, &str)] = &[
    ("problem", include_str!("../../../static/pages/problem.liquid")),
    ("footer", include_str!("../../../static/pages/footer.liquid")),
    ("countdown", include_str!("../../../static/pages/countdown.liquid")),
    ("head", ""),
    ("above_card", ""),
    ("below_card", ""),
];

/// Every template, parsed once, at start.
#[derive(Debug)]
pub(super) struct Templates {
    all: BTreeMap<&'static str, Template>,
    /// The names of those that the operator replaced.
    own: Vec<&'static str>,
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
                mistakes.push(mistake("parts", &error));
                return None;
            }
        };
        // The engine reports a mistake in a part only where the part is included.
        for (name, text) in &parts {
            mistakes.extend(engine.parse(name, text).err().map(|error| mistake(name, &error)));
        }
        let mut all = BTreeMap::new();
        for (name, built_in) in PAGES {
            match engine.parse(name, text(name, built_in)) {
                Ok(template) => drop(all.insert(*name, template)),
                Err(error) => mistakes.push(mistake(name, &error)),
            }
        }
        let own = given.into_iter().map(|(name, _)| name).collect();
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
        filled.map_err(|error| mistake(self.culprit(name), &error))
    }

    /// The file to blame: a built-in page that fails includes a part of the operator's.
    fn culprit<'n>(&self, name: &'n str) -> &'n str {
        let parts: Vec<_> =
            self.own.iter().filter(|own| PARTS.iter().any(|(part, _)| part == *own)).collect();
        match parts.as_slice() {
            [part] if !self.own.contains(&name) => part,
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
                Some(why) => {
                    mistakes.push(Mistake::new(&format!("pages/{}", file.name), None, why));
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

/// Why a template could run for hours, or for ever.
fn endless(name: &str, text: &str) -> Option<&'static str> {
    let part = PARTS.iter().any(|(part, _)| *part == name);
    if part && ["include", "render"].into_iter().any(|tag| has_tag(text, tag)) {
        return Some("is a part, and parts cannot include others");
    }
    let tags = text.split("{%").skip(1).filter_map(|rest| rest.split("%}").next());
    let counts = has_tag(text, "tablerow") || tags.into_iter().any(|tag| tag.contains(".."));
    counts.then_some("loops over a range; templates can only loop over lists")
}

pub(super) fn not_text(folder: &str, file: &BrandFile) -> Mistake {
    Mistake::new(&format!("{folder}/{}", file.name), None, "is not UTF-8 text")
}

fn mistake(name: &str, error: &TemplateError) -> Mistake {
    let file = format!("pages/{name}.liquid");
    match error {
        TemplateError::Unreadable { line, detail, .. } => Mistake::new(&file, *line, detail),
        other => Mistake::new(&file, None, other.to_string()),
    }
}
