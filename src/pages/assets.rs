use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::problem::Problem;
use super::request::PageRequest;
use super::shell::Shell;

/// For an operator's SVG that is opened by its own address: it runs nothing and loads nothing.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// `GET /assets/{name}`: a file that pages load.
pub(crate) async fn show(
    State(shell): State<Arc<Shell>>,
    Path(name): Path<String>,
    request: PageRequest,
) -> Response {
    let Some(asset) = shell.views().assets().get(&name) else {
        return shell.refuse(&request, &Problem::NotFound);
    };
    let mut headers = HeaderMap::new();
    let file = asset.file.choose(&request.headers, &mut headers);
    // Other bytes, another tag (RFC 9110 §8.8.3.3).
    let packed = headers.contains_key(header::CONTENT_ENCODING);
    let etag = format!("\"{}{}\"", asset.version, if packed { "-gzip" } else { "" });
    let known = request.headers.get(header::IF_NONE_MATCH).is_some_and(|tag| *tag == *etag);
    if known {
        headers.remove(header::CONTENT_ENCODING);
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)], headers).into_response();
    }
    let described = [(header::CONTENT_TYPE, asset.content_type.to_owned()), (header::ETAG, etag)];
    let mut response = (described, headers, file).into_response();
    if asset.is_scriptable() {
        let policy = HeaderValue::from_static(PICTURE_POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
