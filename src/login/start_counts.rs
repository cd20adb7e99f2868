use super::attempt::AttemptState;
use super::limiter::LimitRequest;
use super::limits::LimitAction;
use super::puzzle::Solution;

/// What a start is counted as.
#[derive(Clone, Debug)]
pub(super) struct StartCounts {
    amounts: Vec<(LimitAction, u32)>,
    spaced: bool,
}

impl StartCounts {
    /// One that finds an attempt in this state. The limit on wrong codes is looked at: the code could
    /// not be entered.
    pub(super) fn of(state: &AttemptState<'_>) -> Self {
        let mut amounts =
            vec![(LimitAction::Start, 1), (LimitAction::Text, 1), (LimitAction::WrongCode, 0)];
        // One that is resumed is counted already.
        if !matches!(state, AttemptState::Resumable(_)) {
            amounts.push((LimitAction::Attempt, 1));
        }
        Self { amounts, spaced: !matches!(state, AttemptState::Dead) }
    }

    /// The same with a proof, if there is one.
    #[must_use]
    pub(super) fn with_proof(mut self, proof: Option<Solution>) -> Self {
        if proof.is_some() {
            self.amounts.push((LimitAction::ProvedStart, 1));
        }
        if proof == Some(Solution::Wait) {
            self.amounts.push((LimitAction::WaitedStart, 1));
        }
        self
    }

    /// Counts nothing: asks whether there is room for one with a proof.
    #[must_use]
    pub(super) fn as_question(&self) -> Self {
        let Self { mut amounts, spaced } = self.clone().with_proof(Some(Solution::Work));
        for (_, n) in &mut amounts {
            *n = 0;
        }
        Self { amounts, spaced }
    }

    pub(super) fn request(&self) -> LimitRequest<'_> {
        LimitRequest { amounts: &self.amounts, spaced: self.spaced }
    }
}
