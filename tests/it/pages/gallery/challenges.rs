use doorcode::captcha::VENDORS;
use doorcode::pages::views::{ChallengeNotice, ChallengePage, RefusedWait, ShownCaptcha};
use doorcode::system::Timestamp;

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
                let (refused, captcha) = (None, None);
                let page =
                    ChallengePage { flow, puzzle, bits, wait, refused, again, notice, captcha };
                self.add(&format!("{name}-{wait}"), &page);
            }
        }
        let (wait, notice, again) = (0, Some(ChallengeNotice::Early), None);
        let (refused, captcha) = (None, None);
        let page = ChallengePage { flow, puzzle, bits, wait, refused, again, notice, captcha };
        self.add("challenge-now", &page);
        let until = Timestamp::from_millis(1_767_225_600_000);
        let (wait, notice, refused) = (30, None, Some(RefusedWait { seconds: 420, until }));
        let page = ChallengePage { flow, puzzle, bits, wait, refused, again, notice, captcha };
        self.add("challenge-refused", &page);
        let row = &VENDORS[0];
        let (script, class, action) = (row.script, row.class, "text");
        let captcha = Some(ShownCaptcha { script, class, site_key: SEALED, action });
        for (name, notice) in [
            ("challenge-captcha", None),
            ("challenge-failed-captcha", Some(ChallengeNotice::Failed)),
        ] {
            let (wait, refused) = (30, None);
            let page = ChallengePage { flow, puzzle, bits, wait, refused, again, notice, captcha };
            self.add(name, &page);
        }
    }
}
