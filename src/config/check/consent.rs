use super::super::reader::Reader;
use super::super::values::{self, shown};
use crate::domain::Country;
use crate::login;

const TABLE: &str = "login.consent";
/// In characters: a sentence or two of small print.
const LONGEST: usize = 300;

/// `[login.consent]`. `countries`: those that are served; `None` if they are invalid.
pub(super) fn consent(
    reader: &mut Reader<'_>,
    countries: Option<&login::Countries>,
) -> Option<Vec<(Country, String)>> {
    let mut all = Vec::new();
    for name in reader.names(TABLE) {
        let key = format!("{TABLE}.{name}");
        let text = reader.one(&key, sentence);
        let country = values::country(&name).and_then(|country| {
            let served = countries.is_none_or(|countries| countries.serves(country));
            served.then_some(country).ok_or_else(|| format!("{name} is not in login.countries"))
        });
        let country = reader.take(None, &key, country);
        all.push(country.zip(text));
    }
    all.into_iter().collect()
}

fn sentence(text: &str) -> Result<String, String> {
    let text = text.trim();
    let length = text.chars().count();
    let good = (1..=LONGEST).contains(&length) && !text.chars().any(char::is_control);
    good.then(|| text.to_owned())
        .ok_or_else(|| format!("{} is not one line of 1 to {LONGEST} characters", shown(text)))
}
