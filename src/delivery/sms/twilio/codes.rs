use std::ops::RangeInclusive;

use crate::delivery::Failure;

/// The name in `sms.providers`, the log and the metrics.
pub(in crate::delivery::sms) const NAME: &str = "twilio";

/// THE table of Twilio's error codes. No other code may depend on one: Twilio splits them over
/// time.
const CODES: [(u32, Failure); 32] = [
    (20003, Failure::Misconfigured),    // wrong credentials
    (20429, Failure::Overloaded),       // too many requests
    (21211, Failure::BadNumber),        // not a valid number
    (21212, Failure::Misconfigured),    // the sender is not a valid one
    (21408, Failure::CountryNotServed), // country switched off, or under sanctions
    (21602, Failure::TextRefused),      // no text
    (21603, Failure::Misconfigured),    // no sender
    (21606, Failure::Misconfigured),    // the sender cannot text
    (21608, Failure::Misconfigured),    // trial account, number not verified
    (21610, Failure::OptedOut),         // the person answered STOP
    (21611, Failure::Overloaded),       // the sender's queue is full
    (21612, Failure::Misconfigured),    // no way from this sender to this number
    (21614, Failure::NotMobile),        // not a mobile number
    (21617, Failure::TextRefused),      // text too long
    (21703, Failure::Misconfigured),    // messaging service without senders
    (21705, Failure::Misconfigured),    // no such messaging service
    (30001, Failure::Overloaded),       // queue overflow
    (30002, Failure::Misconfigured),    // account suspended
    (30003, Failure::NotReached),       // handset off or out of reach
    (30004, Failure::Blocked),          // blocked by the recipient or the carrier
    (30005, Failure::BadNumber),        // unknown number
    (30006, Failure::NotMobile),        // landline or unreachable carrier
    (30007, Failure::Blocked),          // filtered
    (30008, Failure::NotReached),       // unknown
    (30034, Failure::Blocked),          // sender not registered with US carriers
    (30450, Failure::Fraud),            // pumping protection
    (30453, Failure::Fraud),            // pumping protection
    (60202, Failure::TooMany),          // too many checks of one number
    (60203, Failure::TooMany),          // too many texts to one number
    (60212, Failure::TooMany),          // too many texts at once to one number
    (60410, Failure::Fraud),            // prefix blocked
    (60412, Failure::Fraud),            // sign-up fraud
];

/// For responses whose code is missing or unknown; the first row that matches.
///
/// After 502 and 504 it is unknown whether the text was sent. Any other refusal with an unknown
/// code may be retried with the next provider: a login that fails for a code not listed here is
/// worse than one more refused text.
const STATUSES: [(RangeInclusive<u16>, Failure); 8] = [
    (200..=299, Failure::Unclear),
    (401..=401, Failure::Misconfigured),
    (403..=404, Failure::Misconfigured),
    (429..=429, Failure::Overloaded),
    (502..=502, Failure::Unclear),
    (504..=504, Failure::Unclear),
    (500..=599, Failure::Broken),
    (0..=u16::MAX, Failure::Unexpected),
];

pub(super) fn by_code(code: u32) -> Option<Failure> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, failure)| *failure)
}

pub(super) fn by_status(status: u16) -> Failure {
    let row = STATUSES.iter().find(|(statuses, _)| statuses.contains(&status));
    row.map_or(Failure::Unexpected, |(_, failure)| *failure)
}

/// `SM` or `MM` and 32 hex digits. Strict, because the id is logged.
pub(super) fn is_message_sid(text: &str) -> bool {
    let hex = text.strip_prefix("SM").or_else(|| text.strip_prefix("MM"));
    hex.is_some_and(|hex| hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}
