//! Where a name can be the sender of a text (an alphanumeric sender ID).
use crate::domain::Country;

/// What becomes of a text whose sender is a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameSupport {
    Accepted,
    /// Only after the name was registered with Twilio.
    Registered,
    /// Refused, or sent from a number of the network's choice.
    Refused,
}

/// Source of both tables: Twilio, "International support for Alphanumeric Sender ID" (article
/// 223133767) and its guidelines by country, as of 2025. A country that is in neither accepts names.
const REFUSED: &[&str] = &[
    "AR", "AS", "BE", "BR", "CA", "CL", "CN", "CO", "CR", "EC", "GF", "GU", "HU", "KG", "KR", "MP",
    "MX", "MY", "NI", "NR", "NZ", "PA", "PE", "PR", "PY", "SV", "SY", "TW", "US", "UY", "VE", "VI",
    "ZA",
];
const REGISTERED: &[&str] = &[
    "AE", "AF", "AM", "BJ", "BY", "CD", "CI", "CM", "CU", "CZ", "EG", "ET", "GH", "GN", "GW", "HK",
    "ID", "IL", "IN", "IR", "JO", "KE", "KW", "KZ", "LK", "LR", "MA", "MM", "NG", "NP", "OM", "PH",
    "QA", "RU", "RW", "SA", "SD", "SG", "SS", "SZ", "TH", "TN", "TR", "TZ", "UG", "VN", "ZM",
];

/// Whether texts to a country may come from a name.
pub fn name_support(country: Country) -> NameSupport {
    let letters = country.as_str();
    match () {
        () if REFUSED.contains(&letters) => NameSupport::Refused,
        () if REGISTERED.contains(&letters) => NameSupport::Registered,
        () => NameSupport::Accepted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_of_the_tables_is_one_and_in_one_of_them() {
        let mut all: Vec<&str> = REFUSED.iter().chain(REGISTERED).copied().collect();
        assert!(all.iter().all(|letters| Country::parse(letters).is_ok()));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        let of = |letters| name_support(Country::parse(letters).unwrap());
        let known = [NameSupport::Refused, NameSupport::Registered, NameSupport::Accepted];
        assert_eq!(["US", "IN", "GB"].map(of), known);
    }
}
