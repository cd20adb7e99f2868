use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::state::Api;
use crate::oauth::AppUrl;
use crate::pages::countries;
use crate::pages::views::for_script;

/// `GET /client/{id}.js`: how the client may log in, as the script that Auth0's Lock loads before
/// it shows anything. Holds nothing that a login page does not show.
pub(crate) async fn client_settings(
    State(api): State<Arc<Api>>,
    Path(file): Path<String>,
) -> Response {
    let client = file.strip_suffix(".js").and_then(|id| api.clients().find(id));
    // Lock shows an error for a 404, but waits for ever for the settings of its client.
    let Some(client) = client else { return StatusCode::NOT_FOUND.into_response() };
    let connections: Vec<Value> =
        client.connections.iter().map(|name| json!({ "name": name })).collect();
    let settings = json!({
        "id": client.id.as_str(),
        "tenant": api.issuer().origin().host().as_str(),
        "subscription": "enterprise",
        "authorize": api.issuer().url("/authorize"),
        "callback": client.callbacks.first().map(AppUrl::as_str),
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

/// `GET /user/geoloc/country`: the country that Lock preselects for the number. Derived from the
/// browser's languages; addresses are not looked up.
pub(crate) async fn country(State(api): State<Arc<Api>>, headers: HeaderMap) -> axum::Json<Value> {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|text| text.to_str().ok());
    let country = countries::likely(api.login().settings(), None, header);
    axum::Json(json!({ "country_code": country.map(|country| country.as_str().to_owned()) }))
}
