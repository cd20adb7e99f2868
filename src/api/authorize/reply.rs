use std::borrow::Cow;
use std::fmt::Write as _;

use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

use crate::api::grant_error;
use crate::api::refusal::ApiRefusal;
use crate::domain::sha256;
use crate::oauth::{AppUrl, GrantError};
use crate::pages::views::for_script;
use crate::words::Safe;

/// How a response reaches the client (`response_mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseMode {
    Query,
    Fragment,
    /// OAuth 2.0 Form Post Response Mode §2.
    FormPost,
    /// Auth0's: a message to the page that opened this one or embeds it in a frame.
    WebMessage,
}

impl ResponseMode {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let known = [
            ("query", Self::Query),
            ("fragment", Self::Fragment),
            ("form_post", Self::FormPost),
            ("web_message", Self::WebMessage),
        ];
        known.iter().find(|(name, _)| *name == text).map(|(_, mode)| *mode)
    }
}

/// An error response (RFC 6749 §4.1.2.1).
#[derive(Debug)]
pub(super) struct ErrorResponse {
    /// Holds the `error` code.
    pub(super) refusal: ApiRefusal,
    description: Cow<'static, str>,
}

impl ErrorResponse {
    pub(super) const LOGIN_REQUIRED: Self = Self::fixed("login_required", "Login required");
    pub(super) const LOGIN_TICKET: Self =
        Self::fixed("access_denied", "Unknown or invalid login ticket.");
    pub(super) const UNAVAILABLE: Self =
        Self::fixed("temporarily_unavailable", "Try again in a moment.");

    pub(super) fn new(error: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        let description = description.into();
        Self { refusal: ApiRefusal::described(error, &description), description }
    }

    /// Replaces what the log says.
    pub(super) fn told_as(self, refusal: ApiRefusal) -> Self {
        Self { refusal, ..self }
    }

    const fn fixed(error: &'static str, text: &'static str) -> Self {
        Self { refusal: ApiRefusal::new(error, text), description: Cow::Borrowed(text) }
    }
}

impl From<GrantError> for ErrorResponse {
    fn from(why: GrantError) -> Self {
        if matches!(why, GrantError::SessionEnded | GrantError::UserBlocked) {
            return Self::LOGIN_REQUIRED;
        }
        let (_, error, description) = grant_error::answer(&why);
        let refusal = ApiRefusal::new(error, why.reason());
        let refusal = match grant_error::named(&why) {
            Some(text) => refusal.naming(text),
            None => refusal,
        };
        Self { refusal, description }
    }
}

/// A description with the characters that it may have (RFC 6749 §4.1.2.1): a caller's may be repeated in
/// it.
fn plain(description: &str) -> String {
    let known = |c| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
    description.chars().map(|c| if known(c) { c } else { '?' }).collect()
}

/// Where the response goes, and how.
#[derive(Clone, Debug)]
pub(super) struct ResponseTarget {
    /// `iss` (RFC 9207): a client of several issuers learns whose response it is.
    pub(super) issuer: String,
    pub(super) to: AppUrl,
    pub(super) mode: ResponseMode,
    pub(super) state: Option<String>,
}

impl ResponseTarget {
    /// With `state`, as every response: SDKs that miss it wait until they time out.
    pub(super) fn error(&self, error: &ErrorResponse) -> Response {
        let description = Value::from(plain(&error.description));
        self.send(vec![("error", error.refusal.error.into()), ("error_description", description)])
    }

    pub(super) fn send(&self, mut fields: Vec<(&'static str, Value)>) -> Response {
        fields.push(("iss", self.issuer.as_str().into()));
        fields.extend(self.state.as_ref().map(|state| ("state", state.as_str().into())));
        match self.mode {
            ResponseMode::Query => {
                redirect(self.with(if self.to.as_str().contains('?') { '&' } else { '?' }, &fields))
            }
            ResponseMode::Fragment => redirect(self.with('#', &fields)),
            ResponseMode::FormPost => self.form(&fields),
            ResponseMode::WebMessage => self.message(fields),
        }
    }

    /// The rest of the redirect URI stays as it was registered (RFC 6749 §3.1.2).
    fn with(&self, separator: char, fields: &[(&'static str, Value)]) -> String {
        let mut pairs = Serializer::new(String::new());
        for (name, value) in fields {
            pairs.append_pair(name, &text(value));
        }
        // The serializer writes spaces as `+`, which the fragment's readers may take literally.
        format!("{}{separator}{}", self.to, pairs.finish().replace('+', "%20"))
    }

    fn form(&self, fields: &[(&'static str, Value)]) -> Response {
        const SCRIPT: &str = "document.forms[0].submit()";
        let mut inputs = String::new();
        for (name, value) in fields {
            let value = Safe::escape(&text(value));
            // Writing to a String cannot fail.
            let _ = write!(inputs, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
        }
        let to = Safe::escape(self.to.as_str());
        page(
            &format!(
                "<form method=\"post\" action=\"{to}\">{inputs}<noscript><button>→</button></noscript></form>"
            ),
            SCRIPT,
        )
    }

    /// The words of the script are Auth0's own: clients that are no browsers look for them.
    fn message(&self, fields: Vec<(&'static str, Value)>) -> Response {
        let origin = self.to.origin().map(ToString::to_string).unwrap_or_default();
        let response: Map<String, Value> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let (origin, response) = (for_script(&json!(origin)), for_script(&Value::Object(response)));
        let script = format!(
            "(function(window, document) {{var targetOrigin = {origin};\
             var authorizationResponse = {{type: \"authorization_response\",response: {response}}};\
             var mainWin = (window.opener) || (window.parent);\
             mainWin.postMessage(authorizationResponse, targetOrigin);}})(this, this.document);"
        );
        page("", &script)
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// 303, so that a POST is not repeated.
fn redirect(location: String) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    match HeaderValue::try_from(location) {
        Ok(location) => {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response
}

/// A page with this script only. It is made for frames and popups: no `frame-ancestors`, no COOP.
fn page(body: &str, script: &str) -> Response {
    let hash = STANDARD.encode(sha256(script.as_bytes()));
    let html = format!(
        "<!doctype html><html><head><title>…</title></head><body>{body}<script>{script}</script></body></html>"
    );
    let mut response = axum::response::Html(html).into_response();
    let policy = format!("default-src 'none'; script-src 'sha256-{hash}'; base-uri 'none'");
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
