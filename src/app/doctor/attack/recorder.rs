//! The app of an attack: keeps every request that reaches it.
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use http::{HeaderMap, Method};
use tokio::net::TcpListener;

/// A request as the app got it.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    /// The index of the site whose app it was.
    pub(super) site: usize,
    pub(super) method: Method,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
}

/// What reached the apps of all sites.
#[derive(Clone, Default)]
pub(super) struct Recorder(Arc<Mutex<Vec<Arrival>>>);

impl Recorder {
    /// The app of a site; answers until the runtime ends.
    pub(super) async fn serve(self, site: usize, listener: TcpListener) {
        let app = Router::new().fallback(keep).with_state((self, site));
        // Accepting has no error that lasts.
        let _ = axum::serve(listener, app).await;
    }

    /// What arrived since the last call.
    pub(super) fn take(&self) -> Vec<Arrival> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn keep(State((recorder, site)): State<(Recorder, usize)>, request: Request) -> &'static str {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("", |target| target.as_str()).to_owned();
    let arrival = Arrival { site, method: head.method, target, headers: head.headers };
    recorder.0.lock().unwrap_or_else(PoisonError::into_inner).push(arrival);
    // So that the connection can be used again.
    let _ = axum::body::to_bytes(body, 1 << 20).await;
    "the app\n"
}
