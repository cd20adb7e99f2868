use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};

use super::service::Widget;
use crate::gate;
use crate::pages::Shell;

const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
/// The type by which compilers that load declarations from a URL know TypeScript.
const TYPES: HeaderValue = HeaderValue::from_static("application/typescript; charset=utf-8");
const CACHEABLE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// `GET /widget.js`: the element, for this issuer. A page that checks its hash must be allowed to
/// read it (Subresource Integrity §3.3): CORS for the origins that clients list.
pub(crate) async fn script(State(widget): State<Arc<Widget>>, headers: HeaderMap) -> Response {
    let mut out = HeaderMap::new();
    let script = widget.script.choose(&headers, &mut out);
    out.insert(CONTENT_TYPE, SCRIPT);
    out.insert(CACHE_CONTROL, CACHEABLE);
    out.append(VARY, HeaderValue::from_static("Origin"));
    let origin = gate::request_origin(&headers);
    if let Some((_, text)) = origin.filter(|(origin, _)| widget.pages.clients.share_with(origin)) {
        out.insert(ACCESS_CONTROL_ALLOW_ORIGIN, text.clone());
    }
    (out, script).into_response()
}

/// `GET /widget.d.ts`: the element's TypeScript declarations.
pub(crate) async fn types(State(shell): State<Arc<Shell>>) -> Response {
    let headers = [(CONTENT_TYPE, TYPES), (CACHE_CONTROL, CACHEABLE)];
    (headers, shell.views().element_types()).into_response()
}
