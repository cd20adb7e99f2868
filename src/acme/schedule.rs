//! When what is tried. Pure.
use std::time::Duration;

use crate::system::Timestamp;

/// The pause after the first failure. Let's Encrypt allows five refused validations in an hour.
const FIRST_PAUSE: Duration = Duration::from_mins(5);
const LONGEST_PAUSE: Duration = Duration::from_hours(6);
/// The longest pause that an authority may ask for; the limits of Let's Encrypt last a week at most.
const LONGEST_ASKED: Duration = Duration::from_hours(7 * 24);
/// A part of the lifetime by which renewals are spread, so that hosts and servers do not ask at once.
const SPREAD: u32 = 20;

/// When a certificate is valid, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// A number from 0 to 1, by which times are spread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chance(u16);

impl Chance {
    pub(super) const fn of(bytes: [u8; 2]) -> Self {
        Self(u16::from_be_bytes(bytes))
    }

    /// This part of a time.
    fn of_time(self, time: Duration) -> Duration {
        time.mul_f64(f64::from(self.0) / f64::from(u16::MAX))
    }
}

impl Validity {
    /// At two thirds of the life or, by chance, somewhat earlier.
    pub(super) fn renewal(self, chance: Chance) -> Timestamp {
        let life = self.until.since(self.from);
        self.from + life / 3 * 2 - chance.of_time(life / SPREAD)
    }
}

/// The pause after `failures` in a row, which is at least one; `asked`: that of the authority.
pub(super) fn pause(failures: u32, asked: Option<Duration>, chance: Chance) -> Duration {
    let doubled = FIRST_PAUSE * 2_u32.pow(failures.saturating_sub(1).min(10));
    let own = doubled.min(LONGEST_PAUSE);
    let spread = own + chance.of_time(own / 10);
    spread.max(asked.unwrap_or_default().min(LONGEST_ASKED))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Chance = Chance(0);
    const MOST: Chance = Chance(u16::MAX);

    #[test]
    fn certificates_are_renewed_at_two_thirds_of_their_life() {
        let from = Timestamp::from_millis(1_000_000);
        let day = Duration::from_hours(24);
        let validity = Validity { from, until: from + day * 90 };
        assert_eq!(validity.renewal(NEVER), from + day * 60);
        assert_eq!(validity.renewal(MOST), from + day * 60 - day * 9 / 2);
        let backwards = Validity { from, until: Timestamp::from_millis(0) };
        assert_eq!(backwards.renewal(MOST), from);
    }

    #[test]
    fn pauses_double_up_to_hours_and_an_authority_may_ask_for_longer_ones() {
        let minutes = |failures| pause(failures, None, NEVER).as_secs() / 60;
        assert_eq!([1, 2, 3, 7, 8, 40].map(minutes), [5, 10, 20, 320, 360, 360]);
        assert_eq!(pause(1, None, MOST), FIRST_PAUSE + FIRST_PAUSE / 10);
        let asked = |time| pause(1, Some(time), NEVER);
        assert_eq!(asked(Duration::from_secs(1)), FIRST_PAUSE);
        assert_eq!(asked(Duration::from_hours(30)), Duration::from_hours(30));
        assert_eq!(asked(Duration::MAX), LONGEST_ASKED);
        assert_eq!(pause(u32::MAX, None, NEVER), LONGEST_PAUSE);
    }
}
