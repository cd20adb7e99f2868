use std::ops::RangeInclusive;

use crate::delivery::Failure;

/// What the status of an answer means whose error code is missing or unknown; the first row that
/// matches.
///
/// After 502 and 504 it is unknown whether the text was sent, since a gateway of the provider lost
/// the answer; a success whose body is not the documented one may have sent it. Any other refusal
/// may be retried with the next provider: a login that fails for a code not listed is worse than one
/// more refused text.
const STATUSES: [(RangeInclusive<u16>, Failure); 9] = [
    (200..=299, Failure::Unclear),
    (401..=402, Failure::Misconfigured),
    (403..=405, Failure::Misconfigured),
    (408..=408, Failure::Unclear),
    (429..=429, Failure::Overloaded),
    (502..=502, Failure::Unclear),
    (504..=504, Failure::Unclear),
    (500..=599, Failure::Broken),
    (0..=u16::MAX, Failure::Unexpected),
];

pub(super) fn meaning(status: u16) -> Failure {
    let row = STATUSES.iter().find(|(statuses, _)| statuses.contains(&status));
    row.map_or(Failure::Unexpected, |(_, failure)| *failure)
}
