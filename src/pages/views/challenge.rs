use super::code::in_query;
use super::message::clock_time;
use super::page::{Head, Page};
use crate::system::Timestamp;
use crate::words::{Context, Language, Safe};

/// Asks for a proof before another text is sent: the script solves the puzzle and goes on, and without
/// it there is a time to wait. 200.
#[derive(Debug)]
pub struct ChallengePage<'a> {
    /// What the login is for, sealed.
    pub flow: &'a str,
    /// Sealed.
    pub puzzle: &'a str,
    pub bits: u8,
    /// Seconds until the button does without the script; zero: now.
    pub wait: u64,
    /// The address of this browser has waited for as many texts as it may.
    pub refused: Option<RefusedWait>,
    /// If the code was asked for once more: the parameter that says how.
    pub again: Option<&'a str>,
    pub notice: Option<ChallengeNotice>,
    /// In place of the calculation.
    pub captcha: Option<ShownCaptcha<'a>>,
}

/// When a wait is worth something again.
#[derive(Clone, Copy, Debug)]
pub struct RefusedWait {
    /// From now.
    pub seconds: u64,
    pub until: Timestamp,
}

/// A captcha of somebody else's, whose script fills the element of its class.
#[derive(Clone, Copy, Debug)]
pub struct ShownCaptcha<'a> {
    pub script: &'a str,
    pub class: &'a str,
    pub site_key: &'a str,
    pub action: &'a str,
}

/// Why the page is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeNotice {
    /// The time to wait was not over.
    Early,
    Failed,
}

impl ChallengeNotice {
    pub const ALL: [Self; 2] = [Self::Early, Self::Failed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.as_str() == text)
    }
}

impl ChallengePage<'_> {
    fn notice_key(&self) -> Option<&'static str> {
        match self.notice {
            // The time may have passed since.
            Some(ChallengeNotice::Early) if self.wait > 0 && self.refused.is_none() => {
                Some("challenge_wait")
            }
            Some(ChallengeNotice::Early) | None => None,
            Some(ChallengeNotice::Failed) => Some("challenge_failed"),
        }
    }
}

impl Page for ChallengePage<'_> {
    fn template(&self) -> &'static str {
        "challenge"
    }

    fn head(&self) -> Head {
        let problem = self.notice_key().is_some();
        Head { title: "challenge_title", problem, ..Head::default() }
    }

    fn fill(&self, _: &Language, context: Context) -> Context {
        let again = self.again.map(|again| format!("?again={}", in_query(again)));
        let is_told = self.refused.is_some() || self.notice == Some(ChallengeNotice::Early);
        let waits = self.wait > 0 && !is_told;
        let never = RefusedWait { seconds: 0, until: Timestamp::from_millis(0) };
        let refused = self.refused.unwrap_or(never);
        context
            .text("flow", Safe::escape(self.flow))
            .text("flow_query", Safe::escape(&in_query(self.flow)))
            .text("puzzle", Safe::escape(self.puzzle))
            .number("bits", self.bits.into())
            .number("wait", self.wait)
            .flag("waits", waits)
            .flag("refused", self.refused.is_some())
            .number("minutes", refused.seconds.div_ceil(60))
            .text("time", clock_time(refused.until))
            // Whoever cannot wait presses it in vain.
            .flag("goes_on", self.refused.is_none() || self.captcha.is_some())
            .text("again", Safe::escape(&again.unwrap_or_default()))
            .maybe("captcha", self.captcha.map(|captcha| Safe::escape(captcha.script)))
            .text("captcha_class", Safe::escape(self.captcha.map_or("", |captcha| captcha.class)))
            .text("site_key", Safe::escape(self.captcha.map_or("", |captcha| captcha.site_key)))
            .text("action", Safe::escape(self.captcha.map_or("", |captcha| captcha.action)))
            .maybe("notice", self.notice_key().map(Safe::from_static))
    }
}
