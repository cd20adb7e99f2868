use std::net::IpAddr;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use super::caller::Caller;
use super::sites::IdentityPreset;
use crate::domain::Origin;
use crate::users::Roles;

/// Beginnings and whole names that clients may not send, folded as [`is_reserved_name`] says:
/// what tells an app who calls, from where, or what was asked for.
const RESERVED: &[&str] = &[
    "x-forwarded-",
    "x-forwarded",
    "x-real-ip",
    "x-original-",
    "x-rewrite-url",
    "x-doorcode-",
    "x-request-id",
    "forwarded",
];

/// Whether a header of this name is taken out of every request. Case, `_` and `.` are folded,
/// because CGI, WSGI and PHP upstreams take `X_Forwarded_User` for `X-Forwarded-User`.
pub fn is_reserved_name(name: &str) -> bool {
    RESERVED.iter().any(|reserved| {
        begins_with(name, reserved) && (reserved.ends_with('-') || name.len() == reserved.len())
    })
}

/// Names by which some frameworks let a request have another method than its own.
const METHOD_OVERRIDES: &[&str] = &["x-http-method-override", "x-http-method", "x-method-override"];

/// Whether an app may take the method of a request from a header of this name. Where rules ask
/// for methods, such headers do not go on: `GET` would pass and the app do a `DELETE`.
pub fn is_method_override(name: &str) -> bool {
    METHOD_OVERRIDES.iter().any(|known| name.len() == known.len() && begins_with(name, known))
}

/// Compares with `start`, which is in lower case and has `-` only.
fn begins_with(name: &str, start: &str) -> bool {
    let fold = |b: u8| match b {
        b'_' | b'.' => b'-',
        other => other.to_ascii_lowercase(),
    };
    name.len() >= start.len() && name.bytes().map(fold).zip(start.bytes()).all(|(a, b)| a == b)
}

const USER: HeaderName = HeaderName::from_static("x-forwarded-user");
const PHONE: HeaderName = HeaderName::from_static("x-forwarded-phone");
const GROUPS: HeaderName = HeaderName::from_static("x-forwarded-groups");
const PREFERRED_USERNAME: HeaderName = HeaderName::from_static("x-forwarded-preferred-username");
const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PORT: HeaderName = HeaderName::from_static("x-forwarded-port");

/// What an app is told of the way that a request came.
#[derive(Clone, Debug)]
pub struct Forwarding {
    proto: HeaderValue,
    host: HeaderValue,
    port: HeaderValue,
}

impl Forwarding {
    /// Of requests to `origin`. From configuration, so that no `Host` header changes it.
    pub fn new(origin: &Origin) -> Self {
        let host = HeaderValue::from_str(&origin.authority());
        Self {
            proto: HeaderValue::from_static(origin.scheme()),
            // An authority was parsed as a URL's: it holds no byte that a header may not.
            host: host.unwrap_or_else(|_| HeaderValue::from_static("")),
            port: HeaderValue::from(origin.port()),
        }
    }

    /// Writes the forwarding headers, which the client's own were taken out of before.
    pub fn write(&self, client: IpAddr, headers: &mut impl Headers) {
        if let Ok(client) = HeaderValue::from_str(&client.to_string()) {
            headers.set(FOR, client);
        }
        headers.set(PROTO, self.proto.clone());
        headers.set(HOST, self.host.clone());
        headers.set(PORT, self.port.clone());
    }
}

/// Tells the app who calls; nothing when nobody is known.
pub fn identity_headers(preset: IdentityPreset, caller: &Caller, headers: &mut impl Headers) {
    let Caller::Session(who, roles) = caller else { return };
    match preset {
        IdentityPreset::Default => {
            let texts = [(USER, who.user_text()), (PHONE, who.phone_text())];
            for (name, text) in texts.into_iter().chain([(PREFERRED_USERNAME, who.phone_text())]) {
                if let Some(value) = shared(text) {
                    headers.set(name, value);
                }
            }
            if let Some(groups) = groups(roles) {
                headers.set(GROUPS, groups);
            }
        }
    }
}

fn shared(text: &Bytes) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(text.clone()).ok()
}

fn groups(roles: &Roles) -> Option<HeaderValue> {
    let names: Vec<&str> = roles.iter().map(crate::domain::Role::as_str).collect();
    (!names.is_empty()).then(|| HeaderValue::from_str(&names.join(",")).ok()).flatten()
}

/// Where headers are written to: the proxy's own request, or a plain map.
pub trait Headers {
    fn set(&mut self, name: HeaderName, value: HeaderValue);
}

impl Headers for HeaderMap {
    fn set(&mut self, name: HeaderName, value: HeaderValue) {
        self.insert(name, value);
    }
}
