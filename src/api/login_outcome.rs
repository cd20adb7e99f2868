//! How the verdict on a one-time code is answered: the one table for every endpoint that takes a
//! code. Judges no code: `login` does.
use http::StatusCode;

use super::error::{ApiError, RateLimit};
use super::state::Api;
use crate::domain::AttemptId;
use crate::login::{CheckedCode, DeadReason, RateLimited, Verdict};

/// The same for a wrong code, a number that no code was sent to, and one that does not exist.
pub(super) const WRONG: &str = "Wrong phone number or verification code.";
const EXPIRED: &str = "The verification code has expired. Please try to login again.";
const NO_TRIES: &str = "You've reached the maximum number of attempts. Please try to login again.";

/// The status and code of an endpoint for the same refusals: Auth0's differ.
pub(super) struct ErrorDialect {
    wrong: (StatusCode, &'static str),
    blocked: (StatusCode, &'static str, &'static str),
}

impl ErrorDialect {
    /// Of `/oauth/token`.
    pub(super) const TOKEN: Self = Self {
        wrong: (StatusCode::FORBIDDEN, "invalid_grant"),
        blocked: (StatusCode::UNAUTHORIZED, "unauthorized", "user is blocked"),
    };
    /// Of `/co/authenticate`.
    pub(super) const CO_AUTHENTICATE: Self = Self {
        wrong: (StatusCode::FORBIDDEN, "access_denied"),
        blocked: (StatusCode::FORBIDDEN, "blocked_user", "Blocked user"),
    };
    /// Of `/oauth/ro` and `/passwordless/verify`, which are older than the token endpoint.
    pub(super) const LEGACY: Self = Self {
        wrong: (StatusCode::UNAUTHORIZED, "invalid_user_password"),
        blocked: (StatusCode::UNAUTHORIZED, "unauthorized", "user is blocked"),
    };
}

/// What a right code gave, and the attempt that it is of.
///
/// # Errors
///
/// In the words of an endpoint. They name the attempt, but for a wrong code: whoever types one must not
/// learn whether a code was sent.
pub(super) fn right_code<R>(
    checked: CheckedCode<R>,
    dialect: &ErrorDialect,
    api: &Api,
) -> Result<(R, Option<AttemptId>), ApiError> {
    let CheckedCode { attempt, verdict } = checked;
    let verdict = verdict.map_err(|error| ApiError::from(error).of_attempt(attempt))?;
    match outcome(verdict) {
        Ok(given) => Ok((given, attempt)),
        Err(wrong @ LoginRefusal::Wrong) => Err(wrong.into_error(dialect, api)),
        Err(refusal) => Err(refusal.into_error(dialect, api).of_attempt(attempt)),
    }
}

/// Why a code logs nobody in.
pub(super) enum LoginRefusal {
    Wrong,
    Expired,
    NoTries,
    Blocked,
    /// Nobody can say whether the code is right.
    Unavailable,
    Limited(RateLimited),
}

/// What a right code gave.
///
/// # Errors
///
/// [`LoginRefusal`].
pub(super) fn outcome<R>(verdict: Verdict<R>) -> Result<R, LoginRefusal> {
    Err(match verdict {
        Verdict::Right(given) => return Ok(given),
        Verdict::Over(DeadReason::Expired) => LoginRefusal::Expired,
        Verdict::Over(DeadReason::NoTriesLeft) => LoginRefusal::NoTries,
        Verdict::WrongLength | Verdict::Wrong { .. } | Verdict::Over(_) => LoginRefusal::Wrong,
        Verdict::Blocked => LoginRefusal::Blocked,
        Verdict::Unavailable => LoginRefusal::Unavailable,
        Verdict::Limited(limited) => LoginRefusal::Limited(limited),
    })
}

impl LoginRefusal {
    /// The answer of an endpoint.
    pub(super) fn into_error(self, dialect: &ErrorDialect, api: &Api) -> ApiError {
        let (status, error) = dialect.wrong;
        match self {
            Self::Wrong => ApiError::new(status, error, WRONG),
            Self::Expired => ApiError::new(status, error, EXPIRED),
            Self::NoTries => ApiError::new(status, error, NO_TRIES),
            Self::Blocked => {
                let (status, error, text) = dialect.blocked;
                ApiError::new(status, error, text)
            }
            Self::Unavailable => ApiError::unavailable(),
            Self::Limited(limited) => {
                ApiError::too_many("too_many_attempts", RateLimit::of(&limited, api))
            }
        }
    }
}
