use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Method, header};

use super::client_auth::{Credentials, Standing};
use super::error::ApiError;
use super::params::{Params, Unreadable};
use super::refusal::NO_CLIENT;
use crate::domain::Origin;
use crate::oauth::{Client, Clients};
use crate::pages::Facts;

/// A request to the API. Not `Debug`, as its parameters are not.
pub(crate) struct Call {
    pub(super) facts: Facts,
    pub(super) headers: HeaderMap,
    /// The query of a GET, the body of a POST: what stands in a URL is in too many logs to be
    /// taken for a secret (RFC 6749 §2.3.1).
    pub(super) params: Params,
    /// The page whose script asks.
    pub(super) origin: Option<Origin>,
    pub(super) credentials: Credentials,
    /// Whether `params` are a body.
    pub(super) posted: bool,
}

impl Call {
    pub(super) fn read(
        parts: &Parts,
        facts: Facts,
        body: &[u8],
        origin: Option<Origin>,
    ) -> Result<Self, Unreadable> {
        let posted = parts.method == Method::POST;
        let params = if posted {
            Params::of_body(&parts.headers, body)?
        } else {
            Params::of_query(parts.uri.query().unwrap_or_default())?
        };
        let credentials = Credentials::read(&parts.headers, &params);
        Ok(Self { facts, headers: parts.headers.clone(), params, origin, credentials, posted })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.params.text(name)
    }

    /// The client that the call names.
    pub(super) fn client<'c>(&self, clients: &'c Clients) -> Option<&'c Client> {
        clients.find(self.credentials.id.as_deref()?)
    }

    /// The same, once it has shown its secret if it has one; or why it is not, for the log.
    pub(super) fn authenticated<'c>(
        &self,
        clients: &'c Clients,
    ) -> Result<(&'c Client, Standing), &'static str> {
        let client = self.client(clients).ok_or(NO_CLIENT)?;
        match self.credentials.standing(client) {
            standing @ (Standing::Proved | Standing::Public) => Ok((client, standing)),
            standing => Err(standing.fault()),
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The language that texts are to be in, as the caller says it.
    pub(super) fn language(&self) -> Option<&str> {
        self.header("x-request-language").or_else(|| self.header(header::ACCEPT_LANGUAGE.as_str()))
    }

    /// Where the person is: what a client that has shown its secret says, if that is believed.
    pub(super) fn address(&self, client: &Client, proved: bool) -> IpAddr {
        let said = self.header("auth0-forwarded-for").and_then(|text| text.trim().parse().ok());
        said.filter(|_| proved && client.trusts_forwarded_for).unwrap_or(self.facts.client)
    }
}

/// Read once, by [`super::admit`], before any handler runs.
impl<S: Sync> FromRequestParts<S> for Handed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let call = parts.extensions.get::<Arc<Call>>().cloned();
        call.map(Self).ok_or_else(ApiError::unavailable)
    }
}

/// The call that a handler answers.
pub(crate) struct Handed(pub(super) Arc<Call>);
