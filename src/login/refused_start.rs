use std::net::IpAddr;

use super::challenge::{ChallengeOutcome, StartChallenge};
use super::limits::RateLimited;
use super::puzzle::ProofFault;
use super::service::Login;
use crate::domain::AttemptId;
use crate::events::{AskedStart, Event};
use crate::session;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("texts are not sent to that country")]
    CountryNotServed,
    #[error("the number is a landline")]
    Landline,
    #[error("the number is of a kind that is not texted")]
    NotMobile,
    #[error("the queue of texts is full")]
    QueueFull,
    #[error("the limit {} is reached", .0.row.key)]
    Limited(RateLimited),
    /// Nothing was sent: to be repeated with a proof.
    #[error("a proof is asked for first: {}", .0.why.as_str())]
    Challenged(Box<StartChallenge>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ChallengeOutcome> for StartError {
    fn from(outcome: ChallengeOutcome) -> Self {
        match outcome {
            ChallengeOutcome::Asked(challenge) => Self::Challenged(Box::new(challenge)),
            ChallengeOutcome::Refused(limited) => Self::Limited(limited),
        }
    }
}

/// A start that led to no text, and the attempt that its story is told of.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct RefusedStart {
    /// The one that would have been resumed, or else would have begun.
    pub attempt: AttemptId,
    #[source]
    pub why: StartError,
}

impl Login {
    /// Records why a start led to nothing. Wrong numbers are not recorded: the person sees at once what is
    /// wrong with them.
    pub(super) fn record_refused(
        &self,
        start: AskedStart<'_>,
        address: IpAddr,
        (attempt, why): (AttemptId, &StartError),
    ) {
        match why {
            StartError::Limited(limited) => {
                self.record_limited(limited, address, (Some(attempt), Some(start)));
            }
            StartError::Challenged(asked) => {
                let limited = asked.limited.as_ref();
                let only_address = limited.is_some_and(|of| self.is_only_address(of, address));
                let (why, network) = (asked.why.as_str(), &*session::address_block(address));
                let fault = asked.fault.map(ProofFault::as_str);
                self.deps.events.record(&Event::ChallengeAsked {
                    attempt,
                    start,
                    why,
                    fault,
                    network,
                    only_address,
                });
            }
            StartError::Store(error) => {
                let reason = &*error.to_string();
                self.deps.events.record(&Event::StartFailed { attempt, start, reason });
            }
            StartError::CountryNotServed
            | StartError::Landline
            | StartError::NotMobile
            // Recorded where the attempt is opened.
            | StartError::QueueFull => {}
        }
    }
}
