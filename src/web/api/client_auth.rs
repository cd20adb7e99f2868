use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

use super::params::Params;
use crate::domain::Secret;
use crate::oauth::Client;

/// Who a caller says to be, and how it shows that (RFC 6749 §2.3.1).
#[derive(Debug, Default)]
pub(super) struct Credentials {
    pub(super) id: Option<String>,
    secret: Option<Secret>,
    /// Two ways at once, or a header that cannot be read.
    confused: bool,
}

/// What a client's credentials are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It showed its secret.
    Proved,
    /// It has none to show.
    Public,
    /// It has a secret and did not show it.
    Unproved,
    Wrong,
}

impl Credentials {
    pub(super) fn read(headers: &HeaderMap, params: &Params) -> Self {
        let body = Self {
            id: params.text("client_id").map(str::to_owned),
            secret: params.text("client_secret").map(Secret::new),
            confused: false,
        };
        let Some(header) = headers.get(header::AUTHORIZATION) else { return body };
        let header = header.to_str().unwrap_or_default();
        let Some((scheme, encoded)) = header.split_once(' ') else { return body };
        if !scheme.eq_ignore_ascii_case("basic") {
            return body;
        }
        let Some((id, secret)) = basic(encoded.trim()) else {
            return Self { confused: true, ..body };
        };
        let two = body.secret.is_some() || body.id.as_ref().is_some_and(|other| *other != id);
        Self { id: Some(id), secret: secret.map(Secret::new), confused: two }
    }

    pub(super) fn standing(&self, client: &Client) -> Standing {
        match &self.secret {
            _ if self.confused => Standing::Wrong,
            Some(secret) if client.has_secret(secret.reveal()) => Standing::Proved,
            Some(_) => Standing::Wrong,
            None if client.is_confidential() => Standing::Unproved,
            None => Standing::Public,
        }
    }
}

/// Both halves are form-encoded (RFC 6749 §2.3.1); many clients leave that out, which is the
/// same for what ids and most secrets are made of.
fn basic(encoded: &str) -> Option<(String, Option<String>)> {
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain = |text: &str| {
        let spaced = text.replace('+', "%20");
        percent_decode_str(&spaced).decode_utf8().map(std::borrow::Cow::into_owned).ok()
    };
    let secret = plain(secret)?;
    Some((plain(id)?, Some(secret).filter(|secret| !secret.is_empty())))
}
