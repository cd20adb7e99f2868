use std::time::Duration;

use axum::response::Response;
use serde_json::Value;

use super::super::error::ApiError;
use super::super::token::{Issue, new_secret};
use super::reply::Error;
use super::request::{Asks, Kind, Request};
use crate::domain::AuthorizationCodeDigest;
use crate::oauth::{Asked, Grant, OFFLINE};
use crate::pages::Web;
use crate::session::SignedIn;
use crate::store::{GrantState, NewCode, StoreError, StoredCode};

/// A code goes through one redirect and comes back at once (RFC 6749 §4.1.2 allows ten minutes).
const CODE: Duration = Duration::from_mins(1);

impl Web {
    /// The answer for a client about somebody who is signed in.
    pub(super) async fn respond(
        &self,
        asks: &Asks<'_>,
        request: &Request,
        who: &SignedIn,
    ) -> Response {
        let fields = match asks.kind {
            Kind::Code => self.code(asks, request, who).await.map_err(|_| Error::UNAVAILABLE),
            Kind::Tokens { access, id } => self.tokens(asks, request, who, (access, id)).await,
        };
        match fields {
            Ok(fields) => {
                if asks.kind != Kind::Code {
                    self.tell_given(asks.client, Grant::Implicit);
                }
                asks.reply.send(fields)
            }
            Err(error) => asks.reply.error(&error),
        }
    }

    async fn code(
        &self,
        asks: &Asks<'_>,
        request: &Request,
        who: &SignedIn,
    ) -> Result<Vec<(&'static str, Value)>, StoreError> {
        let text = new_secret(&self.system);
        let now = self.system.now();
        let code = StoredCode {
            client: asks.client.id.clone(),
            redirect_uri: asks.params.text("redirect_uri").unwrap_or_default().to_owned(),
            user: who.user(),
            session: who.session(),
            scope: request.asked.scope.clone(),
            audience: request.asked.audience.clone(),
            nonce: request.nonce.clone(),
            challenge: request.challenge.clone(),
        };
        let digest = AuthorizationCodeDigest::of(text.reveal());
        let new = NewCode { digest, code, at: now, expires: now + CODE };
        let put = self.grants.put_code(&new).await;
        put.inspect_err(|error| self.store_failed("keep a code", error))?;
        Ok(vec![("code", text.reveal().into())])
    }

    /// Straight from here there is no refresh token (RFC 6749 §4.2.2).
    async fn tokens(
        &self,
        asks: &Asks<'_>,
        request: &Request,
        who: &SignedIn,
        (access, id): (bool, bool),
    ) -> Result<Vec<(&'static str, Value)>, Error> {
        let client = asks.client;
        let scope = request.asked.scope.only(|word| word != OFFLINE);
        let asked = Asked { scope, ..request.asked.clone() };
        let (new, _) = self.new_grant(client, &asked);
        let opened = self.grants.open_grant(who.session(), &new, self.system.now()).await;
        let opened = opened.inspect_err(|error| self.store_failed("open a grant", error));
        let grant = match opened {
            Ok(GrantState::Good(grant)) => grant,
            Ok(GrantState::Over | GrantState::Blocked) => return Err(Error::LOGIN_REQUIRED),
            Err(_) => return Err(Error::UNAVAILABLE),
        };
        let nonce = request.nonce.as_deref();
        let issue = Issue { client, grant: &grant, asked: &asked, nonce, refresh: None };
        let unsigned = |_: ApiError| Error::UNAVAILABLE;
        let mut fields: Vec<(&'static str, Value)> = Vec::new();
        let token = access.then(|| self.access_token(&issue)).transpose().map_err(unsigned)?;
        if let Some(token) = &token {
            let lifetime = client.lifetimes.access_token.as_secs();
            fields.push(("access_token", token.as_str().into()));
            fields.push(("scope", asked.scope.to_string().into()));
            fields.push(("expires_in", lifetime.into()));
            fields.push(("token_type", "Bearer".into()));
        }
        if id {
            let token = self.id_token(&issue, token.as_deref()).map_err(unsigned)?;
            fields.push(("id_token", token.into()));
        }
        Ok(fields)
    }
}
