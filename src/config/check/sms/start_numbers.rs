use super::super::super::reader::Reader;
use super::super::super::values::{shown, unknown};
use super::super::named::Named;
use super::channel_of;
use super::sender::answerable;
use crate::delivery::sms::ProviderSettings;
use crate::domain::TextChannel;

const TABLE: &str = "sms.start_numbers";

/// Each provider, and the number or short code that START can be texted to, as people write it: that of
/// `sms.start_numbers`, or else the one that its texts come from. A messaging service or a pool has several,
/// and a name cannot be answered. `providers`: `None` if they are invalid.
pub(in super::super) fn start_numbers(
    reader: &mut Reader<'_>,
    named: &Named,
    providers: Option<&[ProviderSettings]>,
) -> Option<Vec<(String, String)>> {
    let mut all = Vec::new();
    for name in reader.names(TABLE) {
        let key = format!("{TABLE}.{name}");
        let number = reader.one(&key, |text| {
            answerable(text).ok_or_else(|| {
                let is = shown(text);
                format!("{is} is neither a number such as +12025550123, nor a short code")
            })
        });
        let known = reader.take(None, &key, texting(&name, named));
        all.push(known.zip(number));
    }
    let set: Vec<(String, String)> = all.into_iter().collect::<Option<_>>()?;
    let sender = |provider: &ProviderSettings| {
        let number = answerable(&provider.sender()?)?;
        Some((provider.name().to_owned(), number))
    };
    let of_tables = providers.unwrap_or_default().iter().filter_map(sender);
    // The first is taken.
    Some(set.into_iter().chain(of_tables).collect())
}

fn texting(name: &str, named: &Named) -> Result<String, String> {
    let known = named.providers.iter().map(String::as_str);
    let known: Vec<&str> =
        known.filter(|name| channel_of(name) == Some(TextChannel::Sms)).collect();
    let is_known = known.contains(&name);
    is_known
        .then(|| name.to_owned())
        .ok_or_else(|| unknown(name, "a provider of texts in sms.providers", &known))
}
