use url::Url;

use super::super::folder;
use super::super::reader::Reader;
use super::super::values::{self, shown, unknown};
use crate::pages::views::{Brand, BrandFolder, BrandLinks, Color, Picture, Theme, Views};
use crate::words::Languages;

const FOLDER: &str = "brand.folder";
const LANGUAGES: &str = "brand.languages";

/// A brand that pages have been rendered with, and the languages of the pages.
pub(super) struct Checked {
    pub(super) brand: Brand,
    pub(super) languages: Vec<String>,
}

pub(super) fn brand(reader: &mut Reader<'_>) -> Option<Checked> {
    let name = reader.one("brand.name", values::name);
    let light = maybe(reader, "brand.color", color);
    let dark = maybe(reader, "brand.color_dark", color);
    let theme = reader.one("brand.theme", theme);
    let logo = picture(reader, "brand.logo");
    let logo_dark = picture(reader, "brand.logo_dark");
    let favicon = picture(reader, "brand.favicon");
    let links = links(reader);
    let folder = own_folder(reader);
    let chosen = chosen_languages(reader, folder.as_ref());
    if reader.has("brand.logo_dark") && !reader.has("brand.logo") {
        reader.note("brand.logo_dark", "needs brand.logo too, for the light theme");
    }
    let brand = Brand {
        name: name?,
        color: light.ok()?,
        color_dark: dark.ok()?,
        theme: theme?,
        logo: logo.ok()?,
        logo_dark: logo_dark.ok()?,
        favicon: favicon.ok()?,
        links: links.ok()?,
        languages: chosen?,
        folder: folder?,
    };
    let languages = languages(reader, &brand)?;
    Some(Checked { brand, languages })
}

/// The tags that `brand.languages` lists; none: every language. A command that does not read the
/// folder does not know which languages that adds.
fn chosen_languages(reader: &mut Reader<'_>, folder: Option<&BrandFolder>) -> Option<Vec<String>> {
    let reads_folder = reader.purpose().reads_brand();
    let mut known: Vec<&str> = Languages::built_in_tags().collect();
    known.extend(folder.into_iter().flat_map(BrandFolder::tags));
    reader.all_or_none(LANGUAGES, |text| {
        let is_known = !reads_folder || known.contains(&text);
        is_known.then(|| text.to_owned()).ok_or_else(|| unknown(text, "a language", &known))
    })
}

/// The tags of the pages' languages. With a brand folder, renders the pages to find its mistakes.
fn languages(reader: &mut Reader<'_>, brand: &Brand) -> Option<Vec<String>> {
    if !reader.has(FOLDER) || !reader.purpose().reads_brand() {
        let chosen = Some(&brand.languages).filter(|chosen| !chosen.is_empty());
        let all = || Languages::built_in_tags().map(str::to_owned).collect();
        return Some(chosen.cloned().unwrap_or_else(all));
    }
    match Views::new(brand) {
        Ok(pages) => Some(pages.languages().iter().map(|l| l.tag().to_owned()).collect()),
        Err(wrong) => {
            for mistake in wrong.mistakes() {
                reader.note(FOLDER, mistake.to_string());
            }
            None
        }
    }
}

/// A mistake was noted.
struct Noted;

/// An optional key; `None` if it is missing.
fn maybe<T>(
    reader: &mut Reader<'_>,
    key: &str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Noted> {
    let read = reader.has(key).then(|| reader.one(key, read).ok_or(Noted));
    read.transpose()
}

fn color(text: &str) -> Result<Color, String> {
    Color::parse(text).map_err(|why| format!("{} is {why}", shown(text)))
}

const THEMES: &[(&str, Theme)] =
    &[("auto", Theme::Auto), ("light", Theme::Light), ("dark", Theme::Dark)];

fn theme(text: &str) -> Result<Theme, String> {
    let known: Vec<&str> = THEMES.iter().map(|(name, _)| *name).collect();
    let found = THEMES.iter().find(|(name, _)| *name == text);
    found.map(|(_, theme)| *theme).ok_or_else(|| unknown(text, "a theme", &known))
}

fn picture(reader: &mut Reader<'_>, key: &str) -> Result<Option<Picture>, Noted> {
    if !reader.purpose().reads_brand() {
        return Ok(None);
    }
    let base = reader.base();
    maybe(reader, key, |text| folder::picture(&base.join(text)))
}

fn links(reader: &mut Reader<'_>) -> Result<BrandLinks, Noted> {
    let privacy = maybe(reader, "brand.links.privacy", link);
    let terms = maybe(reader, "brand.links.terms", link);
    let support = maybe(reader, "brand.links.support", link);
    Ok(BrandLinks { privacy: privacy?, terms: terms?, support: support? })
}

fn link(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| match url.scheme() {
        "https" => url.username().is_empty() && url.password().is_none(),
        "mailto" => url.path().contains('@'),
        _ => false,
    });
    url.ok_or_else(|| {
        let is = shown(text);
        format!("{is} is not a URL such as https://example.com/help or mailto:help@example.com")
    })
}

fn own_folder(reader: &mut Reader<'_>) -> Option<BrandFolder> {
    if !reader.purpose().reads_brand() {
        return Some(BrandFolder::default());
    }
    let base = reader.base();
    let read = maybe(reader, FOLDER, |text| Ok(folder::folder(&base.join(text)))).ok()?;
    let (folder, wrong) = read.unwrap_or_default();
    for wrong in &wrong {
        reader.note(FOLDER, wrong);
    }
    wrong.is_empty().then_some(folder)
}
