use bytes::Bytes;
use http::{HeaderValue, Response, header};
use serde_json::json;

use super::answer::write_page_headers;
use super::failed_request::{FailedRequest, reference};
use super::header_class::HeaderClass;
use super::problem::Problem;
use super::shell::Shell;
use super::views::{Chrome, DeadEnd, LimitedPage, MessagePage};
use super::{language, language_choice};
use crate::domain::Origin;
use crate::gate::{self, Cookies};
use crate::system::Timestamp;

impl Shell {
    /// The answer to a problem: a page for a navigation, `application/problem+json` (RFC 9457) for
    /// anything else.
    pub(crate) fn problem(&self, problem: &Problem, failed: &FailedRequest<'_>) -> Response<Bytes> {
        let navigates = gate::is_navigation(failed.headers);
        let mut response = if navigates && !problem.is_for_programs() {
            self.problem_page(problem, failed)
        } else {
            problem_json(problem)
        };
        *response.status_mut() = problem.status();
        if let Some(challenge) = problem.challenge() {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = problem.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn problem_page(&self, problem: &Problem, failed: &FailedRequest<'_>) -> Response<Bytes> {
        let FailedRequest { here, headers, at } = *failed;
        let Some(at) = at else { return self.plain_page(problem, failed) };
        let base = self.base_at(at);
        let usual = Cookies::for_origin(at);
        let chosen = [usual, usual.framed()]
            .into_iter()
            .find_map(|cookies| language_choice::of_cookie(cookies, headers));
        let language = self.language(None, chosen, headers);
        // The query may hold an address that somebody made up: the browser knows the way back.
        let again = if matches!(problem, Problem::Application(_)) { "" } else { here };
        let links = language::chooser(&base, again);
        let chrome = Chrome { language, base: &base, here: &links };
        let home = self.home_from(Some(at), here);
        let reference = reference(headers);
        let place = ProblemPlace {
            host: at.host().as_str(),
            home: &home,
            again: if here.is_empty() { &home } else { "" },
            reference: &reference,
            of_attempt: &problem.attempt().unwrap_or_default(),
        };
        let page = message_page(problem, &place, self.system.now());
        let mut response = Response::new(Bytes::from(self.views.render(&chrome, &page)));
        let headers = response.headers_mut();
        write_page_headers(headers, language);
        let framed_by = self.map.framed_by(at).cloned().unwrap_or_default();
        HeaderClass::Page.write_framed(headers, &framed_by);
        response
    }

    /// The page at a host that is not ours, or that is not known: it tells nothing of the configuration.
    fn plain_page(&self, problem: &Problem, failed: &FailedRequest<'_>) -> Response<Bytes> {
        let FailedRequest { here, headers, .. } = *failed;
        let language = self.language(language_in(here).as_deref(), None, headers);
        let reference = reference(headers);
        let place =
            ProblemPlace { host: "", home: "", again: "", reference: &reference, of_attempt: "" };
        let page = message_page(problem, &place, self.system.now());
        let (html, policy) = self.views.plain(language, here, &page);
        let mut response = Response::new(Bytes::from(html));
        let headers = response.headers_mut();
        write_page_headers(headers, language);
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
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

/// The language that `lang=` in the query of a page names.
fn language_in(here: &str) -> Option<String> {
    let (_, query) = here.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "lang").map(|(_, tag)| tag.into_owned())
}

/// What a page about a problem names.
struct ProblemPlace<'a> {
    /// The host asked for; empty when it is not ours.
    host: &'a str,
    /// Where to go instead; empty: nowhere but to the same page again.
    home: &'a str,
    /// What may be tried again: empty: the page itself; after a form, the same as `home`.
    again: &'a str,
    reference: &'a str,
    /// That of the attempt which the problem ended; empty: none.
    of_attempt: &'a str,
}

fn message_page<'a>(
    problem: &'a Problem,
    place: &ProblemPlace<'a>,
    now: Timestamp,
) -> MessagePage<'a> {
    let ProblemPlace { host, home, again, reference, of_attempt } = *place;
    let dead_end = |why| MessagePage::DeadEnd { why, host, home };
    match problem {
        // Never shown as pages but the first. Browsers ask anew where they are misdirected.
        Problem::BadRequest
        | Problem::Misdirected
        | Problem::HeadTooLarge
        | Problem::TooSlow
        | Problem::InvalidToken
        | Problem::InvalidPersonalToken(_)
        | Problem::TokenDenied => dead_end(DeadEnd::BadRequest),
        Problem::Application(why) => MessagePage::Application { why, reference, home },
        Problem::UnknownHost => MessagePage::UnknownHost,
        Problem::NotFound => dead_end(DeadEnd::NotFound),
        Problem::MethodNotAllowed => dead_end(DeadEnd::MethodNotAllowed),
        Problem::TooLarge => dead_end(DeadEnd::TooLarge),
        Problem::Denied { phone, .. } => {
            MessagePage::Denied { phone, host, again: "", reference: of_attempt }
        }
        Problem::Network => dead_end(DeadEnd::WrongNetwork),
        Problem::NoCertificate => dead_end(DeadEnd::NoCertificate),
        Problem::Foreign => dead_end(DeadEnd::Foreign),
        Problem::Limited { limit, seconds, .. } => {
            let page = LimitedPage::new(*limit, *seconds, now);
            MessagePage::Limited(LimitedPage { home, reference: of_attempt, ..page })
        }
        Problem::Unavailable => MessagePage::Unavailable { again, reference },
        Problem::Internal => MessagePage::ServerError { reference, home },
        Problem::UpstreamDown { retry } | Problem::UpstreamSlow { retry } => {
            MessagePage::Upstream { host, reference, retry: *retry, home }
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
    if let Some(reference) = problem.attempt() {
        body["reference"] = json!(reference);
    }
    let mut response = Response::new(Bytes::from(body.to_string()));
    let content_type = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    HeaderClass::Json.write(response.headers_mut());
    response
}
