//! What a login shows next: one table for the login pages and for the widget, which differ only
//! in how they show it.
use super::flow::FlowMessage;
use super::views::{CodeProblem, LimitMessage, Lost, NumberNotice, NumberProblem};
use crate::domain::InvalidPhone;
use crate::login::{
    DeadReason, LimitAction, LimitDef, LimitScope, RateLimited, RefusedStart, StartChallenge,
    StartError, Started, TEXT_SPACING, Verdict, Verified,
};
use crate::store::StoreError;

/// Why a login does not go on to its next step, which is to say: what is shown instead.
pub(crate) enum StepRefusal {
    /// The form for the code again, with what is wrong with the one that was typed.
    Code(FlowMessage),
    /// The form for a number again, with the reason.
    Number(FlowMessage),
    /// A limit was reached.
    Limited(RateLimited),
    /// To be repeated with a proof.
    Challenged(Box<StartChallenge>),
    /// The code was right, but its owner may not sign in.
    Denied,
    /// The store failed, or the provider that makes the codes.
    Unavailable,
}

/// After a number was typed, or its code was asked for again. `Ok`: the form for the code.
///
/// # Errors
/// What is shown instead.
pub(crate) fn of_start(started: Result<Started, RefusedStart>) -> Result<Started, StepRefusal> {
    started.or_else(|RefusedStart { attempt, why }| {
        Err(match why {
            // The attempt exists; the page of its code says that no text was sent.
            StartError::QueueFull => return Ok(Started::Queued(attempt)),
            StartError::CountryNotServed => StepRefusal::Number(FlowMessage::CountryNotServed),
            StartError::Landline => StepRefusal::Number(FlowMessage::Landline),
            StartError::NotMobile => StepRefusal::Number(FlowMessage::NotMobile),
            StartError::Limited(limited) => StepRefusal::Limited(limited),
            StartError::Challenged(challenge) => StepRefusal::Challenged(challenge),
            StartError::Store(_) => StepRefusal::Unavailable,
        })
    })
}

/// After a code was typed. `Ok`: the person is signed in.
///
/// # Errors
/// What is shown instead.
pub(crate) fn of_code(verdict: Result<Verdict, StoreError>) -> Result<Verified, StepRefusal> {
    Err(match verdict {
        Ok(Verdict::Right(verified)) => return Ok(verified),
        Ok(Verdict::WrongLength) => StepRefusal::Code(FlowMessage::WrongLength),
        Ok(Verdict::Wrong { tries_left: 0 } | Verdict::Over(DeadReason::NoTriesLeft)) => {
            StepRefusal::Number(FlowMessage::CodeDied)
        }
        Ok(Verdict::Wrong { tries_left }) => {
            StepRefusal::Code(FlowMessage::WrongCode { tries_left })
        }
        Ok(Verdict::Over(_)) => StepRefusal::Number(FlowMessage::CodeExpired),
        Ok(Verdict::Limited(limited)) => StepRefusal::Limited(limited),
        Ok(Verdict::Blocked) => StepRefusal::Denied,
        Ok(Verdict::Unavailable) | Err(_) => StepRefusal::Unavailable,
    })
}

impl From<InvalidPhone> for FlowMessage {
    fn from(why: InvalidPhone) -> Self {
        match why {
            InvalidPhone::Empty => Self::NumberEmpty,
            InvalidPhone::NotANumber => Self::NotANumber,
            InvalidPhone::NoSuchNumber => Self::NoSuchNumber,
        }
    }
}

impl FlowMessage {
    /// What the form for a number says of it: a problem of the field, or a notice above it.
    pub(crate) const fn on_number_form(self) -> (Option<NumberProblem>, Option<NumberNotice>) {
        match self {
            Self::NumberEmpty => (Some(NumberProblem::Empty), None),
            Self::NotANumber => (Some(NumberProblem::NotANumber), None),
            Self::NoSuchNumber => (Some(NumberProblem::NoSuchNumber), None),
            Self::Landline => (Some(NumberProblem::Landline), None),
            Self::NotMobile => (Some(NumberProblem::NotMobile), None),
            Self::CountryNotServed => (Some(NumberProblem::CountryNotServed), None),
            Self::CodeDied => (None, Some(NumberNotice::CodeDied)),
            Self::CodeExpired => (None, Some(NumberNotice::CodeExpired)),
            Self::TimedOut => (None, Some(NumberNotice::TimedOut)),
            Self::FormNotSent => (None, Some(NumberNotice::Lost(Lost::Form))),
            Self::ForeignFormNotSent => (None, Some(NumberNotice::Lost(Lost::ForeignForm))),
            Self::LinkLost => (None, Some(NumberNotice::Lost(Lost::Link))),
            Self::FormKept => (None, Some(NumberNotice::FormKept)),
            Self::LoginTooOld => (None, Some(NumberNotice::LoginTooOld)),
            // On the form for the code, or on a page of their own.
            Self::WrongLength
            | Self::WrongCode { .. }
            | Self::Limited { .. }
            | Self::Denied
            | Self::Unavailable => (None, None),
        }
    }

    /// What the form for a code says of it.
    pub(crate) const fn on_code_form(self) -> Option<CodeProblem> {
        match self {
            Self::WrongLength => Some(CodeProblem::WrongLength),
            Self::WrongCode { tries_left } => Some(CodeProblem::Wrong { tries_left }),
            _ => None,
        }
    }
}

/// The message that is shown when a limit is exceeded. The wait between two texts concerns only
/// those who were not sent the last one: whoever was sees the form for its code.
pub(crate) fn limit_message(row: &LimitDef) -> LimitMessage {
    match (row.action, row.scope) {
        _ if *row == TEXT_SPACING => LimitMessage::Recent,
        (_, LimitScope::Address | LimitScope::AddressBlock | LimitScope::ClientAtAddress) => {
            LimitMessage::Network
        }
        (
            _,
            LimitScope::Global | LimitScope::Country | LimitScope::NumberBlock | LimitScope::Server,
        ) => LimitMessage::Service,
        (LimitAction::WrongCode, LimitScope::Number) => LimitMessage::Tries,
        (_, LimitScope::Number) => LimitMessage::Number,
    }
}
