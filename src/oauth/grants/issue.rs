use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::GrantError;
use super::refresh_token::RefreshToken;
use super::token_request::{GROUPS, TokenRequest};
use crate::domain::{GrantId, Host, Scope, Secret, UserId};
use crate::oauth::algorithm::Algorithm;
use crate::oauth::client::{Client, GroupsAccess};
use crate::oauth::issuer::Issuer;
use crate::oauth::keys::{SigningError, SigningKeys};
use crate::oauth::tokens::{
    AccessToken, GroupsClaim, IdToken, Profile, Subject, access_token, id_token,
};
use crate::store::{NewGrant, StoredGrant};
use crate::system::System;
use crate::users::{Directory, Roles};

/// What the token endpoint answers (RFC 6749 §5.1, OpenID Connect Core 1.0 §3.1.3.3).
#[derive(Debug)]
pub struct IssuedTokens {
    pub access: IssuedAccessToken,
    /// `None`: the scope has no `openid`.
    pub id_token: Option<String>,
    /// `None`: none was asked for.
    pub refresh_token: Option<Secret>,
}

/// A signed access token.
#[derive(Debug)]
pub struct IssuedAccessToken {
    pub token: String,
    /// What was granted of what was asked for (RFC 6749 §3.3).
    pub scope: Scope,
    pub lifetime: Duration,
}

/// What tokens are signed for.
pub(super) struct Issuance<'a> {
    pub(super) client: &'a Client,
    pub(super) grant: &'a StoredGrant,
    pub(super) request: &'a TokenRequest,
    /// As `/authorize` was given it; `None` for every other grant type.
    pub(super) nonce: Option<&'a str>,
}

/// Signs the tokens of one issuer.
pub(super) struct TokenSigner {
    pub(super) keys: Arc<SigningKeys>,
    pub(super) algorithm: Algorithm,
    pub(super) issuer: Issuer,
    /// URL of the `picture` claim.
    pub(super) picture: String,
    /// The name of the claim that lists roles.
    pub(super) groups_claim: String,
    pub(super) directory: Arc<Directory>,
    pub(super) system: System,
}

impl TokenSigner {
    /// Signs all tokens of an issuance, or none.
    pub(super) fn tokens(
        &self,
        issuance: &Issuance<'_>,
        refresh_token: Option<Secret>,
    ) -> Result<IssuedTokens, GrantError> {
        let access = self.access_token(issuance)?;
        let wanted = issuance.request.wants_id_token();
        let id_token = wanted.then(|| self.id_token(issuance, Some(&access.token))).transpose()?;
        Ok(IssuedTokens { access, id_token, refresh_token })
    }

    pub(super) fn access_token(
        &self,
        issuance: &Issuance<'_>,
    ) -> Result<IssuedAccessToken, GrantError> {
        let Issuance { client, grant, request, .. } = issuance;
        self.signed_access_token(&AccessToken {
            token_type: client.access_token_type,
            client: &client.id,
            subject: Subject::User(grant.user),
            session: Some(grant.session),
            grant: Some(&grant.id.to_string()),
            audiences: request.audiences(&self.issuer),
            scope: &request.scope,
            lifetime: client.lifetimes.access_token,
            id: &self.token_id(),
        })
    }

    /// A client's own token (RFC 6749 §4.4): no user, no session, no grant.
    pub(super) fn client_token(
        &self,
        client: &Client,
        request: &TokenRequest,
    ) -> Result<IssuedAccessToken, GrantError> {
        self.signed_access_token(&AccessToken {
            token_type: client.access_token_type,
            client: &client.id,
            subject: Subject::Client,
            session: None,
            grant: None,
            audiences: request.audience.iter().map(ToString::to_string).collect(),
            scope: &request.scope,
            lifetime: client.lifetimes.access_token,
            id: &self.token_id(),
        })
    }

    /// `beside`: the access token that is issued with it.
    pub(super) fn id_token(
        &self,
        issuance: &Issuance<'_>,
        beside: Option<&str>,
    ) -> Result<String, GrantError> {
        let Issuance { client, grant, request, nonce } = issuance;
        let token = IdToken {
            client: &client.id,
            user: grant.user,
            session: Some(grant.session),
            nonce: *nonce,
            auth_time: grant.signed_in,
            at_hash_of: beside,
            profile: &self.profile(client, grant, &request.scope),
            scope: &request.scope,
            lifetime: client.lifetimes.id_token,
        };
        let now = self.system.now();
        logged(id_token(&self.keys, self.algorithm, &self.issuer, &token, now))
    }

    /// The claims of a grant's user, whose profile last changed when they signed in. `scope`: what
    /// the client may see now.
    pub(super) fn profile(&self, client: &Client, grant: &StoredGrant, scope: &Scope) -> Profile {
        let stored = Roles::new(grant.roles.clone());
        let groups = wants_groups(client, scope).then(|| GroupsClaim {
            name: self.groups_claim.clone(),
            roles: self.directory.roles(&grant.phone, &stored),
        });
        Profile {
            phone: grant.phone.clone(),
            picture: self.picture.clone(),
            updated: grant.signed_in,
            groups,
            email: client.email_domain.as_ref().map(|domain| made_up_email(grant.user, domain)),
            updated_at: client.updated_at,
        }
    }

    /// A grant to be stored, and its first refresh token if the request asks for one. Without a
    /// refresh token the grant lasts as long as its access token.
    pub(super) fn new_grant(
        &self,
        client: &Client,
        request: &TokenRequest,
    ) -> (NewGrant, Option<Secret>) {
        let refresh = request.wants_refresh_token().then(|| RefreshToken::first(&self.system));
        let lifetimes = &client.lifetimes;
        let (lifetime, idle) = match refresh {
            Some(_) => (lifetimes.refresh, lifetimes.refresh_idle),
            None => (lifetimes.access_token, lifetimes.access_token),
        };
        let grant = NewGrant {
            id: GrantId::from_bytes(self.system.random()),
            client: client.id.clone(),
            scope: request.scope.clone(),
            audience: request.audience.clone(),
            expires: self.system.now() + lifetime,
            idle,
            refresh: refresh.as_ref().map(RefreshToken::digests),
        };
        (grant, refresh.map(|token| token.reveal()))
    }

    fn signed_access_token(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<IssuedAccessToken, GrantError> {
        let now = self.system.now();
        let signed = logged(access_token(&self.keys, self.algorithm, &self.issuer, token, now))?;
        Ok(IssuedAccessToken {
            token: signed,
            scope: token.scope.clone(),
            lifetime: token.lifetime,
        })
    }

    /// `jti`: no two tokens share one (RFC 7519 §4.1.7).
    fn token_id(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.system.random::<16>())
    }
}

/// Whether a client is told the roles of its users.
pub(super) fn wants_groups(client: &Client, scope: &Scope) -> bool {
    client.groups == GroupsAccess::Always || scope.contains(GROUPS)
}

/// An address that nobody has, for clients that demand one: the user's id without its `sms|`.
fn made_up_email(user: UserId, domain: &Host) -> String {
    let id = user.to_string();
    let id = id.split_once('|').map_or(id.as_str(), |(_, id)| id);
    format!("{id}@{domain}")
}

fn logged(signed: Result<String, SigningError>) -> Result<String, GrantError> {
    signed.map_err(|error| {
        tracing::error!(%error, "signing a token failed");
        error.into()
    })
}
