use fluent_langneg::LanguageIdentifier;

use crate::domain::Country;

/// How much of an `Accept-Language` is looked at, in entries. Browsers send fewer than ten.
const MOST: usize = 32;

/// The languages that an `Accept-Language` header names (RFC 9110 §12.5.4), best first. A weight
/// of zero means "not this one"; what cannot be read is passed over.
pub(super) fn languages(header: &str) -> Vec<LanguageIdentifier> {
    let mut wanted: Vec<(u16, LanguageIdentifier)> =
        header.split(',').take(MOST).filter_map(entry).collect();
    // Stable: of equal weights the earlier one wins.
    wanted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    wanted.into_iter().map(|(_, language)| language).collect()
}

fn entry(text: &str) -> Option<(u16, LanguageIdentifier)> {
    let mut parts = text.split(';').map(str::trim);
    let language = parts.next()?.parse().ok()?;
    let quality =
        parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight = quality.map_or(Some(1000), thousandths)?;
    (weight > 0).then_some((weight, language))
}

/// `0.8` as 800: at most three decimals, never above one.
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

/// Languages that are at home in one country, which their tag does not name: `da` is no country,
/// and `ar`, `ca`, `sv`, `uk` and `vi` would be other people's.
const AT_HOME: &[(&str, &str)] = &[
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

/// The countries that a header speaks for, best first: of each entry its own region (`en-GB`), or
/// else where its language is at home. Browsers in every language add `en-US` by themselves, so
/// that one counts only where it comes first.
pub fn countries_of(accept_language: &str) -> Vec<Country> {
    let entries = languages(accept_language).into_iter().enumerate();
    let added =
        |at: usize, language: &LanguageIdentifier| at > 0 && language.to_string() == "en-US";
    let country = |(at, language): (usize, LanguageIdentifier)| {
        if added(at, &language) {
            return None;
        }
        let name = language.language.to_string();
        let home = || AT_HOME.iter().find(|(tag, _)| *tag == name).map(|(_, home)| *home);
        let region = language.region.as_ref();
        let letters = region.map_or_else(home, |region| Some(region.as_str()))?;
        Country::parse(letters).ok()
    };
    entries.filter_map(country).collect()
}
