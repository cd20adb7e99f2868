use std::time::Duration;

use super::challenge_counters::{BeforeChallenge, JudgedCodes};
use super::limiter::{Admission, LimitRequest, LimitSubject};
use super::limits::{LimitAction, LimitDef, LimitScope, RateLimited};
use super::puzzle::{self, Proof, ProofFault, Puzzle, Solution};
use super::requester::{Channel, Requester, Standing};
use super::service::{Login, LoginDeps};
use super::settings::ChallengeSettings;
use super::start_counts::StartCounts;
use crate::captcha::{Captcha, CaptchaAnswer};
use crate::domain::{AttemptKey, PhoneNumber, TextChannel};
use crate::events::Event;
use crate::store::StoreError;

/// A start is to be repeated with a [`Proof`].
#[derive(Clone, Debug)]
pub struct StartChallenge {
    /// Sealed, for this number, browser and door alone.
    pub puzzle: String,
    pub bits: u8,
    pub why: ChallengeReason,
    /// The limit that refuses whoever cannot solve it.
    pub limited: Option<RateLimited>,
    /// What was wrong with the proof that came.
    pub fault: Option<ProofFault>,
}

/// A start, as far as a proof matters.
#[derive(Clone, Copy)]
pub(super) struct ProofRequest<'a> {
    pub(super) subject: LimitSubject<'a>,
    pub(super) proof: Option<Proof<'a>>,
}

/// What a start that needs a proof gets.
pub(super) enum ChallengeOutcome {
    Asked(StartChallenge),
    /// A limit refuses it whatever is shown.
    Refused(RateLimited),
}

/// Why strangers are asked for a proof before another text is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeReason {
    /// Many texts were sent to the number since the last sign-in with it.
    Texts,
    /// Their address has used up its starts.
    Address,
    /// Few codes of their country or block of numbers are used.
    FewCodesUsed,
    /// Many wrong codes were typed everywhere.
    WrongCodes,
}

impl ChallengeReason {
    pub const ALL: [Self; 4] = [Self::Texts, Self::Address, Self::FewCodesUsed, Self::WrongCodes];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Texts => "texts",
            Self::Address => "address",
            Self::FewCodesUsed => "few-codes-used",
            Self::WrongCodes => "wrong-codes",
        }
    }
}

/// What may become of challenges: outcome and reason, as events name them.
pub fn challenge_outcomes() -> impl Iterator<Item = [&'static str; 2]> {
    let asked = ChallengeReason::ALL.map(|why| ["asked", why.as_str()]);
    let solved = Solution::ALL.map(|by| ["solved", by.as_str()]);
    let failed = ProofFault::ALL.map(|why| ["failed", why.as_str()]);
    asked.into_iter().chain(solved).chain(failed)
}

/// What became of the proof that a start brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProofState {
    None,
    Good(Solution),
    Bad(ProofFault),
}

impl ProofState {
    pub(super) const fn solution(self) -> Option<Solution> {
        match self {
            Self::Good(solution) => Some(solution),
            Self::None | Self::Bad(_) => None,
        }
    }

    /// As events have it.
    pub(super) const fn told(self) -> Option<Result<&'static str, &'static str>> {
        match self {
            Self::None => None,
            Self::Good(by) => Some(Ok(by.as_str())),
            Self::Bad(why) => Some(Err(why.as_str())),
        }
    }

    const fn fault(self) -> Option<ProofFault> {
        match self {
            Self::Bad(fault) => Some(fault),
            Self::None | Self::Good(_) => None,
        }
    }
}

/// Why a challenge is asked, and the limit that refuses whoever cannot solve it.
pub(super) type Asked = (ChallengeReason, Option<RateLimited>);

/// What a puzzle is made with.
const fn terms(settings: &ChallengeSettings) -> (u8, Duration) {
    (settings.bits, settings.wait)
}

impl LimitDef {
    /// Whether a proof takes the place of a refusal by this limit.
    pub(super) fn is_before_proof(&self) -> bool {
        self.action == LimitAction::Start && self.scope == LimitScope::Address
    }
}

