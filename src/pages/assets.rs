use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::visit::Visit;
use super::{Problem, Web};

/// What an operator's SVG may do when somebody opens its own address: be looked at.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// A file that pages load.
pub(crate) async fn show(
    State(web): State<Arc<Web>>,
    Path(name): Path<String>,
    visit: Visit,
) -> Response {
    let Some(asset) = web.pages.assets().get(&name) else {
        return web.refuse(&visit, &Problem::NotFound);
    };
    let mut headers = HeaderMap::new();
    let file = asset.file.choose(&visit.headers, &mut headers);
    // Other bytes, another tag (RFC 9110 §8.8.3.3).
    let packed = headers.contains_key(header::CONTENT_ENCODING);
    let etag = format!("\"{}{}\"", asset.version, if packed { "-gzip" } else { "" });
    let known = visit.headers.get(header::IF_NONE_MATCH).is_some_and(|tag| *tag == *etag);
    if known {
        headers.remove(header::CONTENT_ENCODING);
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)], headers).into_response();
    }
    let said = [(header::CONTENT_TYPE, asset.content_type.to_owned()), (header::ETAG, etag)];
    let mut response = (said, headers, file).into_response();
    if asset.is_scriptable() {
        let policy = HeaderValue::from_static(PICTURE_POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
