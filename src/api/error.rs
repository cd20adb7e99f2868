use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use super::params::Unreadable;
use super::refusal::ApiRefusal;
use super::state::Api;
use crate::domain::{AttemptId, AttemptReference, Origin};
use crate::login::{RateLimited, StartChallenge};
use crate::oauth::GrantType;
use crate::pages::Problem;
use crate::pages::problem::{INVALID_TOKEN_CHALLENGE, RETRY_AFTER_FAILURE};
use crate::store::StoreError;

/// An error response (RFC 6749 §5.2), as clients of Auth0's Authentication API expect it.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    /// Holds the `error` code.
    refusal: Box<ApiRefusal>,
    description: Cow<'static, str>,
    uri: Option<&'static str>,
    /// Of the login attempt that failed.
    reference: Option<AttemptReference>,
    limit: Option<RateLimit>,
    challenge: Option<Challenge>,
    puzzle: Option<Box<OfferedPuzzle>>,
}

/// What can be solved in place of the refusal.
#[derive(Debug)]
struct OfferedPuzzle {
    text: String,
    bits: u8,
}

/// `WWW-Authenticate` (RFC 9110 §11.6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Another token is needed (RFC 6750 §3).
    Bearer,
    /// The client's secret is needed (RFC 7617 §2).
    Basic,
}

impl Challenge {
    const fn value(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Bearer => INVALID_TOKEN_CHALLENGE,
            Self::Basic => "Basic realm=\"clients\", charset=\"UTF-8\"",
        })
    }
}

/// A rate limit that was exceeded, as the headers of the answer show it.
#[derive(Clone, Copy, Debug)]
pub(super) struct RateLimit {
    /// How many there may be.
    pub(super) most: u32,
    /// Until there is room again.
    pub(super) seconds: u64,
    /// The same as a point in time, in seconds since 1970.
    pub(super) reset: i64,
}

impl RateLimit {
    /// The headers for a limit of `login`.
    pub(super) fn of(limited: &RateLimited, api: &Api) -> Self {
        let seconds = limited.retry_after.as_secs().max(1);
        let most = api.login().settings().limits.maximum_of(limited.row);
        let now = api.shell().system().now().as_millis().div_euclid(1000);
        Self { most, seconds, reset: now.saturating_add_unsigned(seconds) }
    }
}

impl ApiError {
    pub(super) fn new(
        status: StatusCode,
        error: &'static str,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        let description = description.into();
        let refusal = Box::new(ApiRefusal::described(error, &description));
        Self {
            status,
            refusal,
            description,
            uri: None,
            reference: None,
            limit: None,
            challenge: None,
            puzzle: None,
        }
    }

