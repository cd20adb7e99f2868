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

/// The country that the header itself names (`en-GB` → GB). Only a region counts: a language is
/// not a country (`ar` is not Argentina, `sv` not El Salvador).
pub fn region_of(accept_language: &str) -> Option<Country> {
    let mut regions = languages(accept_language).into_iter().filter_map(|language| language.region);
    regions.find_map(|region| Country::parse(region.as_str()).ok())
}
