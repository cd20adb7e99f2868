use super::super::super::reader::Reader;
use super::super::super::values::{self, unknown};
use crate::delivery::SmsRoute;
use crate::delivery::sms::ProviderSettings;
use crate::domain::Country;
use crate::login::Countries;

/// `[[sms.route]]`. `providers`, `served`: `None` if they are invalid; what depends on them is not
/// judged then.
pub(in super::super) fn routes(
    reader: &mut Reader<'_>,
    providers: Option<&[ProviderSettings]>,
    served: Option<&Countries>,
) -> Option<Vec<SmsRoute>> {
    let mut seen: Vec<Country> = Vec::new();
    let mut for_all = false;
    let mut routes = Vec::new();
    for table in reader.each("sms.route") {
        reader.require(&table);
        if for_all {
            reader.note(&table, "never decides: the route before it is for every number");
        }
        let key = format!("{table}.countries");
        let has_countries = reader.has(&key);
        for_all |= !has_countries;
        let countries = if has_countries {
            reader.all(&key, |text| country(text, &seen, served)).map(Some)
        } else {
            Some(None)
        };
        seen.extend(countries.iter().flatten().flatten());
        let providers = reader.all(&format!("{table}.providers"), |text| named(text, providers));
        routes.push(
            countries
                .zip(providers)
                .map(|(countries, providers)| SmsRoute { countries, providers }),
        );
    }
    routes.into_iter().collect()
}

fn country(text: &str, seen: &[Country], served: Option<&Countries>) -> Result<Country, String> {
    let country = values::country_of_numbers(text)?;
    if seen.contains(&country) {
        return Err(format!("{text} is in an earlier route, which decides"));
    }
    if served.is_some_and(|served| !served.serves(country)) {
        return Err(format!("{text} is not in login.countries"));
    }
    Ok(country)
}

fn named(text: &str, providers: Option<&[ProviderSettings]>) -> Result<String, String> {
    let Some(providers) = providers else { return Ok(text.to_owned()) };
    let known: Vec<&str> = providers.iter().map(ProviderSettings::name).collect();
    let is_known = known.contains(&text);
    is_known.then(|| text.to_owned()).ok_or_else(|| unknown(text, "in sms.providers", &known))
}
