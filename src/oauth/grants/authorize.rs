use std::time::Duration;

use super::error::GrantError;
use super::issue::{Issuance, IssuedAccessToken};
use super::opaque_token::opaque_token;
use super::pkce::CodeChallenge;
use super::service::Grants;
use super::token_request::{OFFLINE_ACCESS, TokenRequest};
use crate::domain::{AuthorizationCodeDigest, Secret};
use crate::oauth::client::{Client, GrantType};
use crate::session::SignedIn;
use crate::store::{GrantState, NewAuthorizationCode, StoredAuthorizationCode};

/// How long an authorization code can be redeemed: it goes through one redirect and comes back at
/// once (RFC 6749 §4.1.2 allows ten minutes).
const CODE_LIFETIME: Duration = Duration::from_mins(1);

/// What an authorization code is asked for with (RFC 6749 §4.1.1).
#[derive(Debug)]
pub struct CodeRequest<'a> {
    pub tokens: &'a TokenRequest,
    /// As the request had it, empty if it had none: the token request must repeat it.
    pub redirect_uri: &'a str,
    pub nonce: Option<&'a str>,
    /// Expected of every client that [`Client::requires_pkce`].
    pub challenge: Option<&'a CodeChallenge>,
}

/// Which tokens `/authorize` itself is asked for (OpenID Connect Core 1.0 §3.2.2.1).
#[derive(Debug)]
pub struct ImplicitRequest<'a> {
    pub tokens: &'a TokenRequest,
    pub access_token: bool,
    pub id_token: bool,
    pub nonce: Option<&'a str>,
}

/// What `/authorize` itself issues (OpenID Connect Core 1.0 §3.2.2.5).
#[derive(Debug)]
pub struct ImplicitTokens {
    pub access: Option<IssuedAccessToken>,
    pub id_token: Option<String>,
}

impl Grants {
    /// Issues an authorization code for a signed-in user (RFC 6749 §4.1.2).
    ///
    /// # Errors
    ///
    /// [`GrantError::Store`].
    pub async fn authorize(
        &self,
        client: &Client,
        user: &SignedIn,
        request: &CodeRequest<'_>,
    ) -> Result<Secret, GrantError> {
        let text = opaque_token(&self.system);
        let digest = AuthorizationCodeDigest::of(text.reveal());
        let now = self.system.steady();
        let code = StoredAuthorizationCode {
            client: client.id.clone(),
            redirect_uri: request.redirect_uri.to_owned(),
            user: user.user(),
            session: user.session(),
            scope: request.tokens.scope.clone(),
            audience: request.tokens.audience.clone(),
            nonce: request.nonce.map(str::to_owned),
            challenge: request.challenge.map(|challenge| challenge.as_str().to_owned()),
        };
        let new = NewAuthorizationCode { digest, code, at: now, expires: now + CODE_LIFETIME };
        self.store
            .insert_code(&new)
            .await
            .map_err(self.store_failed("store an authorization code"))?;
        Ok(text)
    }

    /// Opens a grant for a signed-in user and issues its tokens at once. Never a refresh token
    /// (RFC 6749 §4.2.2).
    ///
    /// # Errors
    ///
    /// [`GrantError::SessionEnded`] and [`GrantError::UserBlocked`] when the login is no longer
    /// good, [`GrantError::Signing`] and [`GrantError::Store`].
    pub async fn implicit(
        &self,
        client: &Client,
        user: &SignedIn,
        request: &ImplicitRequest<'_>,
    ) -> Result<ImplicitTokens, GrantError> {
        let scope = request.tokens.scope.only(|word| word != OFFLINE_ACCESS);
        let tokens = TokenRequest { scope, audience: request.tokens.audience.clone() };
        let (new, _) = self.signer.new_grant(client, &tokens);
        let opened = self.store.create_grant(user.session(), &new, self.system.now()).await;
        let grant = match opened.map_err(self.store_failed("open a grant"))? {
            GrantState::Active(grant) => grant,
            GrantState::Ended => return Err(GrantError::SessionEnded),
            GrantState::Blocked => return Err(GrantError::UserBlocked),
        };
        let issuance = Issuance { client, grant: &grant, request: &tokens, nonce: request.nonce };
        let access = request.access_token.then(|| self.signer.access_token(&issuance));
        let access = access.transpose()?;
        let beside = access.as_ref().map(|access| access.token.as_str());
        let id_token = request.id_token.then(|| self.signer.id_token(&issuance, beside));
        let id_token = id_token.transpose()?;
        self.record_issued(client, GrantType::Implicit);
        Ok(ImplicitTokens { access, id_token })
    }
}
