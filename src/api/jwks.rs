use std::sync::Arc;

use axum::extract::State;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};

use super::state::Api;
use crate::oauth::{AssertionFormat, KeyUsage};

/// A new key is published for longer than this before it signs.
const CACHEABLE: &str = "public, max-age=300";

type KeySet = ([(HeaderName, HeaderValue); 2], Bytes);

/// `GET /.well-known/jwks.json`: the keys of tokens, and no others: some clients fail on a key that
/// they cannot read, though it signed nothing for them. Without clients there are no tokens, and
/// apps that look for the keys of assertions here find those.
pub(crate) async fn for_tokens(State(api): State<Arc<Api>>) -> KeySet {
    let assertions = (KeyUsage::Assertion, AssertionFormat::Doorcode.algorithm());
    key_set(api.keys.published(api.settings.token_key().unwrap_or(assertions)))
}

/// `GET /.well-known/assertion/jwks.json`: where apps that verify Doorcode's assertions look.
pub(crate) async fn for_assertions(State(api): State<Arc<Api>>) -> KeySet {
    of_assertions(&api, AssertionFormat::Doorcode)
}

/// `GET /.well-known/pomerium/jwks.json`: where apps that verify Pomerium's assertions look.
pub(crate) async fn for_pomerium(State(api): State<Arc<Api>>) -> KeySet {
    of_assertions(&api, AssertionFormat::Pomerium)
}

/// `GET /cdn-cgi/access/certs` and `/.well-known/cloudflare/jwks.json`: where apps that verify the assertions of Cloudflare Access look.
/// RSA keys only, since some of these apps fail on a key of another type.
pub(crate) async fn for_cloudflare(State(api): State<Arc<Api>>) -> KeySet {
    of_assertions(&api, AssertionFormat::Cloudflare)
}

/// The keys that sign the assertions of a format; its apps accept no other algorithm.
fn of_assertions(api: &Api, format: AssertionFormat) -> KeySet {
    key_set(api.keys.published_only((KeyUsage::Assertion, format.algorithm())))
}

fn key_set(keys: Bytes) -> KeySet {
    let content_type = HeaderValue::from_static("application/json");
    let cacheable = HeaderValue::from_static(CACHEABLE);
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, cacheable)], keys)
}
