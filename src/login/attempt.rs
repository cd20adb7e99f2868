//! The rules of one login attempt, as steps that a store applies atomically. Pure: the time is an
//! argument.
use std::time::Duration;

use crate::domain::{AnswerDigest, AttemptId, CodeLength, CounterKey, KeyId, TextChannel};
use crate::store::{Attempt, AttemptUpdate, SendOutcome, TextFate, TextState, Verification};
use crate::system::Timestamp;

/// Longest life of a code, from when its attempt began (NIST SP 800-63B-4 §3.1.3.2).
pub(super) const MAX_LIFETIME: Duration = Duration::from_mins(10);
/// An attempt with less than this left of [`MAX_LIFETIME`] is not resumed.
const MIN_REMAINING: Duration = Duration::from_mins(1);
/// How long after a sign-in the same answer gets the same result again.
pub(super) const REPEAT_WINDOW: Duration = Duration::from_mins(1);

/// The values of a new attempt, except for times.
pub(super) struct NewAttempt {
    pub(super) id: AttemptId,
    pub(super) nonce: [u8; 16],
    pub(super) key: KeyId,
    pub(super) length: CodeLength,
    pub(super) channel: TextChannel,
    pub(super) tries: u8,
    pub(super) source: CounterKey,
    pub(super) counted: Timestamp,
}

/// The attempt that a start leads to.
#[derive(Clone, Debug)]
pub(super) enum StartedAttempt {
    New(Attempt),
    /// Same code as before; the tries are not refilled.
    Resumed(Attempt),
}

/// Resumes the attempt that was found, or begins a new one.
pub(super) fn resume_or_begin(
    found: Option<&Attempt>,
    fresh: &NewAttempt,
    lifetime: Duration,
    now: Timestamp,
) -> (StartedAttempt, AttemptUpdate) {
    match state(found, now) {
        AttemptState::Resumable(attempt) => {
            let mut attempt = attempt.clone();
            attempt.expires = (now + lifetime).min(attempt.made + MAX_LIFETIME);
            attempt.earlier_sent |= !matches!(attempt.outcome, SendOutcome::Refused { .. });
            attempt.outcome = SendOutcome::Pending;
            attempt.channel = fresh.channel;
            attempt.text = TextState::default();
            (StartedAttempt::Resumed(attempt.clone()), AttemptUpdate::Put(attempt))
        }
        AttemptState::Dead | AttemptState::Unknown => {
            let attempt = Attempt {
                id: fresh.id,
                nonce: fresh.nonce,
                length: fresh.length,
                key: fresh.key,
                made: now,
                expires: now + lifetime.min(MAX_LIFETIME),
                tries_left: fresh.tries,
                answers: Vec::new(),
                used: None,
                outcome: SendOutcome::Pending,
                channel: fresh.channel,
                earlier_sent: false,
                text: TextState::default(),
                source: fresh.source,
                counted: fresh.counted,
                verification: None,
            };
            (StartedAttempt::New(attempt.clone()), AttemptUpdate::Put(attempt))
        }
    }
}

/// Whether an attempt can be resumed by a start.
pub(super) enum AttemptState<'a> {
    Resumable(&'a Attempt),
    /// Its code is invalid, or about to expire.
    Dead,
    /// There was none, or it is no longer remembered.
    Unknown,
}

pub(super) fn state(found: Option<&Attempt>, now: Timestamp) -> AttemptState<'_> {
    match found {
        Some(attempt) if can_resume(attempt, now) => AttemptState::Resumable(attempt),
        Some(_) => AttemptState::Dead,
        None => AttemptState::Unknown,
    }
}

fn can_resume(attempt: &Attempt, now: Timestamp) -> bool {
    is_alive(attempt, now) && now + MIN_REMAINING <= attempt.made + MAX_LIFETIME
}

/// Whether the right code would be accepted now.
pub(super) fn is_alive(attempt: &Attempt, now: Timestamp) -> bool {
    attempt.used.is_none() && now < attempt.expires && attempt.tries_left > 0
}