    pub(super) fn bad(error: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, description)
    }

    /// Status 403, which Auth0 gives where RFC 6749 §5.2 has 400.
    pub(super) fn forbidden(
        error: &'static str,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(StatusCode::FORBIDDEN, error, description)
    }

    /// Replaces the reason in the log, which else is the description.
    pub(super) fn because(self, why: &'static str) -> Self {
        Self { refusal: Box::new(self.refusal.because(why)), ..self }
    }

    /// Adds to the log what the configuration does not list; see [`ApiRefusal::naming`].
    pub(super) fn naming(self, text: &str) -> Self {
        Self { refusal: Box::new(self.refusal.naming(text)), ..self }
    }

    /// The same for a URL, with what it differs in from the one that it must be.
    pub(super) fn naming_other(self, url: &str, expected: &str) -> Self {
        let refusal = self.refusal.naming_unlisted(url, std::iter::once(expected));
        Self { refusal: Box::new(refusal), ..self }
    }

    /// The request came from a page that is none of the client's.
    pub(super) fn foreign(self, page: &Origin) -> Self {
        self.because("the origin is none of the client's web_origins").naming(&page.to_string())
    }

    /// Adds `error_uri`.
    pub(super) fn at(self, uri: &'static str) -> Self {
        Self { uri: Some(uri), ..self }
    }

    /// Adds the `reference` of a login attempt, if there was one, by which an operator finds its story.
    pub(super) fn of_attempt(self, attempt: impl Into<Option<AttemptId>>) -> Self {
        Self { reference: attempt.into().map(AttemptReference::from), ..self }
    }

    pub(super) fn too_many(error: &'static str, limit: RateLimit) -> Self {
        let seconds = limit.seconds;
        let unit = if seconds == 1 { "second" } else { "seconds" };
        let description = format!("Too many requests. Try again in {seconds} {unit}.");
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { limit: Some(limit), ..Self::new(status, error, description) }
    }

    /// 429 for a limit of `login`.
    pub(super) fn limited(limited: &RateLimited, api: &Api) -> Self {
        Self::too_many("too_many_requests", RateLimit::of(limited, api))
    }

    /// An unknown client, or a wrong secret.
    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized")
    }

    pub(super) fn not_granted(grant: GrantType) -> Self {
        let grant = grant.grant_type();
        let text = format!("Grant type '{grant}' not allowed for the client.");
        Self::forbidden("unauthorized_client", text)
            .because("the client may not use this grant")
            .at("https://auth0.com/docs/clients/client-grant-types")
    }

    /// The body did not arrive, or not all of it.
    pub(super) fn unread(why: &Problem) -> Self {
        let text = match why {
            Problem::TooLarge => "the body is too long",
            Problem::TooSlow => "the body did not come in time",
            _ => "the body cannot be read",
        };
        Self::new(why.status(), "invalid_request", text)
    }

    /// Status, `error` and description when a store or the signing of a token fails.
    pub(super) const UNAVAILABLE: (StatusCode, &'static str, Cow<'static, str>) = (
        StatusCode::SERVICE_UNAVAILABLE,
        "temporarily_unavailable",
        Cow::Borrowed("Try again in a moment."),
    );

    pub(super) fn unavailable() -> Self {
        let (status, error, description) = Self::UNAVAILABLE;
        Self::new(status, error, description)
    }

    /// Adds the puzzle that can be solved in place of the refusal.
    pub(super) fn with_puzzle(self, asked: &StartChallenge) -> Self {
        let puzzle = OfferedPuzzle { text: asked.puzzle.clone(), bits: asked.bits };
        Self { puzzle: Some(Box::new(puzzle)), ..self }
    }

    pub(super) fn with_challenge(self, challenge: Challenge) -> Self {
        Self { challenge: Some(challenge), ..self }
    }
}

impl From<Unreadable> for ApiError {
    fn from(why: Unreadable) -> Self {
        Self::bad(why.error(), why.to_string()).because(why.told())
    }
}

/// The failure was logged where it happened.
impl From<StoreError> for ApiError {
    fn from(_: StoreError) -> Self {
        Self::unavailable()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body =
            json!({ "error": self.refusal.error, "error_description": self.description });
        if let Some(uri) = self.uri {
            body["error_uri"] = json!(uri);
        }
        if let Some(reference) = self.reference {
            body["reference"] = json!(reference.in_groups());
        }
        if let Some(OfferedPuzzle { text, bits }) = self.puzzle.as_deref() {
            body["challenge"] = json!({ "puzzle": text, "bits": bits });
        }
        let mut response = (self.status, body.to_string()).into_response();
        // Failures of stores and exceeded limits are logged where they happen.
        if self.limit.is_none() && !self.status.is_server_error() {
            response.extensions_mut().insert(*self.refusal);
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_FAILURE));
        }
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, challenge.value());
        }
        if let Some(RateLimit { most, seconds, reset }) = self.limit {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
            for (name, value) in [
                ("x-ratelimit-limit", HeaderValue::from(most)),
                ("x-ratelimit-remaining", HeaderValue::from(0)),
                ("x-ratelimit-reset", HeaderValue::from(reset)),
            ] {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
