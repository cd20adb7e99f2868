//! The rules of one attempt, as steps that a store makes atomic. Pure: time is given.
use std::time::Duration;

use crate::domain::{AnswerDigest, AttemptId, CodeLength, CounterKey, KeyId};
use crate::store::{Attempt, SendOutcome, Step};
use crate::system::Timestamp;

/// No code works longer than this after its attempt was made (NIST SP 800-63B-4 §3.1.3.2).
pub(super) const LONGEST_LIFE: Duration = Duration::from_mins(10);
/// An attempt with less than this left of its longest life is not resumed.
const WORTH_RESUMING: Duration = Duration::from_mins(1);
/// For so long the answer that signed somebody in is answered again as it was.
pub(super) const REPEATED: Duration = Duration::from_mins(1);

/// What a new attempt, or another text of one, is made of, beside time.
pub(super) struct Fresh {
    pub(super) id: AttemptId,
    pub(super) nonce: [u8; 16],
    pub(super) key: KeyId,
    pub(super) length: CodeLength,
    pub(super) tries: u8,
    pub(super) source: CounterKey,
    pub(super) counted: Timestamp,
}

/// What a start came to.
#[derive(Clone, Debug)]
pub(super) enum Opened {
    New(Attempt),
    /// The same code once more; the tries are not refilled.
    Again(Attempt),
}

pub(super) fn open(
    found: Option<&Attempt>,
    fresh: &Fresh,
    lifetime: Duration,
    now: Timestamp,
) -> (Opened, Step) {
    match standing(found, now) {
        Standing::Resumable(attempt) => {
            let mut attempt = attempt.clone();
            attempt.expires = (now + lifetime).min(attempt.made + LONGEST_LIFE);
            attempt.outcome = SendOutcome::Pending;
            (Opened::Again(attempt.clone()), Step::Put(attempt))
        }
        Standing::Dead | Standing::Unknown => {
            let attempt = Attempt {
                id: fresh.id,
                nonce: fresh.nonce,
                length: fresh.length,
                key: fresh.key,
                made: now,
                expires: now + lifetime.min(LONGEST_LIFE),
                tries_left: fresh.tries,
                answers: Vec::new(),
                used: None,
                outcome: SendOutcome::Pending,
                source: fresh.source,
                counted: fresh.counted,
            };
            (Opened::New(attempt.clone()), Step::Put(attempt))
        }
    }
}

/// What a start finds.
pub(super) enum Standing<'a> {
    Resumable(&'a Attempt),
    /// Its code works no more, or not for much longer.
    Dead,
    /// There was none, or it is forgotten.
    Unknown,
}

pub(super) fn standing(found: Option<&Attempt>, now: Timestamp) -> Standing<'_> {
    match found {
        Some(attempt) if can_resume(attempt, now) => Standing::Resumable(attempt),
        Some(_) => Standing::Dead,
        None => Standing::Unknown,
    }
}

fn can_resume(attempt: &Attempt, now: Timestamp) -> bool {
    is_alive(attempt, now) && now + WORTH_RESUMING <= attempt.made + LONGEST_LIFE
}

/// Whether a right code would still be taken.
pub(super) fn is_alive(attempt: &Attempt, now: Timestamp) -> bool {
    attempt.used.is_none() && now < attempt.expires && attempt.tries_left > 0
}

/// Why a code is not compared any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// There never was one, or it is forgotten.
    Unknown,
    /// It signed somebody in.
    Used,
    Expired,
    /// As many wrong ones were typed as there were tries.
    NoTries,
    /// It was made with a server secret that is no more.
    NoKey,
}

impl Over {
    /// For the log, which tells all apart.
    pub(super) const fn why(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::NoTries => "no tries left",
            Self::NoKey => "made with a secret that is gone",
        }
    }
}

/// What an answer came to before it was compared.
#[derive(Clone, Debug)]
pub(super) enum Taken {
    /// To be compared: it took a try, or took one before.
    Compare {
        attempt: Attempt,
        again: bool,
    },
    Over {
        attempt: Option<AttemptId>,
        why: Over,
    },
}

/// Takes a try for `answer`. An answer that took one before takes none and is compared again,
/// also for [`REPEATED`] after the code was used.
pub(super) fn take_try(
    found: Option<&Attempt>,
    answer: AnswerDigest,
    now: Timestamp,
) -> (Taken, Step) {
    let over = |why| (Taken::Over { attempt: found.map(|a| a.id), why }, Step::Keep);
    let Some(attempt) = found else { return over(Over::Unknown) };
    let known = attempt.answers.contains(&answer);
    match attempt.used {
        Some(used) if known && now.since(used) <= REPEATED => {
            return (Taken::Compare { attempt: attempt.clone(), again: true }, Step::Keep);
        }
        Some(_) => return over(Over::Used),
        None if now >= attempt.expires => return over(Over::Expired),
        None if known => {
            return (Taken::Compare { attempt: attempt.clone(), again: true }, Step::Keep);
        }
        None if attempt.tries_left == 0 => return over(Over::NoTries),
        None => {}
    }
    let mut attempt = attempt.clone();
    attempt.tries_left -= 1;
    attempt.answers.push(answer);
    (Taken::Compare { attempt: attempt.clone(), again: false }, Step::Put(attempt))
}

/// Gives the try of `answer` back: it could not be judged, for no fault of the person.
pub(super) fn return_try(found: Option<&Attempt>, id: AttemptId, answer: AnswerDigest) -> Step {
    change(found, id, |attempt| {
        if let Some(at) = attempt.answers.iter().position(|known| *known == answer) {
            attempt.answers.swap_remove(at);
            attempt.tries_left += 1;
        }
    })
}

pub(super) fn close(found: Option<&Attempt>, id: AttemptId, now: Timestamp) -> Step {
    change(found, id, |attempt| attempt.used = attempt.used.or(Some(now)))
}

pub(super) fn note_outcome(found: Option<&Attempt>, id: AttemptId, outcome: SendOutcome) -> Step {
    change(found, id, |attempt| attempt.outcome = outcome)
}

/// Changes the attempt if it is still the one that is meant.
fn change(found: Option<&Attempt>, id: AttemptId, change: impl FnOnce(&mut Attempt)) -> Step {
    found.filter(|attempt| attempt.id == id).map_or(Step::Keep, |attempt| {
        let mut attempt = attempt.clone();
        change(&mut attempt);
        Step::Put(attempt)
    })
}

#[cfg(test)]
mod tests;
