use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::client_ip::push_ip;
use crate::domain::Origin;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PORT: HeaderName = HeaderName::from_static("x-forwarded-port");

/// Bytes of an IPv6 address as text, at most.
const MAX_ADDRESS_LENGTH: usize = 45;

/// The `X-Forwarded-*` headers of requests to one origin.
#[derive(Clone, Debug)]
pub struct ForwardedHeaders {
    proto: HeaderValue,
    host: HeaderValue,
    port: HeaderValue,
}

impl ForwardedHeaders {
    /// From the configured origin, so that no `Host` header changes them.
    pub fn new(origin: &Origin) -> Self {
        let host = HeaderValue::from_str(&origin.authority());
        Self {
            proto: HeaderValue::from_static(origin.scheme()),
            // An authority was parsed as a URL's: it holds no byte that a header may not.
            host: host.unwrap_or_else(|_| HeaderValue::from_static("")),
            port: HeaderValue::from(origin.port()),
        }
    }

    /// Writes the headers. The client's own were removed before.
    pub fn write(&self, client: IpAddr, headers: &mut HeaderMap) {
        let mut text = String::with_capacity(MAX_ADDRESS_LENGTH);
        push_ip(&mut text, client);
        if let Ok(client) = HeaderValue::from_maybe_shared(Bytes::from(text)) {
            headers.insert(FOR, client);
        }
        headers.insert(PROTO, self.proto.clone());
        headers.insert(HOST, self.host.clone());
        headers.insert(PORT, self.port.clone());
    }
}
