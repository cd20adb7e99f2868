//! How much of the history of login attempts strangers may fill who are sent nothing.
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::system::Timestamp;

const MINUTE: Duration = Duration::from_mins(1);
/// Entries of a minute. Texts that are sent have limits; what is refused has none, and would fill the
/// disk: this is 1.3 million rows in 30 days at most.
pub(super) const MOST: u32 = 30;
/// Those that one network or one attempt may have of them, so that a loud one leaves room for others.
pub(super) const MOST_OF_ONE: u32 = 5;

/// Counts the entries of a minute about what was refused.
#[derive(Default)]
pub(super) struct RefusalRoom(Mutex<Option<Filled>>);

struct Filled {
    began: Timestamp,
    entries: u32,
    /// By network or attempt: at most [`MOST`].
    of: HashMap<String, u32>,
}

impl RefusalRoom {
    /// Whether there is room for one more entry of this network or attempt, which is taken.
    pub(super) fn take(&self, source: &str, now: Timestamp) -> bool {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |filled: &Filled| now.since(filled.began) >= MINUTE;
        if minute.as_ref().is_none_or(is_over) {
            *minute = None;
        }
        let empty = || Filled { began: now, entries: 0, of: HashMap::new() };
        let filled = minute.get_or_insert_with(empty);
        let of_source = filled.of.get(source).copied().unwrap_or_default();
        if filled.entries >= MOST || of_source >= MOST_OF_ONE {
            return false;
        }
        filled.entries += 1;
        filled.of.insert(source.to_owned(), of_source + 1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn one_network_leaves_room_for_others_and_all_of_them_have_an_end() {
        let room = RefusalRoom::default();
        let taken = |source: &str, now| (0..1000).filter(|_| room.take(source, at(now))).count();
        assert_eq!(taken("203.0.113.0/24", 0), 5);
        assert_eq!(taken("198.51.100.0/24", 59_999), 5);
        let others: usize = (0..500).map(|n| taken(&format!("10.0.{n}.0/24"), 59_999)).sum();
        assert_eq!(others, 20, "thirty in all");
        assert_eq!(taken("203.0.113.0/24", 60_000), 5);
    }

    #[test]
    fn an_attack_of_a_million_starts_writes_thirty_entries_a_minute() {
        let room = RefusalRoom::default();
        // Twenty minutes, from 500 networks.
        let written = (0..1_200_000_i64)
            .filter(|n| room.take(&format!("10.{}.{}.0/24", n % 2, n % 250), at(*n)))
            .count();
        assert_eq!(written, 600);
    }
}
