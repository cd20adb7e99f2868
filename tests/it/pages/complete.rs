//! That the gallery shows every page and says everything that can be said.
use std::collections::BTreeSet;

use doorcode::pages::views::{Brand, BrandFile, BrandFolder, BrandLinks, Views};
use toml::{Table, Value};

use super::gallery::{BRAND, HOST, State, states};
use super::tags;

/// English in disguise, by the tag that browsers and CLDR keep for pseudo-locales.
pub(super) const DISGUISED: &str = "en-XA";
/// What pages are given and nobody translates.
const GIVEN: [&str; 13] = [
    "dcp_",
    "7GY3-RF1W",
    "2001:db8:1",
    BRAND,
    HOST,
    "https:",
    "UTC",
    "Safari",
    "Chrome",
    "Firefox",
    "iPhone",
    "Linux",
    "Windows",
];

fn source(name: &str) -> Table {
    let path = format!("{}/static/words/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

/// Calls `with` for the key and each text of the words.
fn change(words: &mut Table, with: &dyn Fn(&str, &str) -> String) {
    for (key, phrase) in words {
        match phrase {
            Value::String(text) => *text = with(key, text),
            Value::Table(forms) => change(forms, &|_, text| with(key, text)),
            other => panic!("{key} is {other}"),
        }
    }
}

/// Pages in which every English text was changed, and links for the foot.
fn changed(with: impl Fn(&str, &str) -> String) -> Views {
    let mut words = source("en");
    change(words["words"].as_table_mut().unwrap(), &with);
    let mut countries = source("countries.en");
    for row in countries["names"].as_array_mut().unwrap() {
        let name = row[1].as_str().map(|name| with("", name)).unwrap();
        row[1] = Value::String(name);
    }
    let file = |name: String, table: &Table| BrandFile { name, bytes: table.to_string().into() };
    let words = vec![
        file(format!("{DISGUISED}.toml"), &words),
        file(format!("countries.{DISGUISED}.toml"), &countries),
    ];
    let link = || Some(format!("https://{HOST}/x").parse().unwrap());
    let brand = Brand {
        links: BrandLinks { privacy: link(), terms: link(), support: link() },
        folder: BrandFolder { words, ..BrandFolder::default() },
        ..Brand::named(BRAND)
    };
    Views::new(&brand).unwrap()
}

fn gallery(pages: &Views) -> Vec<State> {
    states(pages, pages.languages().by_tag(DISGUISED).unwrap(), false)
}

/// Longer by half, as German is, and without a letter of the alphabet.
fn disguise(text: &str) -> String {
    const LETTERS: &str = "åƀçđéƒğĥîĵķļɱñöþǫŕšţûṽŵẋýž";
    let mut blank = false;
    let letter = |c: char| {
        blank = c == '{' || blank && c != '}';
        let place = u32::from(c.to_ascii_lowercase()).wrapping_sub(u32::from('a')) as usize;
        let other = LETTERS.chars().nth(place).filter(|_| !blank && c.is_ascii_alphabetic());
        let twice = usize::from("aeiou".contains(c) && other.is_some()) + 1;
        std::iter::repeat_n(other.unwrap_or(c), twice)
    };
    text.chars().flat_map(letter).collect()
}

/// The pages in disguise, for the browser to find what does not fit.
pub(super) fn disguised() -> Vec<State> {
    gallery(&changed(|_, text| disguise(text)))
}

/// The texts of a page: those between its tags and those that its attributes say.
fn texts(html: &str) -> Vec<&str> {
    let between = html.split('<').filter_map(|rest| Some(rest.split_once('>')?.1));
    let attributes = tags(html).flat_map(|tag| {
        let parts: Vec<&str> = tag.split('"').collect();
        let names = ["aria-label=", "alt=", "title=", "placeholder="];
        let spoken = move |before: &str| {
            let name = before.split_whitespace().last().unwrap_or_default();
            names.contains(&name) || ["data-left=", "data-ready="].contains(&name)
        };
        let pairs = parts.chunks(2).filter_map(move |pair| match pair {
            [name, value] if spoken(name) => Some(*value),
            _ => None,
        });
        pairs.collect::<Vec<_>>()
    });
    between.chain(attributes).collect()
}

fn without_given(text: &str) -> String {
    let given = GIVEN.iter().map(|given| (*given).to_owned());
    let entities = ["amp", "quot", "lt", "gt", "#39"].map(|name| format!("&{name};"));
    // The script fills it in.
    let all = given.chain(entities).chain(["{when}".to_owned()]);
    all.fold(text.to_owned(), |text, part| text.replace(&part, ""))
}

#[test]
fn no_english_is_left_in_a_translation() {
    for State { name, html, .. } in disguised() {
        // Each language is named by its own name.
        let (before, rest) = html.split_once("<nav").unwrap();
        let (inside, after) = rest.split_once("</nav>").unwrap();
        let label = inside.split_once('>').unwrap().0;
        for part in [before, &format!("<nav{label}>"), after] {
            // The brand's first letter is its mark.
            for text in texts(part).into_iter().filter(|text| *text != &BRAND[..1]) {
                let left = without_given(text);
                let english = left.chars().any(|c| c.is_ascii_alphabetic());
                assert!(!english, "{name} says `{left}`");
            }
        }
    }
}

#[test]
fn everything_that_can_be_said_is_in_the_gallery() {
    let blanks = |text: &str| {
        let inside = text.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        inside.fold(String::new(), |all, name| format!("{all} {{{name}}}"))
    };
    let pages = changed(|key, text| format!("⟦{key}⟧{}", blanks(text)));
    let all: String = gallery(&pages).into_iter().map(|state| state.html).collect();
    let words = source("en");
    let said = |key: &&String| all.contains(&format!("⟦{key}⟧"));
    let silent: Vec<_> =
        words["words"].as_table().unwrap().keys().filter(|key| !said(key)).collect();
    assert!(silent.is_empty(), "no state of the gallery says {silent:?}: add one to gallery.rs");
}

#[test]
fn every_template_is_in_the_gallery() {
    let pages = Views::built_in(BRAND).unwrap();
    let first = pages.languages().by_tag("en").unwrap();
    let shown: BTreeSet<_> =
        states(&pages, first, false).into_iter().map(|state| state.template.to_owned()).collect();
    // The layout stands around every page, and the others are parts of pages.
    let around = ["layout", "problem", "footer", "countdown", "channel", "news"].map(str::to_owned);
    let shown: BTreeSet<_> = shown.into_iter().chain(around).collect();
    assert_eq!(shown, built_in_templates());
}

fn built_in_templates() -> BTreeSet<String> {
    let folder = format!("{}/static/pages", env!("CARGO_MANIFEST_DIR"));
    let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let stem = |name: std::ffi::OsString| name.to_str()?.strip_suffix(".liquid").map(str::to_owned);
    names.filter_map(stem).collect()
}

#[test]
fn a_disguise_is_longer_and_keeps_its_blanks() {
    assert_eq!(disguise("Sign in to {host}"), "šîîğñ îîñ ţöö {host}");
}
