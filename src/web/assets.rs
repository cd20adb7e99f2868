use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};

use super::visit::Visit;
use super::{Problem, Web};

/// What an operator's SVG may do when somebody opens its own address: be looked at.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// A file that pages load.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Path(name): Path<String>,
    visit: Visit,
) -> Response {
    let Some(asset) = web.pages.assets().get(&name) else {
        return web.refuse(&visit, &Problem::NotFound);
    };
    let etag = asset.etag();
    let known = visit.headers.get(header::IF_NONE_MATCH).is_some_and(|tag| *tag == *etag);
    if known {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    let headers = [(header::CONTENT_TYPE, asset.content_type.to_owned()), (header::ETAG, etag)];
    let mut response = (headers, asset.bytes.clone()).into_response();
    if asset.is_scriptable() {
        let policy = HeaderValue::from_static(PICTURE_POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
