use std::time::Duration;

use crate::system::Timestamp;

/// Since when a command tells.
#[derive(Clone, Copy, Debug)]
pub(super) enum Since {
    Ago(Duration),
    At(Timestamp),
}

impl Since {
    pub(super) fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(age) => now - age,
            Self::At(time) => time,
        }
    }
}

/// A number with its unit, or a day, which begins at midnight in UTC.
pub(super) fn since(text: &str) -> Result<Since, &'static str> {
    const WRONG: &str = "neither a time ago (30m, 24h, 7d) nor a day (2026-11-01)";
    if let Ok(day) = text.parse::<jiff::civil::Date>() {
        let begins = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| WRONG)?;
        return Ok(Since::At(Timestamp::from_millis(begins.timestamp().as_millisecond())));
    }
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(WRONG)?;
    let number: u32 = number.parse().map_err(|_| WRONG)?;
    let unit = match unit {
        "m" => Duration::from_mins(1),
        "h" => Duration::from_hours(1),
        "d" => Duration::from_hours(24),
        _ => return Err(WRONG),
    };
    Ok(Since::Ago(unit * number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_ago_and_a_day_are_read() {
        let now = Timestamp::from_millis(1_796_083_200_000);
        let at = |text| since(text).unwrap().at(now).as_millis();
        assert_eq!(at("30m"), now.as_millis() - 30 * 60_000);
        assert_eq!(at("24h"), at("1d"));
        assert_eq!(at("2026-11-01"), 1_793_491_200_000);
        for wrong in ["", "d", "1", "1y", "-1d", "2026-13-01", "é"] {
            since(wrong).unwrap_err();
        }
    }
}
