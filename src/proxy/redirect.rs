//! Plain http beside https: leads to the same page by https, and serves nothing but the answers to an
//! authority's challenges (RFC 8555 §8.3).
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use pingora_http::RequestHeader;

use super::connection::Connection;
use super::snapshot::ConfigSnapshot;
use crate::acme::Challenges;
use crate::gate;

/// Answers every request on `server.redirect_listen`.
pub(super) struct HttpsRedirect {
    pub(super) snapshot: Arc<ArcSwap<ConfigSnapshot>>,
    pub(super) challenges: Arc<Challenges>,
}

#[async_trait]
impl ServeHttp for HttpsRedirect {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let request = session.req_header();
        if let Some(connection) = Connection::of(session.digest()) {
            connection.head_complete(request.version, false);
        }
        let answer = self.answer(request);
        // Who stays should stay on https.
        session.set_keepalive(None);
        answer
    }
}

impl HttpsRedirect {
    fn answer(&self, request: &RequestHeader) -> Response<Vec<u8>> {
        let Ok(authority) = gate::authority(request) else {
            return answer(StatusCode::BAD_REQUEST, "bad request\n");
        };
        if let Some(known) = self.challenges.http_answer(request.uri.path()) {
            return challenge_answer(known);
        }
        let snapshot = self.snapshot.load();
        let Some(origin) = snapshot.map.https_origin_at(&authority) else {
            return answer(StatusCode::NOT_FOUND, "not found\n");
        };
        let target = request.uri.path_and_query().map_or("/", |target| target.as_str());
        // The origin, which is ours, ends before it.
        let is_plain = target.starts_with('/') && target.bytes().all(|b| b.is_ascii_graphic());
        let location = HeaderValue::from_str(&format!("{origin}{target}"));
        match location.ok().filter(|_| is_plain) {
            Some(location) => {
                let mut answer = answer(StatusCode::PERMANENT_REDIRECT, "");
                answer.headers_mut().insert(LOCATION, location);
                answer
            }
            None => answer(StatusCode::BAD_REQUEST, "bad request\n"),
        }
    }
}

/// The authority reads nothing but the text.
fn challenge_answer(text: String) -> Response<Vec<u8>> {
    let mut known = answer(StatusCode::OK, "");
    let headers = known.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    *known.body_mut() = text.into_bytes();
    known
}

fn answer(status: StatusCode, text: &'static str) -> Response<Vec<u8>> {
    let mut answer = Response::new(text.as_bytes().to_vec());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    // A permanent redirect would be kept for ever otherwise (RFC 9110 §15.4.9).
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    answer
}
