use super::super::reader::Reader;
use super::super::values;
use crate::domain::{AcceptedNumbers, Country, PhoneNumber};
use crate::login::Countries;
use crate::users::ConfiguredUser;

/// `countries`: `None` if they are invalid.
pub(super) fn users(
    reader: &mut Reader<'_>,
    countries: Option<&Countries>,
    numbers: &AcceptedNumbers,
) -> Option<Vec<ConfiguredUser>> {
    let tables = reader.each("user");
    let mut phones: Vec<(String, PhoneNumber)> = Vec::new();
    let mut users = Vec::new();
    for table in &tables {
        reader.require(table);
        let key = format!("{table}.phone");
        let phone = reader.one(&key, |text| values::phone(text, numbers));
        let roles = reader.all_or_none(&format!("{table}.roles"), values::role);
        if let Some(phone) = &phone {
            if let Some(text) = conflict(phone, &phones, countries) {
                reader.note(&key, text);
            }
            phones.push((table.clone(), phone.clone()));
        }
        users.push(
            phone
                .zip(roles)
                .map(|(phone, roles)| ConfiguredUser { phone, roles: roles.into_iter().collect() }),
        );
    }
    users.into_iter().collect()
}

fn conflict(
    phone: &PhoneNumber,
    before: &[(String, PhoneNumber)],
    countries: Option<&Countries>,
) -> Option<String> {
    if let Some((first, _)) = before.iter().find(|(_, other)| other == phone) {
        return Some(format!("is also the number of {first}; put all its roles there"));
    }
    let country = phone.country();
    let unserved = countries.is_some_and(|countries| !countries.serves_number(phone));
    let of = country.as_ref().map_or("no country", Country::as_str);
    let text =
        format!("is a number of {of}, which login.countries does not serve: no code is sent");
    unserved.then_some(text)
}
