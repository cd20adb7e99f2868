use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::system::{Clock, Timestamp};

/// The most lines per subject and minute.
const MAX_LINES: u64 = 60;
const MINUTE: Duration = Duration::from_mins(1);

/// Limits the log lines about each subject, so that clients cannot fill the disk. Metrics count all
/// of them.
pub(super) struct LogRateLimit {
    clock: Arc<dyn Clock>,
    /// By subject. Subjects come from the configuration, so their number is bounded.
    minutes: Mutex<HashMap<String, Minute>>,
}

struct Minute {
    began: Timestamp,
    lines: u64,
}

impl LogRateLimit {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, minutes: Mutex::default() }
    }

    /// Counts a line. `None` if it must not be written, else the number of lines that were
    /// suppressed in the minute before.
    pub(super) fn take(&self, subject: String) -> Option<u64> {
        let now = self.clock.now();
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minutes.entry(subject).or_insert(Minute { began: now, lines: 0 });
        let mut suppressed = 0;
        // A clock that was set back starts a new minute, too.
        if now.since(minute.began) >= MINUTE || now < minute.began {
            suppressed = minute.lines.saturating_sub(MAX_LINES);
            *minute = Minute { began: now, lines: 0 };
        }
        minute.lines += 1;
        (minute.lines <= MAX_LINES).then_some(suppressed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::still::Still;
    use super::*;

    #[test]
    fn each_subject_has_its_lines_and_a_new_minute_says_what_is_missing() {
        let clock = Arc::new(Still::default());
        let ration = LogRateLimit::new(Arc::clone(&clock) as _);
        let taken = |subject: &str| ration.take(subject.to_owned());
        let written = |n: u64| (0..n).filter(|_| taken("a").is_some()).count();
        assert_eq!(written(59), 59);
        clock.set(59_999);
        assert_eq!(written(4), 1, "sixty in all");
        assert_eq!(taken("b"), Some(0));
        clock.set(60_000);
        assert_eq!(taken("a"), Some(3));
        assert_eq!(taken("a"), Some(0));
        clock.set(0);
        assert_eq!(written(60), 60, "a clock that was set back suppresses nothing");
    }
}
