use http::{HeaderMap, HeaderValue};
use pingora_http::ResponseHeader;

use super::request_id::X_REQUEST_ID;

/// What every answer of an exchange carries, whether it is ours or the app's.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// `None` only before the request was looked at.
    pub(super) request_id: Option<HeaderValue>,
}

impl Outgoing {
    pub(super) fn write_ours(&self, headers: &mut HeaderMap) {
        if let Some(id) = &self.request_id {
            headers.insert(X_REQUEST_ID, id.clone());
        }
    }

    /// `response` is the app's, cleaned of what it may not say.
    pub(super) fn write_apps(&self, response: &mut ResponseHeader) {
        if let Some(id) = &self.request_id {
            // Fails only beyond 32,768 headers, far above what Pingora reads.
            let _ = response.insert_header(X_REQUEST_ID, id.clone());
        }
    }
}