/// Why answers to an attempt are no longer compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadReason {
    /// There was no attempt, or it is no longer remembered.
    Unknown,
    /// Its code has signed in.
    Used,
    Expired,
    /// All tries were used up by wrong codes.
    NoTriesLeft,
    /// Its code was derived from a server secret that is no longer configured.
    KeyGone,
    /// The provider that made its code is no longer configured.
    OwnerGone,
}

impl DeadReason {
    /// The reason in the log. Pages and API do not distinguish all of them.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::NoTriesLeft => "no tries left",
            Self::KeyGone => "server secret no longer configured",
            Self::OwnerGone => "the code's provider is no longer configured",
        }
    }
}

/// What [`take_try`] decided about an answer.
#[derive(Clone, Debug)]
pub(super) enum TryResult {
    /// The answer is to be compared.
    Compare {
        attempt: Attempt,
        /// The answer took its try earlier.
        repeated: bool,
    },
    Dead {
        attempt: Option<AttemptId>,
        reason: DeadReason,
    },
}

/// Takes a try for `answer`. An answer that took one before is compared again without taking
/// another, also for [`REPEAT_WINDOW`] after the code was used.
pub(super) fn take_try(
    found: Option<&Attempt>,
    answer: AnswerDigest,
    now: Timestamp,
) -> (TryResult, AttemptUpdate) {
    let Some(attempt) = found else { return dead(None, DeadReason::Unknown) };
    let repeated = attempt.answers.contains(&answer);
    match attempt.used {
        Some(used) if repeated && now.since(used) <= REPEAT_WINDOW => {
            return compare_again(attempt);
        }
        Some(_) => return dead(found, DeadReason::Used),
        None if now >= attempt.expires => return dead(found, DeadReason::Expired),
        None if repeated => return compare_again(attempt),
        None if attempt.tries_left == 0 => return dead(found, DeadReason::NoTriesLeft),
        None => {}
    }
    let mut attempt = attempt.clone();
    attempt.tries_left -= 1;
    attempt.answers.push(answer);
    (TryResult::Compare { attempt: attempt.clone(), repeated: false }, AttemptUpdate::Put(attempt))
}

fn dead(found: Option<&Attempt>, reason: DeadReason) -> (TryResult, AttemptUpdate) {
    (TryResult::Dead { attempt: found.map(|attempt| attempt.id), reason }, AttemptUpdate::Keep)
}

fn compare_again(attempt: &Attempt) -> (TryResult, AttemptUpdate) {
    (TryResult::Compare { attempt: attempt.clone(), repeated: true }, AttemptUpdate::Keep)
}

/// Returns the try of `answer`, which could not be judged for reasons on our side.
pub(super) fn return_try(
    found: Option<&Attempt>,
    id: AttemptId,
    answer: AnswerDigest,
) -> AttemptUpdate {
    change(found, id, |attempt| {
        if let Some(at) = attempt.answers.iter().position(|known| *known == answer) {
            attempt.answers.swap_remove(at);
            attempt.tries_left += 1;
        }
    })
}

pub(super) fn mark_used(found: Option<&Attempt>, id: AttemptId, now: Timestamp) -> AttemptUpdate {
    change(found, id, |attempt| attempt.used = attempt.used.or(Some(now)))
}

pub(super) fn set_outcome(
    found: Option<&Attempt>,
    id: AttemptId,
    outcome: SendOutcome,
) -> AttemptUpdate {
    change(found, id, |attempt| attempt.outcome = outcome)
}

pub(super) fn expire(found: Option<&Attempt>, id: AttemptId, now: Timestamp) -> AttemptUpdate {
    change(found, id, |attempt| attempt.expires = attempt.expires.min(now))
}

/// A text is about to be offered, whose code will be that of a provider of this name, or ours.
pub(super) fn note_owner(
    found: Option<&Attempt>,
    id: AttemptId,
    owner: Option<&str>,
) -> AttemptUpdate {
    change(found, id, |attempt| match owner {
        None => attempt.verification = None,
        // It texts the same code as long as that lives.
        Some(name) if attempt.verification.as_ref().is_some_and(|v| v.provider == name) => {}
        Some(name) => attempt.verification = Some(Box::new(Verification::new(name, None))),
    })
}

