//! What one of the databases showed.
use std::collections::BTreeMap;

use tokio::runtime::Runtime;

use super::counts::{self, Done, Sizes, float};
use super::load::{Load, Times};
use super::people::People;
use super::site::Site;
use crate::support::databases::Beside;

pub(crate) struct Measured {
    pub(crate) name: &'static str,
    /// One login after the other, of people who signed in before.
    pub(crate) alone: Times,
    /// The same people, several at once.
    pub(crate) together: Times,
    /// One check after the other.
    pub(crate) checks: Times,
    /// Logins of new people, several at once, and checks beside them.
    pub(crate) at_once: Times,
    /// What each login took where there are engines: alone, and of several at once.
    pub(crate) done: Option<[Done; 2]>,
    /// What each login added, by table.
    pub(crate) rows: BTreeMap<String, f64>,
    pub(crate) sizes: Sizes,
    /// How often a login asks for each statement.
    pub(crate) calls: BTreeMap<String, f64>,
}

/// So many logins and checks in each of the phases.
pub(crate) fn measure(
    runtime: &Runtime,
    site: &Site<'_>,
    people: &People,
    database: &mut Beside,
    count: u32,
) -> Measured {
    let load = Load::new(site, people);
    let before = runtime.block_on(Done::so_far(site, database));
    let rows = runtime.block_on(counts::rows(database));
    let calls = runtime.block_on(counts::calls(database));
    let alone = load.logins_alone(count);
    let more_calls = runtime.block_on(counts::calls(database));
    let between = runtime.block_on(Done::so_far(site, database));
    let more = runtime.block_on(counts::rows(database));
    let together = load.logins_together(count);
    let after = runtime.block_on(Done::so_far(site, database));
    let checks = load.checks_alone(count);
    let at_once = load.at_once(count);
    let done = before.zip(between).zip(after).map(|((before, between), after)| {
        [between.each(&before, count), after.each(&between, count)]
    });
    let (rows, calls) = (added(&rows, more, count), added(&calls, more_calls, count));
    let sizes = runtime.block_on(counts::sizes(database));
    Measured { name: site.name, alone, together, checks, at_once, done, rows, sizes, calls }
}

/// Of each login, what is more than before.
fn added(
    before: &BTreeMap<String, i64>,
    after: BTreeMap<String, i64>,
    count: u32,
) -> BTreeMap<String, f64> {
    let added = after.into_iter().map(|(name, after)| {
        let before = before.get(&name).copied().unwrap_or_default();
        (name, float(after - before) / f64::from(count))
    });
    added.filter(|(_, each)| *each > 0.1).collect()
}
