use std::time::Duration;

use super::limits::{
    CONVERSION_PAUSES, ConversionLimits, Counts, LimitAction, LimitDef, LoginLimits,
};

const DAY: Duration = Duration::from_hours(24);

/// What is never met, since something else is met before it.
impl LoginLimits {
    /// Limits that cannot be reached, each with the one that is reached before it: a limit of the
    /// same action and of the same scope or a wider one, with a window that is as long and a lower
    /// maximum.
    pub fn unreachable_limits(&self) -> Vec<[(&'static LimitDef, u32); 2]> {
        let mut pairs = Vec::new();
        for (row, most) in self.rows() {
            let stricter = self.rows().find(|(other, less)| {
                other.action == row.action
                    && row.scope.is_within(other.scope)
                    && other.window >= row.window
                    && *less < most
            });
            pairs.extend(stricter.map(|stricter| [(row, most), stricter]));
        }
        pairs
    }

    /// Numbers of texts by which a country or a block of numbers is never judged, each with its key, and the
    /// limit that allows fewer in a day.
    pub fn unreachable_least_texts(&self) -> Vec<[(&'static str, u32); 2]> {
        let of = |pause: &LimitDef| {
            let key = ConversionLimits::least_texts_key(pause.scope);
            let least = self.conversion.least_texts(pause.scope);
            let texts = self.rows().filter(|(row, _)| {
                row.action == LimitAction::Text && pause.scope.is_within(row.scope)
            });
            let in_a_day = texts.map(|(row, most)| (row.key, self.in_a_day(row, most)));
            let fewest = in_a_day.min_by_key(|(_, most)| *most);
            fewest.filter(|(_, most)| *most < least).map(|fewest| [(key, least), fewest])
        };
        CONVERSION_PAUSES.iter().filter_map(of).collect()
    }

    /// What a limit allows strangers in a day.
    fn in_a_day(&self, row: &LimitDef, most: u32) -> u32 {
        let most = if row.counts() == Counts::Together { self.of_strangers(most) } else { most };
        let times = DAY.as_secs() / row.window.as_secs().max(1);
        most.saturating_mul(u32::try_from(times).unwrap_or(u32::MAX))
    }
}
