use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Response, StatusCode, header};
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use pingora_http::RequestHeader;

use super::admin_requests::AdminRequests;
use super::drain::Drain;
use super::readiness::Phase;
use super::snapshot::ConfigSnapshot;
use super::token_holder;
use crate::metrics::{self, Metrics, ObservedState};

/// Answers why the server is not ready, if it is not.
pub type ReadinessCheck = Box<dyn Fn() -> BoxFuture<'static, Option<String>> + Send + Sync>;

/// What readiness depends on, apart from the server's own start.
#[derive(Clone)]
pub struct ReadinessChecks {
    required: Arc<Vec<ReadinessCheck>>,
    notes: Arc<ReadinessNotes>,
}

/// What else an operator should know. The server is ready all the same.
pub type ReadinessNotes = dyn Fn() -> Vec<String> + Send + Sync;

impl ReadinessChecks {
    pub fn new(required: Vec<ReadinessCheck>, notes: Box<ReadinessNotes>) -> Self {
        Self { required: Arc::new(required), notes: notes.into() }
    }

    /// The first that does not hold.
    pub async fn problem(&self) -> Option<String> {
        for check in self.required.iter() {
            if let Some(problem) = check().await {
                return Some(problem);
            }
        }
        None
    }
}

/// What a program has to send with a request to do something, so that no page of a browser on this
/// machine can ask for it.
pub const ADMIN_HEADER: &str = "X-Doorcode-Admin";

/// The admin listener: health checks, metrics, reloads and upgrades, for the operator only.
pub(super) struct Admin {
    pub(super) drain: Arc<Drain>,
    pub(super) checks: ReadinessChecks,
    pub(super) metrics: Arc<Metrics>,
    pub(super) watched: Vec<ObservedState>,
    pub(super) reloads: AdminRequests,
    /// `None`: no other process can take over.
    pub(super) upgrades: Option<AdminRequests>,
    pub(super) snapshot: Arc<ArcSwap<ConfigSnapshot>>,
}

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let request = session.req_header();
        let path = request.uri.path().to_owned();
        let asks = request.method == Method::POST
            && request.headers.contains_key(ADMIN_HEADER)
            && names_this_machine(&request.headers);
        let (status, text) = match path.as_str() {
            "/reload" if asks => done(&self.reloads).await,
            "/upgrade" if asks && let Some(upgrades) = &self.upgrades => done(upgrades).await,
            "/token-holder" if asks => self.token_holder(request).await,
            "/healthz" => (StatusCode::OK, "ok\n".into()),
            "/configuration" => {
                (StatusCode::OK, format!("{}\n", self.snapshot.load().digest).into())
            }
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

/// Whether `Host` is an address or `localhost`. A page whose name was made to lead here (DNS rebinding) may
/// send every header, and its browser sends that name.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_address = host.parse::<SocketAddr>().is_ok() || host.parse::<IpAddr>().is_ok();
    let name = host.split(':').next().unwrap_or_default();
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    is_address || name == "localhost" || bracketed.is_some_and(|ip| ip.parse::<IpAddr>().is_ok())
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

/// What came of a request of the operator.
async fn done(requests: &AdminRequests) -> (StatusCode, Cow<'static, str>) {
    match requests.result().await {
        Ok(text) => (StatusCode::OK, text.into()),
        Err(why) => (StatusCode::UNPROCESSABLE_ENTITY, why.into()),
    }
}

impl Admin {
    async fn token_holder(&self, question: &RequestHeader) -> (StatusCode, Cow<'static, str>) {
        let holder = token_holder::holder(&self.snapshot.load_full(), question).await;
        let text = serde_json::to_string(&holder.unwrap_or_default());
        text.map_or((StatusCode::INTERNAL_SERVER_ERROR, "".into()), |text| {
            (StatusCode::OK, text.into())
        })
    }

    async fn ready(&self) -> (StatusCode, Cow<'static, str>) {
        // After a hand-over this still has a connection or two; those that come next are the successor's.
        if let Phase::Starting | Phase::Ending = self.drain.readiness.phase() {
            return (StatusCode::SERVICE_UNAVAILABLE, "starting or ending\n".into());
        }
        if let Some(problem) = self.checks.problem().await {
            return (StatusCode::SERVICE_UNAVAILABLE, format!("{problem}\n").into());
        }
        let notes = (self.checks.notes)();
        let lines = ["ready"].into_iter().chain(notes.iter().map(String::as_str));
        (StatusCode::OK, (lines.collect::<Vec<_>>().join("\n") + "\n").into())
    }
}