/// A text was accepted; `owner`: the provider that made its code, and its id of that. If the code is
/// another one than that of the texts before, those are worthless.
pub(super) fn settle_code(
    found: Option<&Attempt>,
    before: &Attempt,
    owner: Option<(&str, &str)>,
) -> AttemptUpdate {
    change(found, before.id, |attempt| {
        let same = before.verification.as_ref().map(|v| v.provider.as_str())
            == owner.map(|(provider, _)| provider);
        attempt.earlier_sent &= same;
        match (&mut attempt.verification, owner) {
            (known, None) => *known = None,
            (Some(known), Some((_, id))) if known.id.as_deref() == Some(id) => {}
            (known, Some((provider, id))) => {
                *known = Some(Box::new(Verification::new(provider, Some(id))));
            }
        }
    })
}

/// No text was sent: the code is whose it was before.
pub(super) fn restore_code(found: Option<&Attempt>, before: &Attempt) -> AttemptUpdate {
    change(found, before.id, |attempt| attempt.verification.clone_from(&before.verification))
}

/// The provider that made the code has judged an answer.
pub(super) fn note_verdict(
    found: Option<&Attempt>,
    id: AttemptId,
    said: impl FnOnce(&mut Verification),
) -> AttemptUpdate {
    change(found, id, |attempt| {
        if let Some(verification) = &mut attempt.verification {
            said(verification);
        }
    })
}

/// The outcome of a text, and what is known of it beyond that.
pub(super) fn set_text(
    found: Option<&Attempt>,
    id: AttemptId,
    (outcome, text): (SendOutcome, &TextState),
) -> AttemptUpdate {
    change(found, id, |attempt| {
        attempt.outcome = outcome;
        attempt.text = TextState { again: attempt.text.again, ..text.clone() };
    })
}

/// What a provider told of the message that it took at `sent` for this channel. That an earlier one has
/// arrived is told of any that takes the same way: it has the same code.
pub(super) fn set_fate(
    found: Option<&Attempt>,
    id: AttemptId,
    (channel, sent): (TextChannel, Timestamp),
    fate: TextFate,
) -> AttemptUpdate {
    let is_told = |attempt: &Attempt| match fate {
        TextFate::Delivered => {
            matches!(attempt.outcome, SendOutcome::Sent | SendOutcome::Unclear)
                && attempt.channel == channel
        }
        TextFate::Undelivered(_) | TextFate::Unknown => {
            attempt.text.sent == Some(sent) && attempt.text.fate == TextFate::Unknown
        }
    };
    match found {
        Some(attempt) if is_told(attempt) => change(found, id, |attempt| attempt.text.fate = fate),
        _ => AttemptUpdate::Keep,
    }
}

/// The text that was taken at `sent` did not arrive, and is about to be sent again. `None`: another one
/// took its place, or the attempt is over.
pub(super) fn send_again(
    found: Option<&Attempt>,
    id: AttemptId,
    sent: Timestamp,
    now: Timestamp,
) -> Option<AttemptUpdate> {
    let attempt = found.filter(|attempt| attempt.id == id && is_alive(attempt, now))?;
    if attempt.text.sent != Some(sent) || attempt.text.fate != TextFate::Unknown {
        return None;
    }
    Some(change(found, id, |attempt| {
        attempt.outcome = SendOutcome::Pending;
        // A carrier may have been wrong: whoever has the code is asked for it.
        attempt.earlier_sent = true;
        attempt.text = TextState { again: true, ..TextState::default() };
    }))
}

/// Changes the attempt if its id is still `id`: another may have taken its place.
fn change(
    found: Option<&Attempt>,
    id: AttemptId,
    change: impl FnOnce(&mut Attempt),
) -> AttemptUpdate {
    match found {
        Some(attempt) if attempt.id == id => {
            let mut attempt = attempt.clone();
            change(&mut attempt);
            AttemptUpdate::Put(attempt)
        }
        _ => AttemptUpdate::Keep,
    }
}

#[cfg(test)]
mod tests;
