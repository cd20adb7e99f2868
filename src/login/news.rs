use std::time::Duration;

use super::service::Login;
use crate::store::{Attempt, SendOutcome, SendRefusal, TextFate};

/// A text that is awaited for longer than this is late. Most arrive within ten seconds.
pub const LATE_AFTER: Duration = Duration::from_secs(30);

/// What is known of the latest text of an attempt once a provider took it, where that is disclosed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextNews {
    /// Nothing, and nothing is to come: the provider was not asked.
    None,
    /// The provider was asked, and has not told yet.
    Awaited,
    Late,
    /// The text before it did not arrive; the same code is on its way by another provider.
    Again {
        /// Whether that one tells what becomes of it.
        awaited: bool,
    },
    Delivered,
    Undelivered(SendRefusal),
}

impl TextNews {
    /// Whether there will be other news.
    pub const fn is_last(self) -> bool {
        matches!(
            self,
            Self::None | Self::Again { awaited: false } | Self::Delivered | Self::Undelivered(_)
        )
    }
}

impl Login {
    /// What is told of the latest text of an attempt: nothing where only users are texted.
    pub fn news(&self, attempt: &Attempt) -> TextNews {
        let text = &attempt.text;
        if !self.settings.sign_up {
            return TextNews::None;
        }
        match (attempt.outcome, text.fate) {
            (SendOutcome::Sent | SendOutcome::Unclear, TextFate::Delivered) => TextNews::Delivered,
            (SendOutcome::Sent | SendOutcome::Unclear, TextFate::Undelivered(why))
            | (SendOutcome::Refused { why, .. }, _) => TextNews::Undelivered(why),
            (SendOutcome::Sent, TextFate::Unknown) if self.is_late(attempt) => TextNews::Late,
            // Who is asked is not known yet.
            (SendOutcome::Pending, _) if text.again => TextNews::Again { awaited: true },
            (SendOutcome::Pending, _) => TextNews::Awaited,
            (SendOutcome::Sent, _) if text.again => TextNews::Again { awaited: text.awaited },
            (SendOutcome::Sent, _) if text.awaited => TextNews::Awaited,
            _ => TextNews::None,
        }
    }

    fn is_late(&self, attempt: &Attempt) -> bool {
        let text = &attempt.text;
        let age = text.sent.map(|sent| self.deps.system.steady().since(sent));
        text.awaited && age.is_some_and(|age| age >= LATE_AFTER)
    }
}
