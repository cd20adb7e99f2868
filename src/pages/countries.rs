//! Which countries' numbers the forms offer, and which is chosen already.
use crate::domain::Country;
use crate::login::{self, Countries};
use crate::words::countries_of;

/// The countries that are served, as the form lists them.
pub(crate) fn served(settings: &login::LoginSettings) -> Vec<Country> {
    match &settings.countries {
        Countries::All => Country::all(),
        Countries::Only(served) => served.clone(),
    }
}

/// The country, if only one is served.
pub(crate) fn only(settings: &login::LoginSettings) -> Option<Country> {
    match served(settings).as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

/// The country to choose in advance: `chosen` before if it is served, else the operator's
/// default, else the first served one that `Accept-Language` suggests, else the first that is
/// served.
pub(crate) fn likely(
    settings: &login::LoginSettings,
    chosen: Option<Country>,
    language_header: Option<&str>,
) -> Option<Country> {
    let is_served = |country: &Country| settings.countries.serves(*country);
    let suggested = || {
        let countries = language_header.map(countries_of).unwrap_or_default();
        countries.into_iter().find(is_served)
    };
    let first = match &settings.countries {
        // Of all countries, the first is no likelier than another.
        Countries::All => None,
        Countries::Only(served) => served.first().copied(),
    };
    chosen.filter(is_served).or(settings.default_country).or_else(suggested).or(first)
}
