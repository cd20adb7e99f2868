//! The name of one request: what the app, the access line, the answer and a person at an error
//! page all call it by.
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::system::System;

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest that is taken from a proxy before us.
const LONGEST: usize = 64;

/// The headers of a request as our own pages see them: with the id that everybody knows it by,
/// whatever the client called it.
pub(super) fn named(headers: &HeaderMap, id: Option<&HeaderValue>) -> HeaderMap {
    let mut headers = headers.clone();
    name(&mut headers, id);
    headers
}

/// Writes the request's id over whatever is there.
pub(super) fn name(headers: &mut HeaderMap, id: Option<&HeaderValue>) {
    match id {
        Some(id) => drop(headers.insert(X_REQUEST_ID, id.clone())),
        None => drop(headers.remove(X_REQUEST_ID)),
    }
}

/// Of a request: the one that a trusted proxy gave it, when it is well-formed, else a new one of
/// 128 random bits. A client's own is never taken: it could pass for another request's.
pub(super) fn of(headers: &HeaderMap, trusted: bool, system: &System) -> HeaderValue {
    let given = || {
        let mut all = headers.get_all(X_REQUEST_ID).iter();
        let one = all.next().filter(|id| is_well_formed(id.as_bytes()));
        one.filter(|_| all.next().is_none()).cloned()
    };
    let given = if trusted { given() } else { None };
    given.unwrap_or_else(|| fresh(system.random()))
}

/// Nothing that a log or a page would have to escape.
fn is_well_formed(id: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    (1..=LONGEST).contains(&id.len()) && id.iter().all(plain)
}

fn fresh(bits: [u8; 16]) -> HeaderValue {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits: [u8; 32] = std::array::from_fn(|n| {
        let byte = bits[n / 2];
        DIGITS[usize::from(if n % 2 == 0 { byte >> 4 } else { byte & 15 })]
    });
    // Digits are always a header's value.
    HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("none"))
}
