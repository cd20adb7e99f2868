use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};

use super::visit::Visit;
use super::{Problem, Web};

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
    (headers, asset.bytes.clone()).into_response()
}
