use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

use super::params::Params;
use crate::domain::Secret;
use crate::oauth::Client;

/// Client credentials of a request (RFC 6749 §2.3.1).
#[derive(Clone, Debug, Default)]
pub(super) struct Credentials {
    pub(super) id: Option<String>,
    /// The readings of the one secret in the request.
    secrets: Vec<Secret>,
    /// Two methods at once, or a header that cannot be read.
    confused: bool,
    /// Whether the client used the `Authorization` header: the refusal then names its scheme (RFC
    /// 6749 §5.2).
    pub(super) in_header: bool,
}

/// The outcome of client authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientAuth {
    /// It showed its secret.
    Proved,
    /// It has no secret.
    Public,
    /// It has a secret and did not show it.
    Unproved,
    Wrong,
}

impl ClientAuth {
    /// The fault, for the log.
    pub(super) const fn fault(self) -> &'static str {
        match self {
            Self::Proved | Self::Public => "the client may not use this endpoint",
            Self::Unproved => "the client did not show its secret",
            Self::Wrong => "the secret of the client is wrong, or sent by two methods",
        }
    }
}

impl Credentials {
    pub(super) fn read(headers: &HeaderMap, params: &Params) -> Self {
        let body = Self {
            id: params.text("client_id").map(str::to_owned),
            secrets: params.text("client_secret").map(Secret::new).into_iter().collect(),
            confused: false,
            in_header: false,
        };
        let Some(header) = headers.get(header::AUTHORIZATION) else { return body };
        let header = header.to_str().unwrap_or_default();
        let Some((scheme, encoded)) = header.split_once(' ') else { return body };
        if !scheme.eq_ignore_ascii_case("basic") {
            return body;
        }
        let Some((id, secrets)) = basic(encoded.trim()) else {
            return Self { confused: true, in_header: true, ..body };
        };
        let two = !body.secrets.is_empty() || body.id.as_ref().is_some_and(|other| *other != id);
        Self { id: Some(id), secrets, confused: two, in_header: true }
    }

    /// Whether there is a secret, right or wrong.
    pub(super) fn show_a_secret(&self) -> bool {
        self.confused || !self.secrets.is_empty()
    }

    pub(super) fn authenticate(&self, client: &Client) -> ClientAuth {
        match &self.secrets[..] {
            _ if self.confused => ClientAuth::Wrong,
            [] if client.is_confidential() => ClientAuth::Unproved,
            [] => ClientAuth::Public,
            some if some.iter().any(|one| client.has_secret(one.reveal())) => ClientAuth::Proved,
            _ => ClientAuth::Wrong,
        }
    }
}

/// Reads `Basic`. Both halves are form-encoded (RFC 6749 §2.3.1); since many clients leave that
/// out, the secret is tried as it is written, too: base64 often has a `+`.
fn basic(encoded: &str) -> Option<(String, Vec<Secret>)> {
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let decode = |text: &str| {
        let spaced = text.replace('+', "%20");
        percent_decode_str(&spaced).decode_utf8().map(std::borrow::Cow::into_owned).ok()
    };
    let meant = decode(secret);
    let written = (meant.as_deref() != Some(secret)).then(|| secret.to_owned());
    let secrets = [meant, written].into_iter().flatten();
    Some((decode(id)?, secrets.filter(|secret| !secret.is_empty()).map(Secret::new).collect()))
}
