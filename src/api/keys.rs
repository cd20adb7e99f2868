use std::sync::Arc;

use axum::extract::State;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};

use crate::oauth::{Algorithm, Style, Usage};
use crate::pages::Web;

/// A new key is published before it signs; this long, apps need not ask again.
const CACHEABLE: &str = "public, max-age=300";

type Document = ([(HeaderName, HeaderValue); 2], bytes::Bytes);

/// The public keys of everything that is signed here (RFC 7517).
pub(crate) async fn all(State(web): State<Arc<Web>>) -> Document {
    document(&web, None)
}

/// Those for apps that verify Pomerium's assertions, where such apps look.
pub(crate) async fn for_pomerium(State(web): State<Arc<Web>>) -> Document {
    document(&web, Some((Usage::Assertion, Style::Pomerium.algorithm())))
}

/// Those for apps that verify the assertions of Cloudflare Access, where such apps look. No
/// others: some of these apps stop at a key that is not RSA.
pub(crate) async fn for_cloudflare(State(web): State<Arc<Web>>) -> Document {
    document(&web, Some((Usage::Assertion, Style::Cloudflare.algorithm())))
}

fn document(web: &Web, of: Option<(Usage, Algorithm)>) -> Document {
    let kind = HeaderValue::from_static("application/json");
    let cacheable = HeaderValue::from_static(CACHEABLE);
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, cacheable)], web.keys.published(of))
}
