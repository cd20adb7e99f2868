//! `X-Request-Id`: one id per request, in what the app gets, in the access log, in the answer and on
//! error pages.
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::system::System;

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Limit for an id from a trusted proxy, bytes.
const MAX_LENGTH: usize = 64;

/// A copy of a request's headers with our id in place of the client's, for `web`.
pub(super) fn with_id(headers: &HeaderMap, id: Option<&HeaderValue>) -> HeaderMap {
    let mut headers = headers.clone();
    set(&mut headers, id);
    headers
}

/// Replaces the client's id.
pub(super) fn set(headers: &mut HeaderMap, id: Option<&HeaderValue>) {
    match id {
        Some(id) => drop(headers.insert(X_REQUEST_ID, id.clone())),
        None => drop(headers.remove(X_REQUEST_ID)),
    }
}

/// The id of a request: the one that a trusted proxy gave it, if it is well-formed, else a new one of
/// 122 random bits. A client's own is not used: it could be another request's.
pub(super) fn choose(headers: &HeaderMap, trusted: bool, system: &System) -> HeaderValue {
    let given = if trusted { well_formed(headers) } else { None };
    given.unwrap_or_else(|| random(system.random()))
}

/// The one id that a request has, if it is well-formed.
fn well_formed(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut all = headers.get_all(X_REQUEST_ID).iter();
    let first = all.next().filter(|id| is_well_formed(id.as_bytes()));
    first.filter(|_| all.next().is_none()).cloned()
}

/// Whether an id needs no escaping in a log or a page.
fn is_well_formed(id: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    (1..=MAX_LENGTH).contains(&id.len()) && id.iter().all(plain)
}

/// 32 hexadecimal digits, of which the last eight are decimal: error pages show those, so that people
/// can read them aloud in any language.
fn random(bits: [u8; 16]) -> HeaderValue {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [0; 32];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bits) {
        pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    let [.., a, b, c, d] = bits;
    let mut number = u32::from_be_bytes([a, b, c, d]);
    for digit in digits[24..].iter_mut().rev() {
        *digit = DIGITS[usize::try_from(number % 10).unwrap_or_default()];
        number /= 10;
    }
    // Hex digits are always a valid header value.
    HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("none"))
}
