use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use serde_json::json;

use super::answer::write_page_headers;
use super::header_class::HeaderClass;
use super::problem::Problem;
use super::shell::Shell;
use super::views::{Chrome, MessagePage, Views};
use crate::domain::Origin;
use crate::gate::{self, Cookies};
use crate::system::Timestamp;
use crate::words::Language;

impl Shell {
    /// The answer to a problem: a page for a navigation, `application/problem+json` (RFC 9457) for
    /// anything else. `headers` are the request's, with the id that it was given; `at` is the
    /// origin asked for, if it is one of ours.
    pub(crate) fn problem(
        &self,
        problem: &Problem,
        headers: &HeaderMap,
        at: Option<&Origin>,
    ) -> Response<Bytes> {
        let mut response = if gate::is_navigation(headers) && !problem.is_for_programs() {
            self.problem_page(problem, headers, at)
        } else {
            problem_json(problem)
        };
        *response.status_mut() = problem.status();
        if let Some(challenge) = problem.challenge() {
            let challenge = HeaderValue::from_static(challenge);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
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
        let language = self.language(None, at.map(Cookies::for_origin), headers);
        let Some(at) = at else { return plain_page(problem, language, headers, self.system.now()) };
        let base = self.base_at(at);
        let chrome = Chrome { language, base: &base, here: "" };
        let home = self.home_at(Some(at)).map(|site| format!("{}/", site.url)).unwrap_or_default();
        let place =
            ProblemPlace { host: at.host().as_str(), home: &home, reference: reference(headers) };
        let page = message_page(problem, &place, self.system.now());
        let mut response = Response::new(Bytes::from(self.views.render(&chrome, &page)));
        let headers = response.headers_mut();
        write_page_headers(headers, language);
        HeaderClass::Page.write(headers);
        response
    }

    /// What precedes our paths at an origin.
    fn base_at(&self, at: &Origin) -> String {
        if self.map.sites().iter().any(|site| site.url.origin == *at) {
            self.map.prefix().to_owned()
        } else {
            self.map.issuer().base().to_owned()
        }
    }
}

/// The page at a host that is not ours, or that is not known: it tells nothing of the configuration.
fn plain_page(
    problem: &Problem,
    language: &Language,
    headers: &HeaderMap,
    now: Timestamp,
) -> Response<Bytes> {
    let place = ProblemPlace { host: "", home: "", reference: reference(headers) };
    let (html, policy) = Views::plain(language, &message_page(problem, &place, now));
    let mut response = Response::new(Bytes::from(html));
    let headers = response.headers_mut();
    write_page_headers(headers, language);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    HeaderClass::Page.write(headers);
    response
}

/// For people to quote and operators to find in the access log: the request's id, which the proxy
/// has put in the place of any that the client sent.
fn reference(headers: &HeaderMap) -> &str {
    headers.get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default()
}

/// What a page about a problem names.
struct ProblemPlace<'a> {
    /// The host asked for; empty when it is not ours.
    host: &'a str,
    /// The first page of a site; empty when it is not known which.
    home: &'a str,
    reference: &'a str,
}

fn message_page<'a>(
    problem: &'a Problem,
    place: &ProblemPlace<'a>,
    now: Timestamp,
) -> MessagePage<'a> {
    let ProblemPlace { host, home, reference } = *place;
    match problem {
        // The last two are never shown as pages.
        Problem::BadRequest
        | Problem::HeadTooLarge
        | Problem::TooSlow
        | Problem::InvalidToken
        | Problem::TokenDenied => MessagePage::BadRequest,
        Problem::Application(why) => MessagePage::Application { why },
        Problem::UnknownHost => MessagePage::UnknownHost,
        Problem::NotFound => MessagePage::NotFound,
        Problem::MethodNotAllowed => MessagePage::MethodNotAllowed,
        Problem::TooLarge => MessagePage::TooLarge,
        Problem::Denied(phone) => MessagePage::Denied { phone, host, again: "" },
        Problem::Network => MessagePage::WrongNetwork { host },
        Problem::Foreign => MessagePage::Foreign { host },
        Problem::Limited { limit, seconds, .. } => {
            let (limit, seconds) = (*limit, *seconds);
            let until = now + Duration::from_secs(seconds);
            MessagePage::Limited { limit, seconds, until, again: home }
        }
        Problem::Unavailable => MessagePage::Unavailable { again: "" },
        Problem::Internal => MessagePage::ServerError { reference },
        Problem::UpstreamDown { retry } | Problem::UpstreamSlow { retry } => {
            MessagePage::Upstream { host, reference, retry: *retry }
        }
    }
}

fn problem_json(problem: &Problem) -> Response<Bytes> {
    let status = problem.status();
    let title = status.canonical_reason().unwrap_or_default();
    let description = match problem {
        Problem::Application(why) => why,
        _ => title,
    };
    // `error` and `error_description` are for OAuth clients that were configured with a wrong URL.
    let mut body = json!({
        "type": "about:blank", "title": title, "status": status.as_u16(),
        "error": title.to_ascii_lowercase().replace(' ', "_"), "error_description": description,
    });
    if let Problem::Application(why) = problem {
        body["detail"] = json!(why);
    }
    if let Problem::Limited { key, .. } = problem {
        body["limit"] = json!(key);
    }
    let mut response = Response::new(Bytes::from(body.to_string()));
    let content_type = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    HeaderClass::Json.write(response.headers_mut());
    response
}
