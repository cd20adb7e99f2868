//! Answers to heads that Pingora's parser refuses: a malformed field, `CONNECT`, more than 256
//! fields. Pingora writes a bare status before any hook is called. The connection's stream replaces
//! it, so that such a request too has an id, a proper answer and a line in the access log. What was
//! requested is not known.
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::access_log::AccessLine;
use super::answer_headers::AnswerHeaders;
use super::decision::DecisionLabel;
use super::head;
use super::snapshot::Shared;

use super::request_id;
use crate::pages::Problem;
use crate::system::Timestamp;

/// The start of every HTTP/1.1 answer; no HTTP/2 frame before the first request begins like this.
const BARE: &[u8] = b"HTTP/1.1 ";

pub(super) struct ParserErrors(Shared);

impl ParserErrors {
    pub(super) const fn new(shared: Shared) -> Self {
        Self(shared)
    }

    /// The answer that replaces what Pingora writes before a head is complete. Logs the request. `None`:
    /// those bytes are no answer.
    pub(super) fn replacement(&self, bytes: &[u8], from: Option<IpAddr>) -> Option<Bytes> {
        let status = bytes.strip_prefix(BARE)?.first_chunk::<3>()?;
        let problem = match StatusCode::from_bytes(status).ok()? {
            StatusCode::METHOD_NOT_ALLOWED => Problem::MethodNotAllowed,
            _ => Problem::BadRequest,
        };
        let (live, now) = (self.0.snapshot.load(), self.0.system.now());
        let id = request_id::choose(&HeaderMap::new(), false, &self.0.system);
        let mut answer = head::refusal(&problem, &HeaderMap::new(), (&live.web, None));
        let headers = AnswerHeaders { request_id: Some(id.clone()), ..AnswerHeaders::default() };
        headers.apply_to_own(answer.headers_mut());
        finish(&mut answer, now);
        live.requests.count(None, DecisionLabel::BadRequest.as_str(), answer.status().as_u16());
        self.0.access_log.write(&AccessLine {
            at: now,
            client: from,
            method: "",
            host: "",
            path: "",
            status: answer.status().as_u16(),
            bytes: answer.body().len(),
            took: Duration::ZERO,
            decision: DecisionLabel::BadRequest.as_str(),
            would: None,
            user: None,
            error: Some("InvalidHTTPHeader"),
            site: None,
            upstream: None,
            request_id: id.to_str().ok(),
        });
        Some(to_bytes(&answer))
    }
}

/// Adds what Pingora adds to an answer.
fn finish(answer: &mut Response<Bytes>, now: Timestamp) {
    let length = answer.body().len();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    let time = jiff::Timestamp::from_millisecond(now.as_millis()).unwrap_or_default();
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&time);
    if let Some(date) = date.ok().and_then(|date| HeaderValue::try_from(date).ok()) {
        headers.insert(DATE, date);
    }
}

/// In HTTP/1.1 message format (RFC 9112 §2.1).
fn to_bytes(answer: &Response<Bytes>) -> Bytes {
    let mut bytes = [BARE, answer.status().as_str().as_bytes(), b" "].concat();
    bytes.extend_from_slice(answer.status().canonical_reason().unwrap_or_default().as_bytes());
    bytes.extend_from_slice(b"\r\n");
    for (name, value) in answer.headers() {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(answer.body());
    bytes.into()
}
