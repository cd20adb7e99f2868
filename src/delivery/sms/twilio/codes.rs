use std::ops::RangeInclusive;

use crate::delivery::Failure;
use crate::delivery::sms::http_api::{Codes, meaning};

/// The name in `sms.providers`, the log and the metrics.
pub(in crate::delivery::sms) const NAME: &str = "twilio";

/// THE table of Twilio's error codes that a text can meet, by what they mean. No other code may
/// depend on one: Twilio splits them over time. Source: Twilio's error and warning dictionary.
const CODES: Codes = &[
    // Account, credentials and addresses of the API.
    (Failure::Misconfigured, &[10001, 10002, 20003, 20005, 20006, 20008, 20010, 20404, 90010]),
    // Too many requests, or a full queue.
    (Failure::Overloaded, &[14107, 20429, 21611, 30001, 30022]),
    // Twilio's own failures.
    (Failure::Broken, &[20500, 20503, 21730, 30017, 30020, 30021]),
    // No such number.
    (Failure::BadNumber, &[21211, 21217, 21401, 21421, 21604, 30005, 30014, 63024]),
    // The number gets no texts: a landline, a short code, a premium number, or the sender itself.
    (Failure::NotMobile, &[21202, 21214, 21265, 21266, 21614, 21635, 30006, 60205, 60600, 60612]),
    // Switched off, out of reach, or not in time.
    (Failure::NotReached, &[30003, 30008, 30036]),
    // Whether it arrived is not known.
    (Failure::Unclear, &[30046, 30410]),
    // The person answered STOP, or blocks the sender.
    (Failure::OptedOut, &[21610, 63033]),
    // Too many texts to this number.
    (Failure::TooMany, &[60202, 60203, 60212]),
    // Geo permissions, or a sanctioned country.
    (Failure::CountryNotServed, &[21203, 21215, 21408]),
    // The text itself.
    (Failure::TextRefused, &[21602, 21605, 21617, 21618, 21619, 30019]),
    // The sender, or the pair of sender and number.
    (
        Failure::Misconfigured,
        &[
            21210, 21212, 21213, 21219, 21264, 21267, 21603, 21606, 21607, 21608, 21612, 21616,
            21657, 21659, 21660, 21661, 21662, 21663, 21664, 21665, 21666, 21667, 21668, 21910,
            30002, 30024, 30037, 30040, 30041, 30042, 30043,
        ],
    ),
    // Parameters of the request.
    (
        Failure::Misconfigured,
        &[
            21609, 21620, 21621, 21622, 21623, 21624, 21626, 21627, 21652, 21653, 21654, 21655,
            21656, 21658, 30010, 30011, 30012, 30013, 30015, 30016, 30028, 30029, 30030, 30031,
            30044, 30045,
        ],
    ),
    // Messages that the account may have in a day.
    (Failure::Misconfigured, &[30023, 30027, 30454, 63038]),
    // Filtered, or the sender is not registered with the carriers.
    (Failure::Blocked, &[30004, 30007, 30018, 30032, 30033, 30034, 30035, 30038, 30039]),
    // Pumping protection, blocked prefixes, sign-up fraud.
    (Failure::Fraud, &[30450, 30453, 60410, 60412, 60605]),
];

/// What a code means that is not in [`CODES`], by the ranges of Twilio's dictionary.
const CLASSES: &[(RangeInclusive<u32>, Failure)] = &[
    // Accounts, credentials, access tokens and parameters of any API.
    (20_000..=20_499, Failure::Misconfigured),
    (20_500..=20_599, Failure::Broken),
    (21_000..=21_199, Failure::Misconfigured),
    // Messaging services and US registrations; templates of India.
    (21_700..=21_799, Failure::Misconfigured),
    (21_900..=21_909, Failure::Misconfigured),
    // What carriers report.
    (30_000..=30_099, Failure::Blocked),
    // Link shortening, toll-free and US registrations.
    (30_100..=30_199, Failure::Misconfigured),
    (30_436..=30_599, Failure::Misconfigured),
    (30_700..=30_999, Failure::Misconfigured),
];

pub(in crate::delivery::sms) fn by_code(code: u32) -> Option<Failure> {
    let class = CLASSES.iter().find(|(codes, _)| codes.contains(&code));
    meaning(CODES, code).or_else(|| class.map(|(_, failure)| *failure))
}

/// `SM` or `MM` and 32 hex digits.
pub(super) fn is_message_sid(text: &str) -> bool {
    is_sid("SM", text) || is_sid("MM", text)
}

/// Two letters and 32 hex digits. Strict, because ids are logged.
pub(in crate::delivery::sms) fn is_sid(kind: &str, text: &str) -> bool {
    let hex = text.strip_prefix(kind);
    hex.is_some_and(|hex| hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}
