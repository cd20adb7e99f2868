use doorcode::captcha::VENDORS;
use doorcode::pages::views::{ChallengeNotice, ChallengePage, ShownCaptcha};

use super::{Gallery, SEALED};

impl Gallery<'_> {
    /// The pages that ask for a proof.
    pub(super) fn challenges(&mut self, flow: &str) {
        let (puzzle, bits, again) = (flow, 17, Some("1"));
        for (name, notice) in [
            ("challenge", None),
            ("challenge-early", Some(ChallengeNotice::Early)),
            ("challenge-failed", Some(ChallengeNotice::Failed)),
        ] {
            for wait in [1, 2, 3, 25, 30] {
                let captcha = None;
                let page = ChallengePage { flow, puzzle, bits, wait, again, notice, captcha };
                self.add(&format!("{name}-{wait}"), &page);
            }
        }
        let (wait, notice, again) = (0, Some(ChallengeNotice::Early), None);
        let page = ChallengePage { flow, puzzle, bits, wait, again, notice, captcha: None };
        self.add("challenge-now", &page);
        let row = &VENDORS[0];
        let (script, class, action) = (row.script, row.class, "text");
        let captcha = Some(ShownCaptcha { script, class, site_key: SEALED, action });
        for (name, notice) in [
            ("challenge-captcha", None),
            ("challenge-failed-captcha", Some(ChallengeNotice::Failed)),
        ] {
            let wait = 30;
            let page = ChallengePage { flow, puzzle, bits, wait, again, notice, captcha };
            self.add(name, &page);
        }
    }
}
