use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};

use crate::gate;
use crate::pages::Web;

const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
/// As compilers that load declarations by their address know them.
const TYPES: HeaderValue = HeaderValue::from_static("application/typescript; charset=utf-8");
const REMEMBERED: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// `GET /widget.js`: the element, and where its issuer is. A page that checks its hash must be
/// allowed to read it (Subresource Integrity §3.3), which is for those that clients list.
pub(crate) async fn script(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    let mut out = HeaderMap::new();
    let script = web.widget.choose(&headers, &mut out);
    out.insert(CONTENT_TYPE, SCRIPT);
    out.insert(CACHE_CONTROL, REMEMBERED);
    out.append(VARY, HeaderValue::from_static("Origin"));
    let asked = gate::named_origin(&headers);
    if let Some((_, page)) = asked.filter(|(origin, _)| web.oauth.clients.share_with(origin)) {
        out.insert(ACCESS_CONTROL_ALLOW_ORIGIN, page.clone());
    }
    (out, script).into_response()
}

/// `GET /widget.d.ts`: the element as TypeScript knows it.
pub(crate) async fn types(State(web): State<Arc<Web>>) -> Response {
    let headers = [(CONTENT_TYPE, TYPES), (CACHE_CONTROL, REMEMBERED)];
    (headers, web.pages.element_types()).into_response()
}
