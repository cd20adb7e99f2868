use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, STRICT_TRANSPORT_SECURITY, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::request_id::X_REQUEST_ID;
use crate::gate::Sharing;

const TRUE: HeaderValue = HeaderValue::from_static("true");
const VARY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");

/// What every answer of an exchange carries, whether it is ours or the app's.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// `None` only before the request was looked at.
    pub(super) request_id: Option<HeaderValue>,
    pub(super) hsts: Option<HeaderValue>,
    pub(super) sharing: Sharing,
}

impl Outgoing {
    pub(super) fn write_ours(&self, headers: &mut HeaderMap) {
        for (name, value) in self.set().chain(self.sharing_headers()) {
            headers.insert(name, value);
        }
        if self.sharing.varies {
            headers.append(VARY, VARY_ORIGIN);
        }
    }

    /// `headers` are those of the app's answer, cleaned of what it may not say.
    pub(super) fn write_apps(&self, headers: &mut HeaderMap) {
        if let Some(id) = &self.request_id {
            headers.insert(X_REQUEST_ID, id.clone());
        }
        // An app may know better, such as `includeSubDomains`.
        if let Some(hsts) = &self.hsts
            && !headers.contains_key(STRICT_TRANSPORT_SECURITY)
        {
            headers.insert(STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        if !self.sharing.of_app {
            return;
        }
        // Who may read what needs a login is for the operator to say, not for the app.
        headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
        headers.remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        for (name, value) in self.sharing_headers() {
            headers.insert(name, value);
        }
        headers.append(VARY, VARY_ORIGIN);
    }

    fn set(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let id = self.request_id.iter().map(|id| (X_REQUEST_ID, id.clone()));
        id.chain(self.hsts.iter().map(|hsts| (STRICT_TRANSPORT_SECURITY, hsts.clone())))
    }

    /// That the scripts of the listed origin which asked may read the answer.
    fn sharing_headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        self.sharing.with.iter().flat_map(|origin| {
            [
                (ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()),
                (ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE),
            ]
        })
    }
}
