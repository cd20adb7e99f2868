use std::sync::Arc;

use axum::extract::State;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};

use super::state::Api;
use crate::oauth::{Algorithm, AssertionFormat, KeyUsage};

/// A new key is published for longer than this before it signs.
const CACHEABLE: &str = "public, max-age=300";

type KeySet = ([(HeaderName, HeaderValue); 2], bytes::Bytes);

/// `GET /.well-known/jwks.json`: all public keys (RFC 7517 §5).
pub(crate) async fn all(State(api): State<Arc<Api>>) -> KeySet {
    key_set(&api, None)
}

/// `GET /.well-known/pomerium/jwks.json`: where apps that verify Pomerium's assertions look.
pub(crate) async fn for_pomerium(State(api): State<Arc<Api>>) -> KeySet {
    key_set(&api, Some((KeyUsage::Assertion, AssertionFormat::Pomerium.algorithm())))
}

/// `GET /cdn-cgi/access/certs`: where apps that verify the assertions of Cloudflare Access look.
/// RSA keys only, since some of these apps fail on a key of another type.
pub(crate) async fn for_cloudflare(State(api): State<Arc<Api>>) -> KeySet {
    key_set(&api, Some((KeyUsage::Assertion, AssertionFormat::Cloudflare.algorithm())))
}

fn key_set(api: &Api, of: Option<(KeyUsage, Algorithm)>) -> KeySet {
    let content_type = HeaderValue::from_static("application/json");
    let cacheable = HeaderValue::from_static(CACHEABLE);
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, cacheable)], api.keys.published(of))
}
