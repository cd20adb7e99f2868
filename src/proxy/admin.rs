use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use http::{Method, Response, StatusCode, header};
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;

use super::drain::Drain;
use super::reload::Reloads;
use crate::metrics::{self, Metrics, ObservedState};

/// Answers why the server is not ready, if it is not.
pub type ReadinessCheck = Box<dyn Fn() -> BoxFuture<'static, Option<String>> + Send + Sync>;

/// What readiness depends on.
pub struct ReadinessChecks {
    /// Each must hold.
    pub required: Vec<ReadinessCheck>,
    /// What else an operator should know. The server is ready all the same.
    pub notes: Box<dyn Fn() -> Vec<String> + Send + Sync>,
}

/// What a program has to send with a reload, so that no page of a browser on this machine can ask for one.
pub const RELOAD_HEADER: &str = "X-Doorcode-Reload";

/// The admin listener: health checks, metrics and reloads, for the operator only.
pub(super) struct Admin {
    pub(super) drain: Arc<Drain>,
    pub(super) checks: ReadinessChecks,
    pub(super) metrics: Arc<Metrics>,
    pub(super) watched: Vec<ObservedState>,
    pub(super) reloads: Reloads,
}

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let request = session.req_header();
        let path = request.uri.path().to_owned();
        let asks = request.method == Method::POST && request.headers.contains_key(RELOAD_HEADER);
        let (status, text) = match path.as_str() {
            "/reload" if asks => self.reload().await,
            "/healthz" => (StatusCode::OK, "ok\n".into()),
            "/startupz" | "/readyz" => self.ready().await,
            "/metrics" => {
                let text = self.metrics.render(&self.watched);
                return answer(StatusCode::OK, metrics::TEXT_FORMAT, text);
            }
            _ => {
                let text = "not found: try /healthz, /readyz, /startupz or /metrics\n";
                (StatusCode::NOT_FOUND, text.into())
            }
        };
        answer(status, "text/plain; charset=utf-8", text.as_bytes().to_vec())
    }
}

fn answer(status: StatusCode, kind: &'static str, text: Vec<u8>) -> Response<Vec<u8>> {
    let length = text.len();
    let mut response = Response::new(text);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_LENGTH, http::HeaderValue::from(length));
    headers.insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    response
}

impl Admin {
    async fn reload(&self) -> (StatusCode, Cow<'static, str>) {
        match self.reloads.result().await {
            Ok(text) => (StatusCode::OK, text.into()),
            Err(why) => (StatusCode::UNPROCESSABLE_ENTITY, why.into()),
        }
    }

    async fn ready(&self) -> (StatusCode, Cow<'static, str>) {
        if !self.drain.readiness.is_ready() {
            return (StatusCode::SERVICE_UNAVAILABLE, "starting or ending\n".into());
        }
        for check in &self.checks.required {
            if let Some(problem) = check().await {
                return (StatusCode::SERVICE_UNAVAILABLE, format!("{problem}\n").into());
            }
        }
        let notes = (self.checks.notes)();
        let lines = ["ready"].into_iter().chain(notes.iter().map(String::as_str));
        (StatusCode::OK, (lines.collect::<Vec<_>>().join("\n") + "\n").into())
    }
}
