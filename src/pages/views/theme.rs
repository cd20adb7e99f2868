use std::fmt::Write as _;

use super::brand::{Brand, Theme};
use super::color::Color;

/// The least contrast of text (WCAG 2.2, 1.4.3) and of the borders of controls (1.4.11).
const READABLE: f64 = 4.5;
const VISIBLE: f64 = 3.0;

/// The end of `base.css`, and what was changed of the operator's colours.
#[derive(Debug, Default)]
pub(super) struct BrandSheet {
    /// `None`: nothing to add.
    pub(super) css: Option<String>,
    pub(super) corrections: Vec<String>,
}

/// The colours of `base.css` for light or for dark pages.
struct Scheme<'a> {
    name: &'static str,
    tokens: Vec<(&'a str, &'a str)>,
    surface: Color,
    background: Color,
    /// Black or white: mixed in, it raises the contrast.
    away: Color,
}

/// The colours derived from one brand colour for one scheme.
struct Shades {
    brand: Color,
    on_brand: Color,
    hover: Color,
    /// The border of a button whose contrast with the page is too low.
    line: Option<Color>,
    link: Color,
}

/// The colours of a brand as CSS. `base_css`: the sheet that pages load; `built_in`: used if the
/// colours are not found in that.
pub(super) fn theme(brand: &Brand, base_css: &str, built_in: &str) -> BrandSheet {
    let schemes = Scheme::both(base_css).or_else(|| Scheme::both(built_in));
    let Some((light, dark)) = schemes else { return BrandSheet::default() };
    let mut corrections = Vec::new();
    let mut shades = |asked: Option<(&str, Color)>, scheme: &Scheme<'_>| {
        let (key, color) = asked?;
        let shades = scheme.shades(color);
        corrections.extend(correction(key, color, &shades, scheme));
        Some(shades)
    };
    let of_light = shades(brand.color.map(|color| ("brand.color", color)), &light);
    let of_dark = shades(brand.color_dark.map(|color| ("brand.color_dark", color)), &dark)
        // Derived from the light colour, so that no correction is reported.
        .or_else(|| brand.color.map(|color| dark.shades(dark.readable(color))));
    let (light, dark) = (light.lines(of_light.as_ref()), dark.lines(of_dark.as_ref()));
    BrandSheet { css: sheet(brand.theme, &light, &dark), corrections }
}

/// Declarations of a scheme, and those that the brand's colour changes.
struct Lines {
    own: String,
    changed: String,
}

fn sheet(theme: Theme, light: &Lines, dark: &Lines) -> Option<String> {
    let whole = |scheme: &str, lines: &Lines| {
        let Lines { own, changed } = lines;
        Some(format!(":root{{color-scheme:{scheme};{own}{changed}}}"))
    };
    match theme {
        Theme::Light => whole("light", light),
        Theme::Dark => whole("dark", dark),
        Theme::Auto if light.changed.is_empty() && dark.changed.is_empty() => None,
        Theme::Auto => Some(format!(
            ":root{{{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}",
            light.changed, dark.changed
        )),
    }
}

fn correction(key: &str, asked: Color, shades: &Shades, scheme: &Scheme<'_>) -> Option<String> {
    let (link, pages) = (shades.link, scheme.name);
    (link != asked).then(|| {
        format!("{key} = \"{asked}\" is hard to read on {pages} pages: their links are {link}")
    })
}

impl<'a> Scheme<'a> {
    fn both(css: &'a str) -> Option<(Self, Self)> {
        let (light, dark) = css.split_once("@media (prefers-color-scheme: dark)")?;
        Some((Self::read("light", light, Color::BLACK)?, Self::read("dark", dark, Color::WHITE)?))
    }

    /// Reads the first `:root` of `css`.
    fn read(name: &'static str, css: &'a str, away: Color) -> Option<Self> {
        let (_, rest) = css.split_once(":root {")?;
        let (block, _) = rest.split_once('}')?;
        let token = |line: &'a str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().strip_prefix("--")?, value.trim()))
        };
        let tokens: Vec<_> = block.split(';').filter_map(token).collect();
        let color = |name: &str| {
            let (_, value) = tokens.iter().find(|(token, _)| *token == name)?;
            Color::parse(value).ok()
        };
        let (surface, background) = (color("surface")?, color("bg")?);
        Some(Self { name, tokens, surface, background, away })
    }

    /// `color`, made lighter or darker until text of it is readable.
    fn readable(&self, color: Color) -> Color {
        self.moved(color, |shade| {
            shade.contrast(self.surface).min(shade.contrast(self.background)) >= READABLE
        })
    }

    fn moved(&self, color: Color, good: impl Fn(Color) -> bool) -> Color {
        let shades = (0..=100).map(|part| color.towards(self.away, part));
        shades.into_iter().find(|shade| good(*shade)).unwrap_or(self.away)
    }

    fn shades(&self, brand: Color) -> Shades {
        let [white, black] = [Color::WHITE, Color::BLACK].map(|text| brand.contrast(text));
        let on_brand = if white >= black { Color::WHITE } else { Color::BLACK };
        let pale = brand.contrast(self.surface) < VISIBLE;
        Shades {
            brand,
            on_brand,
            hover: hover(brand, on_brand),
            line: pale.then(|| self.moved(brand, |line| line.contrast(self.surface) >= VISIBLE)),
            link: self.readable(brand),
        }
    }

    fn lines(&self, shades: Option<&Shades>) -> Lines {
        // Writing to a String cannot fail.
        let mut own = String::new();
        for (name, value) in &self.tokens {
            let _ = write!(own, "--{name}:{value};");
        }
        let changed = shades.map(|shades| {
            let Shades { brand, on_brand, hover, line, link } = shades;
            let line = line.map_or_else(|| "#0000".to_owned(), |line| line.to_string());
            format!(
                "--brand:{brand};--on-brand:{on_brand};--brand-hover:{hover};\
                 --brand-line:{line};--link:{link}"
            )
        });
        Lines { own, changed: changed.unwrap_or_default() }
    }
}

/// A shade that is further from the colour of the text on it, or nearer where there is none.
fn hover(brand: Color, text: Color) -> Color {
    const PART: u8 = 16;
    let from_text = if text == Color::WHITE { Color::BLACK } else { Color::WHITE };
    let ways = [brand.towards(from_text, PART), brand.towards(text, PART)];
    let good = |shade: &Color| shade.contrast(brand) > 1.1 && shade.contrast(text) >= READABLE;
    ways.into_iter().find(good).unwrap_or(brand)
}
