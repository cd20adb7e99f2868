//! The limits of what clients present: secrets, refresh tokens, authorization codes.
use super::client_auth::ClientAuth;
use super::error::ApiError;
use super::request::ApiRequest;
use super::state::Api;
use crate::login::{ApiClient, LimitAction};
use crate::oauth::{Client, GrantError};

impl Api {
    /// Authenticates the client of a request, under the limit of wrong secrets.
    ///
    /// # Errors
    ///
    /// 429, and when the counters cannot be reached. A wrong secret is no error here: what is said of
    /// it is the endpoint's to decide.
    pub(super) async fn authenticate(&self, request: &mut ApiRequest) -> Result<(), ApiError> {
        let auth = {
            let Some(id) = request.credentials.id.as_deref() else { return Ok(()) };
            let client = self.clients().find(id);
            // One counter for all names that nobody has: they could be without end.
            let counted = client.map_or("", |client| client.id.as_str());
            let named = ApiClient { id: counted, address: request.context.client };
            let shown = request.credentials.show_a_secret();
            if shown && let Some(limited) = self.login().room_for(SECRET, named).await? {
                return Err(ApiError::limited(&limited, self));
            }
            let auth = client.map(|client| request.credentials.authenticate(client));
            if shown && auth.is_none_or(|auth| auth == ClientAuth::Wrong) {
                self.login().count_wrong(SECRET, named).await?;
            }
            auth
        };
        request.auth = auth;
        Ok(())
    }
}

/// What is limited here.
const SECRET: LimitAction = LimitAction::WrongClientSecret;

/// The limit of one kind of thing that a client presents.
pub(super) struct PresentedLimit<'a> {
    api: &'a Api,
    client: ApiClient<'a>,
    what: LimitAction,
}

impl<'a> PresentedLimit<'a> {
    pub(super) fn of(
        api: &'a Api,
        request: &ApiRequest,
        client: &'a Client,
        what: LimitAction,
    ) -> Self {
        let client = ApiClient { id: client.id.as_str(), address: request.context.client };
        Self { api, client, what }
    }

    /// Counts what was presented, if it was never given to the client. What was given is not limited:
    /// nobody guesses 256 bits, and whoever visits an application can make its server present any
    /// number of wrong codes.
    ///
    /// # Errors
    ///
    /// That of `outcome`; 429 in its place where too many were wrong; and when the counters cannot be
    /// reached.
    pub(super) async fn counted<T>(&self, outcome: Result<T, GrantError>) -> Result<T, ApiError> {
        if outcome.as_ref().is_err_and(GrantError::is_guess) {
            if let Some(limited) = self.api.login().room_for(self.what, self.client).await? {
                return Err(ApiError::limited(&limited, self.api));
            }
            self.api.login().count_wrong(self.what, self.client).await?;
        }
        Ok(outcome?)
    }
}
