use super::super::super::reader::Reader;
use super::super::super::values::{self, unknown};
use super::super::named::Named;
use crate::delivery::SmsRoute;
use crate::domain::{ClientId, Country};
use crate::login::Countries;

/// In `clients`: logins that lead to a page of a site, and so have no client. No id of one has such
/// a character.
const SITES: &str = "@sites";

/// Which conditions of earlier routes decide alone.
#[derive(Default)]
struct Decided {
    countries: Vec<Country>,
    clients: Vec<Option<ClientId>>,
    everything: bool,
}

/// `[[sms.route]]`.
pub(in super::super) fn routes(reader: &mut Reader<'_>, listed: &Named) -> Option<Vec<SmsRoute>> {
    let served = listed.countries.as_ref();
    let mut decided = Decided::default();
    let mut routes = Vec::new();
    for table in reader.each("sms.route") {
        reader.require(&table);
        if decided.everything {
            reader.note(&table, "never decides: the route before it is for every login");
        }
        let countries = condition(reader, &format!("{table}.countries"), |text| {
            country(text, &decided.countries, served)
        });
        let clients = condition(reader, &format!("{table}.clients"), |text| {
            client(text, &decided.clients, listed)
        });
        match (&countries, &clients) {
            (Ok(None), Ok(None)) => decided.everything = true,
            (Ok(Some(countries)), Ok(None)) => decided.countries.extend(countries),
            (Ok(None), Ok(Some(clients))) => decided.clients.extend(clients.iter().cloned()),
            // Two conditions leave texts to the routes that follow; an invalid one says nothing.
            _ => {}
        }
        let providers = reader.all(&format!("{table}.providers"), |text| named(text, listed));
        routes.push(
            countries.ok().zip(clients.ok()).zip(providers).map(
                |((countries, clients), providers)| SmsRoute { countries, clients, providers },
            ),
        );
    }
    routes.into_iter().collect()
}

/// A mistake was noted.
struct Noted;

/// A list that need not be there.
fn condition<T: PartialEq>(
    reader: &mut Reader<'_>,
    key: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<Vec<T>>, Noted> {
    if reader.has(key) { reader.all(key, read).map(Some).ok_or(Noted) } else { Ok(None) }
}

fn country(text: &str, decided: &[Country], served: Option<&Countries>) -> Result<Country, String> {
    let country = values::country_of_numbers(text)?;
    if decided.contains(&country) {
        return Err(format!("{text} is in an earlier route, which decides"));
    }
    if served.is_some_and(|served| !served.serves(country)) {
        return Err(format!("{text} is not in login.countries"));
    }
    Ok(country)
}

fn client(
    text: &str,
    decided: &[Option<ClientId>],
    listed: &Named,
) -> Result<Option<ClientId>, String> {
    let client = match text {
        SITES => None,
        _ => Some(client_id(text, listed)?),
    };
    let earlier = decided.contains(&client);
    (!earlier)
        .then_some(client)
        .ok_or_else(|| format!("{text} is in an earlier route, which decides"))
}

fn client_id(text: &str, listed: &Named) -> Result<ClientId, String> {
    if let Some(mut ids) = listed.client_ids().filter(|ids| !ids.contains(&text)) {
        ids.push(SITES);
        return Err(unknown(text, "the id of a [[client]]", &ids));
    }
    ClientId::parse(text).map_err(|why| why.to_string())
}

fn named(text: &str, listed: &Named) -> Result<String, String> {
    let known: Vec<&str> = listed.providers.iter().map(String::as_str).collect();
    let is_known = known.contains(&text);
    is_known.then(|| text.to_owned()).ok_or_else(|| unknown(text, "in sms.providers", &known))
}
