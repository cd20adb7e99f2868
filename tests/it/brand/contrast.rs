use std::collections::BTreeSet;

use doorcode::pages::views::{Brand, Chrome, Color, SignOutPage, Theme, Views};

const COLORS: [&str; 12] = [
    "#ffff00", "#fff", "#000", "#2a4fd6", "#ff0000", "#00ff00", "#0000ff", "#808080", "#767676",
    "#ffc0cb", "#006d77", "#0f1217",
];

fn branded(color: &str, dark: Option<&str>, theme: Theme) -> Views {
    let read = |text: &str| Color::parse(text).unwrap();
    let brand = Brand {
        color: Some(read(color)),
        color_dark: dark.map(read),
        theme,
        ..Brand::named("Acme")
    };
    Views::new(&brand).unwrap()
}

/// How the colours of a brand begin at the end of the sheet.
const OWN: &str = ":root{";

fn sheet(pages: &Views) -> &str {
    std::str::from_utf8(pages.assets().get("base.css").unwrap().file.plain()).unwrap()
}

/// The value of a token, as a browser finds it: the last that is said for the scheme.
fn token(pages: &Views, scheme: usize, name: &str) -> Color {
    let value = |sheet: &str| {
        let part = sheet.split("@media").nth(scheme)?.split(":root").nth(1)?;
        let (_, rest) = part.split_once(&format!("--{name}:"))?;
        let value = rest.split([';', '}']).next()?.trim();
        // Wholly clear: the line around a button that needs none.
        if value == "#0000" { None } else { Some(Color::parse(value).unwrap()) }
    };
    let sheet = sheet(pages);
    let (base, own) = sheet.split_at(sheet.find(OWN).unwrap_or(sheet.len()));
    value(own).or_else(|| value(base)).unwrap_or_else(|| {
        assert_eq!(name, "brand-line");
        token(pages, scheme, "brand")
    })
}

#[test]
fn no_color_makes_pages_hard_to_read() {
    for color in COLORS {
        for dark in [None, Some(color)] {
            let pages = branded(color, dark, Theme::Auto);
            for scheme in [0, 1] {
                let get = |name: &str| token(&pages, scheme, name);
                let of = |one: &str, two: &str| get(one).contrast(get(two));
                for (text, ground) in [
                    ("on-brand", "brand"),
                    ("on-brand", "brand-hover"),
                    ("link", "surface"),
                    ("link", "bg"),
                ] {
                    let found = of(text, ground);
                    assert!(found >= 4.5, "{color} {dark:?} {scheme} {text}/{ground}: {found}");
                }
                let edge = of("brand", "surface").max(of("brand-line", "surface"));
                assert!(edge >= 3.0, "{color} {dark:?} {scheme} edge of a button: {edge}");
            }
        }
    }
}

/// What says nothing by itself.
const DECOR: [&str; 2] = ["line", "brand-line"];

/// Every pair of the built-in tokens, computed from the sheet itself.
#[test]
fn the_built_in_colors_are_easy_to_read() {
    let pages = Views::built_in("Acme").unwrap();
    let sheet = sheet(&pages);
    assert!(!sheet.contains(OWN), "nothing is asked for");
    for scheme in [0, 1] {
        let block = sheet.split("@media").nth(scheme).unwrap().split(":root").nth(1).unwrap();
        let get = |name: &str| {
            let (_, rest) = block.split_once(&format!("--{name}: ")).unwrap();
            Color::parse(rest.split([';', '\n']).next().unwrap()).unwrap()
        };
        let texts = [
            ("text", "surface"),
            ("text", "bg"),
            ("muted", "surface"),
            ("muted", "bg"),
            ("link", "surface"),
            ("link", "bg"),
            ("on-brand", "brand"),
            ("on-brand", "brand-hover"),
            ("danger", "surface"),
            ("danger", "danger-bg"),
            ("warn", "warn-bg"),
            ("ok", "surface"),
            ("ok", "ok-bg"),
            ("text", "danger-bg"),
            ("text", "warn-bg"),
            ("text", "ok-bg"),
        ];
        let edges = [("field", "surface"), ("brand", "surface"), ("danger", "surface")];
        let least = [(&texts[..], 4.5), (&edges[..], 3.0)];
        let paired: BTreeSet<_> = texts.iter().chain(&edges).flat_map(|(a, b)| [*a, *b]).collect();
        let named = block.split("--").skip(1).filter_map(|rest| rest.split_once(": #"));
        let named: BTreeSet<_> =
            named.map(|(name, _)| name).filter(|n| !DECOR.contains(n)).collect();
        assert_eq!(named, paired, "every colour is in a pair, or only decoration");
        for (pairs, least) in least {
            for (one, two) in pairs {
                let found = get(one).contrast(get(two));
                assert!(found >= least, "{scheme} {one}/{two}: {found}");
            }
        }
    }
}

#[test]
fn what_is_changed_of_a_color_is_told_once() {
    assert!(branded("#2a4fd6", None, Theme::Auto).corrections().is_empty());
    let told = branded("#ffff00", Some("#000"), Theme::Auto);
    let [light, dark] = told.corrections() else { panic!("{:?}", told.corrections()) };
    assert!(
        light.starts_with("brand.color = \"#ffff00\" is hard to read on light pages"),
        "{light}"
    );
    assert!(dark.starts_with("brand.color_dark = \"#000000\" is hard to read on dark"), "{dark}");
}

#[test]
fn a_theme_holds_whatever_the_system_says() {
    for (theme, scheme, surface) in
        [(Theme::Light, "light", "--surface:#fff;"), (Theme::Dark, "dark", "--surface:#181c23;")]
    {
        let brand = Brand { theme, ..Brand::named("Acme") };
        let pages = Views::new(&brand).unwrap();
        let sheet = sheet(&pages);
        let own = &sheet[sheet.find(OWN).unwrap()..];
        assert!(own.starts_with(&format!(":root{{color-scheme:{scheme};")), "{own}");
        assert!(own.contains(surface) && !own.contains("@media"), "{own}");
        let language = pages.languages().negotiate(None, None);
        let html =
            pages.render(&Chrome { language, base: "", here: "" }, &SignOutPage { to: None });
        assert!(html.contains(&format!("<meta name=\"color-scheme\" content=\"{scheme}\">")));
        assert_eq!(html.matches("rel=\"stylesheet\"").count(), 1, "{html}");
    }
}

#[test]
fn a_sheet_has_its_colors_in_its_address() {
    let version = |color| {
        let pages = branded(color, None, Theme::Auto);
        pages.assets().get("base.css").unwrap().version.clone()
    };
    assert_ne!(version("#ff0000"), version("#00ff00"));
    assert_eq!(version("#ff0000"), version("#f00"));
}

#[test]
fn what_is_no_color_is_refused() {
    for text in ["", "#", "red", "#12345", "#12345g", "#1234567", "2a4fd6", "#é12", "# 2a4fd"] {
        assert!(Color::parse(text).is_err(), "{text}");
    }
}
