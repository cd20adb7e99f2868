use axum::response::Response;
use serde_json::Value;

use super::reply::ErrorResponse;
use super::request::{AuthorizeParams, AuthorizeTarget, ResponseType};
use crate::api::state::Api;
use crate::api::token_response::access_fields;
use crate::oauth::{CodeRequest, GrantError, ImplicitRequest};
use crate::session::SignedIn;

type Fields = Vec<(&'static str, Value)>;

impl Api {
    /// The successful response about a signed-in user (RFC 6749 §4.1.2, OpenID Connect Core 1.0
    /// §3.2.2.5), or why there is none.
    pub(super) async fn respond(
        &self,
        asks: &AuthorizeTarget<'_>,
        request: &AuthorizeParams,
        user: &SignedIn,
    ) -> Response {
        let fields = match asks.kind {
            ResponseType::Code => self.code(asks, request, user).await,
            ResponseType::Tokens { access, id } => {
                self.tokens(asks, request, user, (access, id)).await
            }
        };
        match fields {
            Ok(fields) => asks.reply.send(fields),
            Err(why) => asks.reply.error(&ErrorResponse::from(why)),
        }
    }

    async fn code(
        &self,
        asks: &AuthorizeTarget<'_>,
        request: &AuthorizeParams,
        user: &SignedIn,
    ) -> Result<Fields, GrantError> {
        let request = CodeRequest {
            tokens: &request.tokens,
            redirect_uri: asks.params.text("redirect_uri").unwrap_or_default(),
            nonce: request.nonce.as_deref(),
            challenge: request.challenge.as_ref(),
        };
        let code = self.grants.authorize(asks.client, user, &request).await?;
        Ok(vec![("code", code.reveal().into())])
    }

    async fn tokens(
        &self,
        asks: &AuthorizeTarget<'_>,
        request: &AuthorizeParams,
        user: &SignedIn,
        (access_token, id_token): (bool, bool),
    ) -> Result<Fields, GrantError> {
        let (tokens, nonce) = (&request.tokens, request.nonce.as_deref());
        let request = ImplicitRequest { tokens, access_token, id_token, nonce };
        let issued = self.grants.implicit(asks.client, user, &request).await?;
        let access = issued.access.iter().flat_map(access_fields);
        let id = issued.id_token.map(|token| ("id_token", token.into()));
        Ok(access.chain(id).collect())
    }
}
