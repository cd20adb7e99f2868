use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::json;

use super::views::{Chrome, Limit, MessagePage};
use super::visit::write_kind;
use super::{HeaderClass, Web};
use crate::domain::{Origin, PhoneNumber};
use crate::gate::{self, Cookies};

/// Why a request is not answered as it hoped.
#[derive(Clone, Debug)]
pub enum Problem {
    BadRequest,
    /// An application asks for what it may not have: why.
    Application(&'static str),
    UnknownHost,
    NotFound,
    MethodNotAllowed,
    /// The head of the request is too long.
    HeadTooLarge,
    /// The body of the request is too long.
    TooLarge,
    TooSlow,
    /// Signed in, but not allowed to see this.
    Denied(PhoneNumber),
    /// An access token of ours that opens nothing here.
    InvalidToken,
    /// An access token that is good, but the rule is for others.
    TokenDenied,
    /// Not from this network.
    Network,
    /// Sent by a page of another origin.
    Foreign,
    /// Too much of something; it may be tried again after so many seconds. `key`: which limit.
    Limited {
        limit: Limit,
        key: &'static str,
        seconds: u64,
    },
    /// A store does not answer.
    Unavailable,
    Internal,
    /// The app cannot be reached. `retry`: the request may be sent again as it was.
    UpstreamDown {
        retry: bool,
    },
    UpstreamSlow {
        retry: bool,
    },
}

impl Problem {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest | Self::Application(_) => StatusCode::BAD_REQUEST,
            Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::UnknownHost | Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Denied(_) | Self::TokenDenied | Self::Network | Self::Foreign => {
                StatusCode::FORBIDDEN
            }
            Self::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::UpstreamDown { .. } => StatusCode::BAD_GATEWAY,
            Self::UpstreamSlow { .. } => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

impl Problem {
    const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Limited { seconds, .. } => Some(*seconds),
            Self::Unavailable => Some(5),
            _ => None,
        }
    }

    /// RFC 6750 §3: what is wrong with the token that was sent.
    const fn asks_for(&self) -> Option<&'static str> {
        match self {
            Self::InvalidToken => Some("Bearer error=\"invalid_token\""),
            _ => None,
        }
    }

    /// Whether no person is there to read a page.
    const fn is_for_programs(&self) -> bool {
        matches!(self, Self::InvalidToken | Self::TokenDenied)
    }
}

impl Web {
    /// The answer to a problem: a page for a browser that goes to one, `application/problem+json`
    /// (RFC 9457) for everybody else. `headers` are the request's, with the id that it was given.
    /// `at` is the origin asked for, if it is one of ours.
    pub fn problem(
        &self,
        problem: &Problem,
        headers: &HeaderMap,
        at: Option<&Origin>,
    ) -> Response<Bytes> {
        let status = problem.status();
        let mut response = if gate::is_navigation(headers) && !problem.is_for_programs() {
            self.problem_page(problem, headers, at)
        } else {
            let title = status.canonical_reason().unwrap_or_default();
            let why = match problem {
                Problem::Application(why) => why,
                _ => title,
            };
            // `error` and `error_description` are what SDKs look for that were led here by a wrong
            // address.
            let mut body = json!({
                "type": "about:blank", "title": title, "status": status.as_u16(),
                "error": title.to_ascii_lowercase().replace(' ', "_"), "error_description": why,
            });
            if let Problem::Application(why) = problem {
                body["detail"] = json!(why);
            }
            if let Problem::Limited { key, .. } = problem {
                body["limit"] = json!(key);
            }
            let mut response = Response::new(Bytes::from(body.to_string()));
            let kind = HeaderValue::from_static("application/problem+json");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            HeaderClass::Json.write(response.headers_mut());
            response
        };
        *response.status_mut() = status;
        if let Some(how) = problem.asks_for() {
            let how = HeaderValue::from_static(how);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
        }
        if let Some(seconds) = problem.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn problem_page(
        &self,
        problem: &Problem,
        headers: &HeaderMap,
        at: Option<&Origin>,
    ) -> Response<Bytes> {
        let reference = reference(headers);
        let base = self.base_at(at);
        let language = self.language(None, at.map(Cookies::for_origin), headers);
        let chrome = Chrome { language, base: &base, here: "" };
        let host = at.map(|origin| origin.host().as_str()).unwrap_or_default();
        let home = self.home_at(at).map(|site| format!("{}/", site.place));
        let home = home.as_deref().unwrap_or_default();
        let right: Vec<String> =
            self.map.sites().iter().map(|site| site.place.to_string()).collect();
        let page = match problem {
            // The last two have no page.
            Problem::BadRequest
            | Problem::HeadTooLarge
            | Problem::TooSlow
            | Problem::InvalidToken
            | Problem::TokenDenied => MessagePage::BadRequest,
            Problem::Application(why) => MessagePage::Application { why },
            Problem::UnknownHost => MessagePage::UnknownHost { right: &right },
            Problem::NotFound => MessagePage::NotFound,
            Problem::MethodNotAllowed => MessagePage::MethodNotAllowed,
            Problem::TooLarge => MessagePage::TooLarge,
            Problem::Denied(phone) => MessagePage::Denied { phone, host, again: "" },
            Problem::Network => MessagePage::WrongNetwork { host },
            Problem::Foreign => MessagePage::Foreign { host },
            Problem::Limited { limit, seconds, .. } => {
                let (limit, seconds) = (*limit, *seconds);
                let until = self.system.now() + Duration::from_secs(seconds);
                MessagePage::Limited { limit, seconds, until, again: home }
            }
            Problem::Unavailable => MessagePage::Unavailable { again: "" },
            Problem::Internal => MessagePage::ServerError { reference },
            Problem::UpstreamDown { retry } | Problem::UpstreamSlow { retry } => {
                MessagePage::Upstream { host, reference, retry: *retry }
            }
        };
        let mut response = Response::new(Bytes::from(self.pages.render(&chrome, &page)));
        let headers = response.headers_mut();
        write_kind(headers, language);
        if at.is_none() {
            self.allow_issuer_assets(headers);
        }
        HeaderClass::Page.write(headers);
        response
    }

    /// What precedes our paths at an origin. A host that is not ours serves no assets, so that
    /// its page takes them from the issuer.
    fn base_at(&self, at: Option<&Origin>) -> String {
        match at {
            Some(origin) if self.map.sites().iter().any(|s| s.place.origin == *origin) => {
                self.map.prefix().to_owned()
            }
            Some(_) => self.map.issuer().base().to_owned(),
            None => self.map.issuer().url(""),
        }
    }

    fn allow_issuer_assets(&self, headers: &mut HeaderMap) {
        let issuer = self.map.issuer().origin();
        let policy = format!(
            "default-src 'none'; script-src {issuer}; style-src {issuer}; img-src {issuer}; \
             base-uri 'none'; frame-ancestors 'none'"
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// What a person can quote and an operator can find in the access log: the request's id, which
/// the proxy has written over whatever the client sent.
fn reference(headers: &HeaderMap) -> &str {
    headers.get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default()
}
