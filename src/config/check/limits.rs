use super::super::reader::Reader;
use super::super::values;
use super::durations::in_order;
use super::named::Named;
use super::prices::prices;
use crate::login::{LIMITS, LoginLimits, NetworkLimits};

/// Reads the value of every limit in the table.
pub(super) fn limits(reader: &mut Reader<'_>, named: &Named) -> Option<LoginLimits> {
    let waits = ["limits.first_wait", "limits.longest_wait"];
    let waits = in_order(reader, waits);
    let networks = networks(reader);
    let prices = prices(reader, named);
    let most = |key| count(reader, &format!("limits.{key}"));
    LoginLimits::from_lookup(most, waits?, networks?, prices?)
}

fn count(reader: &Reader<'_>, key: &str) -> Option<u32> {
    reader.integer(key).and_then(|most| u32::try_from(most).ok())
}

/// `[[limits.network]]`.
fn networks(reader: &mut Reader<'_>) -> Option<Vec<NetworkLimits>> {
    let mut all = Vec::new();
    for table in reader.each("limits.network") {
        reader.require(&table);
        let from = reader.all(&format!("{table}.from"), values::network);
        let own = LIMITS.iter().filter(|row| row.scope.is_of_addresses()).filter_map(|row| {
            let most = count(reader, &format!("{table}.{}", row.key))?;
            Some((row.key, most))
        });
        let own: Vec<_> = own.collect();
        if own.is_empty() {
            reader.note(&table, "has no limit of its own");
        }
        all.push(from.map(|from| NetworkLimits::new(from, own)));
    }
    all.into_iter().collect()
}
