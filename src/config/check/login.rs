use super::super::reader::Reader;
use super::super::values;
use super::challenge;
use super::consent;
use super::durations::in_order;
use super::limits;
use super::named::Named;
use super::sms;
use crate::delivery::sms::ProviderSettings;
use crate::domain::{AcceptedNumbers, CodeLength, Country};
use crate::{login, session};

/// `providers`: `None` if they are invalid.
pub(super) fn login(
    reader: &mut Reader<'_>,
    (providers, named): (Option<&[ProviderSettings]>, &Named),
    accepted_numbers: AcceptedNumbers,
) -> Option<login::LoginSettings> {
    let countries = countries(reader, named);
    let default_country = default_country(reader, countries.as_ref());
    let digits = reader.integer("login.code_digits").and_then(|digits| u8::try_from(digits).ok());
    let tries = reader.integer("login.tries").and_then(|tries| u8::try_from(tries).ok());
    let code_lifetime = reader.duration("login.code_lifetime");
    let consent = consent::consent(reader, countries.as_ref());
    let limits = limits::limits(reader, named);
    let challenge = challenge::challenge(reader);
    let start_numbers = sms::start_numbers(reader, named, providers);
    let channels = sms::channels(reader, named, countries.as_ref());
    Some(login::LoginSettings {
        countries: countries?,
        accepted_numbers,
        default_country,
        code_length: CodeLength::new(digits?).ok()?,
        code_lifetime: code_lifetime?,
        tries: tries?,
        limits: limits?,
        challenge: challenge?,
        sign_up: reader.flag("login.sign_up")?,
        test_numbers: login::TestNumbers::default(),
        channels: channels?,
        start_numbers: start_numbers?,
        consent: consent?,
    })
}

/// `numbers.accept`.
pub(super) fn accepted_numbers(reader: &mut Reader<'_>) -> Option<AcceptedNumbers> {
    reader.all_or_none("numbers.accept", values::number_range).map(AcceptedNumbers::new)
}

fn countries(reader: &mut Reader<'_>, named: &Named) -> Option<login::Countries> {
    const KEY: &str = "login.countries";
    let items = reader.items(KEY)?;
    let Some(star) = items.iter().find(|item| item.text == "*") else {
        return reader.all(KEY, values::country_of_numbers).map(login::Countries::Only);
    };
    let wrong = match (items.len(), named.texts_are_free()) {
        (1, true) => return Some(login::Countries::All),
        (1, false) => {
            "`*` is only for the console provider: texts to some countries are expensive and \
             attract fraud; list the countries of your users"
        }
        _ => "`*` cannot be combined with countries",
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
    if countries.is_some_and(|countries| !countries.serves(country)) {
        reader.note(KEY, format!("{} is not in login.countries", country.as_str()));
        return None;
    }
    Some(country)
}

pub(super) fn session(reader: &mut Reader<'_>) -> Option<session::SessionSettings> {
    let [idle, lifetime] = in_order(reader, ["login.session_idle", "login.session_lifetime"])?;
    Some(session::SessionSettings { idle, lifetime })
}

pub(super) fn personal_tokens(reader: &mut Reader<'_>) -> Option<session::PersonalTokenSettings> {
    let lifetime = reader.duration("login.personal_access_token_lifetime");
    let per_user = reader.integer("login.personal_access_tokens_per_user");
    Some(session::PersonalTokenSettings {
        lifetime: lifetime?,
        per_user: per_user.and_then(|most| u32::try_from(most).ok())?,
    })
}
