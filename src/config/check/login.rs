use super::super::reader::Reader;
use super::super::values::{self, written};
use crate::delivery::sms::ProviderSettings;
use crate::domain::{CodeLength, Country};
use crate::{login, session};

/// `providers`: `None` when not known for a mistake there.
pub(super) fn login(
    reader: &mut Reader<'_>,
    providers: Option<&[ProviderSettings]>,
) -> Option<login::Settings> {
    let countries = countries(reader, providers);
    let default_country = default_country(reader, countries.as_ref());
    let digits = reader.integer("login.code_digits").and_then(|digits| u8::try_from(digits).ok());
    let tries = reader.integer("login.tries").and_then(|tries| u8::try_from(tries).ok());
    let code_lifetime = reader.duration("login.code_lifetime");
    let limits = limits(reader);
    Some(login::Settings {
        countries: countries?,
        default_country,
        code_length: CodeLength::new(digits?).ok()?,
        code_lifetime: code_lifetime?,
        tries: tries?,
        limits: limits?,
        sign_up: reader.flag("login.sign_up")?,
        test_numbers: login::TestNumbers::default(),
    })
}

/// A row of the table of limits needs no more than its key.
fn limits(reader: &Reader<'_>) -> Option<login::Limits> {
    let most = |key| u32::try_from(reader.integer(&format!("limits.{key}"))?).ok();
    let first = reader.duration("limits.first_wait")?;
    login::Limits::read(most, first, reader.duration("limits.longest_wait")?)
}

fn countries(
    reader: &mut Reader<'_>,
    providers: Option<&[ProviderSettings]>,
) -> Option<login::Countries> {
    const KEY: &str = "login.countries";
    let items = reader.items(KEY)?;
    let Some(star) = items.iter().find(|item| item.text == "*") else {
        return reader.all(KEY, values::country).map(login::Countries::Only);
    };
    let console = |provider: &ProviderSettings| matches!(provider, ProviderSettings::Console);
    let free = providers.is_none_or(|providers| providers.iter().all(console));
    let wrong = match (items.len(), free) {
        (1, true) => return Some(login::Countries::All),
        (1, false) => {
            "`*` is only for the console provider: texts to some countries cost much, and \
             fraudsters ask for them; name the countries of your users"
        }
        _ => "`*` stands alone or not at all",
    };
    reader.note_at(star.at, KEY, wrong);
    None
}

fn default_country(
    reader: &mut Reader<'_>,
    countries: Option<&login::Countries>,
) -> Option<Country> {
    const KEY: &str = "login.default_country";
    let country = reader.one(KEY, values::country)?;
    if countries.is_some_and(|countries| !countries.serves(Some(country))) {
        reader.note(KEY, format!("{} is not in login.countries", country.as_str()));
        return None;
    }
    Some(country)
}

pub(super) fn session(reader: &mut Reader<'_>) -> Option<session::Settings> {
    let idle = reader.duration("login.session_idle")?;
    let lifetime = reader.duration("login.session_lifetime")?;
    if idle > lifetime {
        let key = ["login.session_idle", "login.session_lifetime"];
        let key = key.into_iter().find(|key| reader.has(key)).unwrap_or("login");
        let (idle, lifetime) = (written(idle.as_secs()), written(lifetime.as_secs()));
        let text = format!("session_idle ({idle}) is longer than session_lifetime ({lifetime})");
        reader.note(key, text);
        return None;
    }
    Some(session::Settings { idle, lifetime })
}
