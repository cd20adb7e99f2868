use super::super::reader::Reader;
use super::super::values;
use crate::domain::Country;
use crate::login::Countries;

/// What other tables refer to by name, as the file lists it. It is known whether or not the tables that are
/// named have mistakes of their own, so that a reference to nothing is told along with those.
pub(super) struct Named {
    /// `sms.providers`.
    pub(super) providers: Vec<String>,
    /// The id of each `[[client]]`; `None` if one of them is none: it may be the one that is meant.
    clients: Option<Vec<String>>,
    /// `login.countries`; `None` if one of them is none.
    pub(super) countries: Option<Countries>,
}

impl Named {
    /// Notes nothing: what is wrong with a list is told where it is read.
    pub(super) fn read(reader: &Reader<'_>) -> Self {
        let texts = |key: &str| -> Vec<String> {
            reader.items(key).into_iter().flatten().map(|item| item.text).collect()
        };
        let ids = reader.each("client").into_iter().map(|table| {
            let id = texts(&format!("{table}.id")).pop()?;
            values::client(&id).is_ok().then_some(id)
        });
        Self {
            providers: texts("sms.providers"),
            clients: ids.collect(),
            countries: countries(&texts("login.countries")),
        }
    }

    /// Whether texts cost nothing: they are printed on the terminal.
    pub(super) fn texts_are_free(&self) -> bool {
        self.providers.iter().all(|name| name == "console")
    }

    /// The ids of all clients, where they are ids.
    pub(super) fn client_ids(&self) -> Option<Vec<&str>> {
        let ids = self.clients.as_ref()?;
        Some(ids.iter().map(String::as_str).collect())
    }
}

fn countries(texts: &[String]) -> Option<Countries> {
    if texts.iter().any(|text| text == "*") {
        return Some(Countries::All);
    }
    let all: Result<Vec<Country>, String> =
        texts.iter().map(|text| values::country_of_numbers(text)).collect();
    all.ok().filter(|all| !all.is_empty()).map(Countries::Only)
}
