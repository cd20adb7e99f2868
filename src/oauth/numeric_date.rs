use crate::system::Timestamp;

/// A point in time as JWTs have it: whole seconds since 1970 (RFC 7519 §2, `NumericDate`).
pub(super) fn numeric_date(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1000)
}
