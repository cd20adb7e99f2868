use std::borrow::Cow;

use fluent_langneg::LanguageIdentifier;

use crate::domain::Country;

/// The most entries of an `Accept-Language` header that are read. Browsers send fewer than ten.
const MAX_ENTRIES: usize = 32;

/// The languages of an `Accept-Language` header (RFC 9110 §12.5.4), best first. Entries with a
/// weight of zero and malformed ones are skipped.
pub(super) fn languages(header: &str) -> Vec<LanguageIdentifier> {
    let mut wanted: Vec<(u16, LanguageIdentifier)> =
        header.split(',').take(MAX_ENTRIES).filter_map(entry).collect();
    // A stable sort: of equal weights the earlier one wins.
    wanted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    wanted.into_iter().map(|(_, language)| language).collect()
}

fn entry(text: &str) -> Option<(u16, LanguageIdentifier)> {
    let mut parts = text.split(';').map(str::trim);
    let language = with_script(current(parts.next()?).parse().ok()?);
    let quality =
        parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight = quality.map_or(Some(1000), thousandths)?;
    (weight > 0).then_some((weight, language))
}

/// The tag with today's code of its language. Android's Java still has those of ISO 639 of 1988 for
/// three (`java.util.Locale`, "Legacy language codes").
fn current(tag: &str) -> Cow<'_, str> {
    let end = tag.find(['-', '_']).unwrap_or(tag.len());
    let (language, rest) = tag.split_at(end);
    let known = [("iw", "he"), ("in", "id"), ("ji", "yi")];
    match known.iter().find(|(old, _)| language.eq_ignore_ascii_case(old)) {
        Some((_, new)) => Cow::Owned(format!("{new}{rest}")),
        None => Cow::Borrowed(tag),
    }
}

/// Chinese is written in one of two scripts. A tag that names none means that of its region (CLDR,
/// likely subtags).
fn with_script(mut language: LanguageIdentifier) -> LanguageIdentifier {
    if language.language.as_str() == "zh" && language.script.is_none() {
        let region = language.region.as_ref();
        let is_traditional =
            region.is_some_and(|region| matches!(region.as_str(), "HK" | "MO" | "TW"));
        language.script = if is_traditional { "Hant" } else { "Hans" }.parse().ok();
    }
    language
}

/// Parses a weight, `0.8` as 800: at most three decimals, at most one.
fn thousandths(quality: &str) -> Option<u16> {
    let (whole, decimals) = quality.trim().split_once('.').unwrap_or((quality.trim(), ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !digits(decimals) || decimals.len() > 3 {
        return None;
    }
    let fraction: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

/// The country of languages that are spoken mainly in one. Their tags are not country codes: there
/// is no country `DA`, and `AR`, `CA`, `SV`, `UK` and `VI` are different ones.
const HOME_COUNTRIES: &[(&str, &str)] = &[
    ("am", "ET"),
    ("az", "AZ"),
    ("be", "BY"),
    ("bg", "BG"),
    ("bs", "BA"),
    ("cs", "CZ"),
    ("da", "DK"),
    ("dz", "BT"),
    ("et", "EE"),
    ("fi", "FI"),
    ("fil", "PH"),
    ("he", "IL"),
    ("hr", "HR"),
    ("hu", "HU"),
    ("hy", "AM"),
    ("id", "ID"),
    ("is", "IS"),
    ("ja", "JP"),
    ("ka", "GE"),
    ("kk", "KZ"),
    ("km", "KH"),
    ("ko", "KR"),
    ("ky", "KG"),
    ("lb", "LU"),
    ("lo", "LA"),
    ("lt", "LT"),
    ("lv", "LV"),
    ("mk", "MK"),
    ("mn", "MN"),
    ("mt", "MT"),
    ("my", "MM"),
    ("nb", "NO"),
    ("ne", "NP"),
    ("nn", "NO"),
    ("no", "NO"),
    ("pl", "PL"),
    ("si", "LK"),
    ("sk", "SK"),
    ("sl", "SI"),
    ("so", "SO"),
    ("sv", "SE"),
    ("tg", "TJ"),
    ("th", "TH"),
    ("tk", "TM"),
    ("uk", "UA"),
    ("uz", "UZ"),
    ("vi", "VN"),
];

/// The countries that an `Accept-Language` header suggests, best first: the region of each entry
/// (`en-GB`), else the home country of its language. Browsers of every language append `en-US`, so
/// it counts only in first place.
pub fn countries_of(accept_language: &str) -> Vec<Country> {
    let mut countries = Vec::new();
    for (at, language) in languages(accept_language).into_iter().enumerate() {
        if at == 0 || language.to_string() != "en-US" {
            countries.extend(country_of(&language));
        }
    }
    countries
}

fn country_of(language: &LanguageIdentifier) -> Option<Country> {
    if let Some(region) = &language.region {
        return Country::parse(region.as_str()).ok();
    }
    let name = language.language.to_string();
    let (_, home) = HOME_COUNTRIES.iter().find(|(tag, _)| *tag == name)?;
    Country::parse(home).ok()
}
