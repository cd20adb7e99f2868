use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::pages::Web;
use crate::pages::views::for_script;

/// What Auth0's Lock loads before it shows anything: how the client may log in, as a script.
/// Holds nothing that a login page does not show.
pub(crate) async fn client_settings(
    State(web): State<Arc<Web>>,
    Path(file): Path<String>,
) -> Response {
    let client = file.strip_suffix(".js").and_then(|id| web.oauth.clients.find(id));
    // Another client's settings would leave Lock waiting for ever; a 404 it tells.
    let Some(client) = client else { return StatusCode::NOT_FOUND.into_response() };
    let connections: Vec<Value> =
        client.connections.iter().map(|name| json!({ "name": name })).collect();
    let settings = json!({
        "id": client.id.as_str(),
        "tenant": web.map.issuer().origin().host().as_str(),
        "subscription": "enterprise",
        "authorize": web.map.issuer().url("/authorize"),
        "callback": client.callbacks.first().map(crate::oauth::AppUrl::as_str),
        "hasAllowedOrigins": !client.origins.is_empty(),
        "strategies": [{ "name": "sms", "connections": connections }],
    });
    let script = format!("Auth0.setClient({});", for_script(&settings));
    let mut response = script.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-javascript"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    response
}

/// The country that a number is most likely of: what Lock chooses in its list. By the languages
/// of the browser, not by its address, which nobody here looks up.
pub(crate) async fn country(State(web): State<Arc<Web>>, headers: HeaderMap) -> axum::Json<Value> {
    let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|text| text.to_str().ok());
    let country = web.probable_country(None, header);
    axum::Json(json!({ "country_code": country.map(|country| country.as_str().to_owned()) }))
}
