use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::system::{Clock, Timestamp};

/// So many lines about one subject are written in a minute.
const MOST: u64 = 60;
const MINUTE: Duration = Duration::from_mins(1);

/// Lets lines through, so many a minute for each subject: whoever can make us write lines must not
/// fill the disk with them. The metrics count them all.
pub(super) struct Ration {
    clock: Arc<dyn Clock>,
    /// Subjects are of the configuration, so that there are only so many.
    minutes: Mutex<HashMap<String, Minute>>,
}

struct Minute {
    began: Timestamp,
    lines: u64,
}

impl Ration {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, minutes: Mutex::default() }
    }

    /// Counts a line; `None`: it is not to be written. Else how many were not, in the minute
    /// before.
    pub(super) fn take(&self, subject: String) -> Option<u64> {
        let now = self.clock.now();
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minutes.entry(subject).or_insert(Minute { began: now, lines: 0 });
        let mut unwritten = 0;
        // A clock that was set back begins a minute too.
        if now.since(minute.began) >= MINUTE || now < minute.began {
            unwritten = minute.lines.saturating_sub(MOST);
            *minute = Minute { began: now, lines: 0 };
        }
        minute.lines += 1;
        (minute.lines <= MOST).then_some(unwritten)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[derive(Default)]
    struct Still(AtomicI64);

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn each_subject_has_its_lines_and_a_new_minute_says_what_is_missing() {
        let clock = Arc::new(Still::default());
        let ration = Ration::new(Arc::clone(&clock) as _);
        let taken = |subject: &str| ration.take(subject.to_owned());
        let written = |n: u64| (0..n).filter(|_| taken("a").is_some()).count();
        assert_eq!(written(59), 59);
        clock.0.store(59_999, Ordering::Relaxed);
        assert_eq!(written(4), 1, "sixty in all");
        assert_eq!(taken("b"), Some(0));
        clock.0.store(60_000, Ordering::Relaxed);
        assert_eq!(taken("a"), Some(3));
        assert_eq!(taken("a"), Some(0));
        clock.0.store(0, Ordering::Relaxed);
        assert_eq!(written(60), 60, "a clock that was set back keeps nothing quiet");
    }
}
