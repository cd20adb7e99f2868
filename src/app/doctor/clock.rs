//! The clock of this machine, against the `Date` of others (RFC 9110 §6.6.1).
use super::report::{Grade, Report};
use crate::system::Timestamp;

const TOPIC: &str = "clock";
/// In milliseconds. A `Date` has whole seconds, and the answer was under way.
const TELLS: i64 = 5_000;
/// Tokens are refused that begin later than this (RFC 7519 §4.1.5 has "a few minutes").
const BREAKS: i64 = 60_000;

/// The difference to each clock that was seen, in milliseconds.
#[derive(Default)]
pub(super) struct Dates(Vec<(String, i64)>);

impl Dates {
    /// `whose`: another machine's name.
    pub(super) fn note(&mut self, whose: &str, told: Timestamp, now: Timestamp) {
        self.0.push((whose.to_owned(), now.as_millis() - told.as_millis()));
    }

    pub(super) fn tell(self, report: &mut Report<'_>) {
        if self.0.is_empty() {
            let text = "no other machine was asked that has a clock to compare with";
            report.add(Grade::Note, TOPIC, text);
        }
        for (whose, ahead) in self.0 {
            let (grade, seconds) = (grade(ahead), ahead / 1000);
            let text = match grade {
                Grade::Fine => format!("as that of {whose}"),
                _ => format!(
                    "{} s {} that of {whose}: codes, tokens and certificates expire at wrong times; is \
                     the time of one of them set by NTP?",
                    seconds.abs(),
                    if seconds > 0 { "ahead of" } else { "behind" }
                ),
            };
            report.add(grade, TOPIC, text);
        }
    }
}

const fn grade(ahead: i64) -> Grade {
    match ahead.abs() {
        0..=TELLS => Grade::Fine,
        ..=BREAKS => Grade::Warning,
        _ => Grade::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::Dates;
    use crate::app::doctor::report::Report;
    use crate::system::Timestamp;

    #[test]
    fn a_clock_that_is_wrong_is_told_with_its_direction() {
        let noon = 1_767_268_800_000;
        for (ahead, said) in [
            (0, "ok    clock       as that of app"),
            (4_000, "ok    clock       as that of app"),
            (30_000, "WARN  clock       30 s ahead of that of app"),
            (-30_000, "WARN  clock       30 s behind that of app"),
            (3_600_000, "FAIL  clock       3600 s ahead of that of app"),
        ] {
            let mut shown = String::new();
            let mut show = |text: &str| shown.push_str(text);
            let (mut dates, mut report) = (Dates::default(), Report::new(&mut show));
            dates.note("app", Timestamp::from_millis(noon), Timestamp::from_millis(noon + ahead));
            dates.tell(&mut report);
            assert!(shown.starts_with(said), "{ahead}: {shown}");
        }
    }
}
