use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Method, header};

use super::client_auth::{ClientAuth, Credentials};
use super::error::{ApiError, Challenge};
use super::params::{Params, Unreadable};
use super::refusal::NO_CLIENT;
use crate::domain::Origin;
use crate::oauth::{Client, Clients};
use crate::pages::RequestContext;

/// A request to the API. Not `Debug`: its parameters hold secrets.
///
/// [`super::admit`] reads it and hands it to the endpoint as an extension of the HTTP request.
#[derive(Clone)]
pub(crate) struct ApiRequest {
    pub(super) context: RequestContext,
    pub(super) headers: HeaderMap,
    /// The query of a GET, the body of a POST. Secrets and codes are taken by POST alone, never from
    /// a URL, which others log (RFC 6749 §2.3.1).
    pub(super) params: Params,
    /// The origin of the page whose script sends it.
    pub(super) origin: Option<Origin>,
    pub(super) credentials: Credentials,
    /// Whether the client is who it says it is; `None`: it names none that is configured. Set by
    /// [`super::state::Api::authenticate`].
    pub(super) auth: Option<ClientAuth>,
    /// Whether `params` are those of a body.
    pub(super) posted: bool,
}

impl<S: Sync> FromRequestParts<S> for ApiRequest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.remove::<Self>().ok_or_else(ApiError::unavailable)
    }
}

impl ApiRequest {
    /// # Errors
    ///
    /// The parameters cannot be read.
    pub(super) fn read(
        parts: &Parts,
        context: RequestContext,
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
        let (headers, auth) = (parts.headers.clone(), None);
        Ok(Self { context, headers, params, origin, credentials, auth, posted })
    }

    /// A parameter; `None`: it is missing or empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.params.text(name)
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    ///
    /// It is missing or empty.
    pub(super) fn required(&self, name: &'static str) -> Result<&str, ApiError> {
        self.text(name).ok_or_else(|| missing(name, format!("Missing required parameter: {name}")))
    }

    /// The same in the words of Auth0's endpoints that are older than its token endpoint.
    ///
    /// # Errors
    ///
    /// It is missing or empty.
    pub(super) fn required_by_legacy(&self, name: &'static str) -> Result<&str, ApiError> {
        self.text(name).ok_or_else(|| missing(name, format!("missing {name} parameter")))
    }

    /// The client that the request names, authenticated or not.
    pub(super) fn client<'c>(&self, clients: &'c Clients) -> Option<&'c Client> {
        clients.find(self.credentials.id.as_deref()?)
    }

    /// The client, if it shows its secret or has none.
    ///
    /// # Errors
    ///
    /// The reason, for the log.
    pub(super) fn client_auth<'c>(
        &self,
        clients: &'c Clients,
    ) -> Result<(&'c Client, ClientAuth), &'static str> {
        let client = self.client(clients).ok_or(NO_CLIENT)?;
        match self.auth {
            Some(proof @ (ClientAuth::Proved | ClientAuth::Public)) => Ok((client, proof)),
            Some(proof) => Err(proof.fault()),
            None => Err(NO_CLIENT),
        }
    }

    /// 401 for a client that is not who it says it is. `WWW-Authenticate` only for a client that used
    /// `Authorization` (RFC 6749 §5.2): with it, the library within Auth0's own SDK hides the error
    /// from the app.
    pub(super) fn unauthorized(&self) -> ApiError {
        self.challenged(ApiError::unauthorized())
    }

    /// Adds the challenge of [`Self::unauthorized`] to another error.
    pub(super) fn challenged(&self, error: ApiError) -> ApiError {
        if self.credentials.in_header { error.with_challenge(Challenge::Basic) } else { error }
    }

    /// The same for endpoints that answer as the token endpoint does.
    ///
    /// # Errors
    ///
    /// `access_denied`.
    pub(super) fn authenticated<'c>(
        &self,
        clients: &'c Clients,
    ) -> Result<(&'c Client, ClientAuth), ApiError> {
        self.client_auth(clients).map_err(|why| self.unauthorized().because(why))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The language that texts are asked for in.
    pub(super) fn language(&self) -> Option<&str> {
        self.header("x-request-language").or_else(|| self.header(header::ACCEPT_LANGUAGE.as_str()))
    }

    /// The address of the user: that of `auth0-forwarded-for` if the client is `proved` and trusted
    /// with it, else that of the connection.
    pub(super) fn address(&self, client: &Client, proved: bool) -> IpAddr {
        self.visitor(client, proved).unwrap_or(self.context.client)
    }

    /// The address that `auth0-forwarded-for` tells, if the client is `proved` and trusted with it.
    pub(super) fn visitor(&self, client: &Client, proved: bool) -> Option<IpAddr> {
        let forwarded = self.header("auth0-forwarded-for");
        let forwarded = forwarded.filter(|_| proved && client.trusts_forwarded_for);
        forwarded.and_then(|text| text.trim().parse().ok())
    }
}

/// `text`: the error's description.
fn missing(name: &'static str, text: String) -> ApiError {
    ApiError::bad("invalid_request", text).because("a parameter is missing").naming(name)
}