impl Login {
    /// The settings by which a requester may be asked for a proof. Known browsers and servers are not,
    /// and a test number is never texted.
    pub(super) fn challenges(
        &self,
        requester: &Requester,
        phone: &PhoneNumber,
    ) -> Option<&ChallengeSettings> {
        let asked = requester.standing == Standing::Stranger && !phone.is_test();
        self.settings.challenge.as_deref().filter(|_| asked)
    }

    /// Opens a puzzle to show it; `None`: it is none of this requester's for this number, or too old.
    pub fn puzzle(
        &self,
        requester: &Requester,
        phone: &PhoneNumber,
        puzzle: &str,
    ) -> Option<Puzzle> {
        let LoginDeps { keys, system, .. } = &self.deps;
        let attempt = keys.attempt_key(requester, phone);
        puzzle::open(&keys.challenges, attempt, puzzle, system).ok()
    }

    /// The limit that refuses a start whose proof is that its time was waited for.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub async fn refuses_wait(
        &self,
        requester: &Requester,
        phone: &PhoneNumber,
    ) -> Result<Option<RateLimited>, StoreError> {
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        let wanted = LimitRequest { amounts: &[(LimitAction::WaitedStart, 0)], spaced: false };
        let channel = TextChannel::default();
        let subject = LimitSubject { phone, requester, language: None, channel };
        let admission = limiter
            .reserve(&self.settings.limits, wanted, subject, system)
            .await
            .inspect_err(|error| events.store_failed("count against the limits", error))?;
        Ok(match admission {
            Admission::Granted(_) => None,
            Admission::Refused(limited) => Some(limited),
        })
    }

    /// Judges the proof that a start brought. A good one is spent by that.
    pub(super) async fn judge_proof(
        &self,
        start: ProofRequest<'_>,
        attempt: AttemptKey,
    ) -> Result<ProofState, StoreError> {
        let LoginDeps { limiter, keys, system, events, .. } = &self.deps;
        let settings = self.challenges(start.subject.requester, start.subject.phone);
        let (Some(settings), Some(proof)) = (settings, start.proof) else {
            return Ok(ProofState::None);
        };
        let opened = puzzle::open(&keys.challenges, attempt, proof.puzzle, system);
        let judged = match &settings.captcha {
            Some(captcha) => {
                self.judge_captcha(captcha, start.subject.requester, proof, opened).await
            }
            None => opened.and_then(|puzzle| puzzle.judge(proof, system.steady())),
        };
        let state = match judged {
            Err(fault) => ProofState::Bad(fault),
            Ok(solution) => {
                let once = if proof.puzzle.is_empty() { proof.captcha } else { proof.puzzle };
                let spent = limiter.spend_puzzle(once, system.steady()).await;
                let fresh =
                    spent.inspect_err(|error| events.store_failed("spend a puzzle", error))?;
                if fresh {
                    ProofState::Good(solution)
                } else {
                    ProofState::Bad(ProofFault::Replayed)
                }
            }
        };
        match state {
            ProofState::None => {}
            ProofState::Good(by) => events.record(&Event::ChallengeSolved { by: by.as_str() }),
            ProofState::Bad(why) => events.record(&Event::ChallengeFailed { why: why.as_str() }),
        }
        Ok(state)
    }

    /// The same where a captcha takes the place of the calculation. The pages bring the puzzle beside it,
    /// which binds the answer to the number and the browser; a program has the answer alone.
    async fn judge_captcha(
        &self,
        captcha: &Captcha,
        requester: &Requester,
        proof: Proof<'_>,
        opened: Result<Puzzle, ProofFault>,
    ) -> Result<Solution, ProofFault> {
        let now = self.deps.system.steady();
        if proof.captcha.is_empty() {
            // Nothing else is in the form of somebody without JavaScript.
            return opened.and_then(|puzzle| puzzle.judge(Proof { number: "", ..proof }, now));
        }
        if requester.channel == Channel::Page {
            opened?;
        }
        let answer = CaptchaAnswer { token: proof.captcha, address: requester.address };
        match captcha.verify(answer, self.deps.system.now()).await {
            Ok(()) => Ok(Solution::Captcha),
            Err(fault) => Err(ProofFault::Captcha(fault)),
        }
    }

    /// Whether a stranger is to show a proof first, and why.
    pub(super) async fn asked_for_proof(
        &self,
        start: ProofRequest<'_>,
        proof: ProofState,
    ) -> Result<Option<Asked>, StoreError> {
        let settings = self.challenges(start.subject.requester, start.subject.phone);
        let Some(settings) = settings.filter(|_| proof.solution().is_none()) else {
            return Ok(None);
        };
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        let counted = limiter
            .before_challenge(start.subject, system.steady())
            .await
            .inspect_err(|error| events.store_failed("look for a challenge", error))?;
        let (texts, codes) = match counted {
            BeforeChallenge::FewUsed(limited) => {
                return Ok(Some((ChallengeReason::FewCodesUsed, Some(limited))));
            }
            BeforeChallenge::Counted { texts, codes } => (texts, codes),
        };
        // Programs solve no puzzle: they are asked only where they would be refused without it.
        if start.subject.requester.channel == Channel::Api {
            return Ok(None);
        }
        if texts >= settings.after_texts {
            return Ok(Some((ChallengeReason::Texts, None)));
        }
        if codes.are_abnormal(settings.after_wrong_codes) {
            self.tell_of_wrong_codes(codes).await;
            return Ok(Some((ChallengeReason::WrongCodes, None)));
        }
        Ok(None)
    }

    async fn tell_of_wrong_codes(&self, JudgedCodes { wrong, right }: JudgedCodes) {
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        match limiter.is_first_abnormal(system.steady()).await {
            Ok(true) => events.record(&Event::ManyWrongCodes { wrong, right }),
            Ok(false) => {}
            Err(error) => events.store_failed("look whether wrong codes were told", &error),
        }
    }

    /// Counts a code that was judged, of anybody. On an error it is not counted.
    pub(super) async fn count_judged_code(&self, right: bool) {
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        if let Err(error) = limiter.count_judged(right, system.steady()).await {
            events.store_failed("count a code that was judged", &error);
        }
    }

    /// Whether a proof is asked for before a limit refuses.
    pub(super) fn asks_before(&self, limited: &RateLimited, start: ProofRequest<'_>) -> bool {
        limited.row.is_before_proof()
            && self.challenges(start.subject.requester, start.subject.phone).is_some()
    }

    /// A challenge for a start, or the limit that refuses it whatever is shown: nobody solves a puzzle
    /// for nothing.
    pub(super) async fn challenge(
        &self,
        start: ProofRequest<'_>,
        (attempt, counts): (AttemptKey, &StartCounts),
        proof: ProofState,
        (why, limited): Asked,
    ) -> Result<ChallengeOutcome, StoreError> {
        if let Some(limited) = self.refused_in_any_case(start, counts).await? {
            return Ok(ChallengeOutcome::Refused(limited));
        }
        let LoginDeps { keys, system, .. } = &self.deps;
        let (bits, wait) = self.settings.challenge.as_deref().map_or((0, Duration::ZERO), terms);
        let fault = proof.fault();
        let puzzle = match (fault, start.proof) {
            // Who waits waits on.
            (Some(ProofFault::Early), Some(Proof { puzzle, .. })) => puzzle.to_owned(),
            _ => puzzle::seal(&keys.challenges[0], attempt, (bits, wait), system),
        };
        Ok(ChallengeOutcome::Asked(StartChallenge { puzzle, bits, why, limited, fault }))
    }

    /// The limit that refuses a start even with a proof.
    async fn refused_in_any_case(
        &self,
        start: ProofRequest<'_>,
        counts: &StartCounts,
    ) -> Result<Option<RateLimited>, StoreError> {
        Ok(match self.admit(start.subject, &counts.as_question()).await? {
            Admission::Granted(_) => None,
            Admission::Refused(limited) => Some(limited),
        })
    }
}
