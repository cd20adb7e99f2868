use std::time::Duration;

use super::reply::{ErrorResponse, ResponseMode, ResponseTarget};
use crate::api::params::Params;
use crate::api::refusal::ApiRefusal;
use crate::domain::UserId;
use crate::oauth::{Client, Clients, CodeChallenge, GrantType, Issuer, TokenRequest};
use crate::session::SignedIn;
use crate::system::Timestamp;

/// Why a request is not processed.
pub(super) enum AuthorizeError {
    /// Client or redirect URI are not valid, so that only the user can be told (RFC 6749 §4.1.2.1).
    Page(&'static str),
    /// The client is told.
    Back(Box<(ResponseTarget, ErrorResponse)>),
}

/// The client, and where the response goes: read first, since every error needs them.
pub(super) struct AuthorizeTarget<'c> {
    pub(super) client: &'c Client,
    pub(super) reply: ResponseTarget,
    pub(super) params: Params,
    pub(super) kind: ResponseType,
}

/// The response type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseType {
    Code,
    /// Implicit: an access token, an ID token, or both.
    Tokens {
        access: bool,
        id: bool,
    },
}

/// `response_type` is a set of words (OAuth 2.0 Multiple Response Type Encoding Practices §5).
fn kind(text: &str) -> Option<ResponseType> {
    let mut words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    match words.as_slice() {
        ["code"] => Some(ResponseType::Code),
        ["token"] => Some(ResponseType::Tokens { access: true, id: false }),
        ["id_token"] => Some(ResponseType::Tokens { access: false, id: true }),
        ["id_token", "token"] => Some(ResponseType::Tokens { access: true, id: true }),
        _ => None,
    }
}

impl<'c> AuthorizeTarget<'c> {
    pub(super) fn read(
        clients: &'c Clients,
        issuer: &Issuer,
        params: Params,
    ) -> Result<Self, AuthorizeError> {
        let page = |text| AuthorizeError::Page(text);
        let client = params.text("client_id").ok_or_else(|| page("client_id is missing"))?;
        let client = clients.find(client).ok_or_else(|| page("there is no such client_id"))?;
        let to = match (params.text("redirect_uri"), client.callbacks.as_slice()) {
            (Some(asked), _) => client.callback(asked),
            (None, [only]) => Some(only.clone()),
            (None, _) => return Err(page("redirect_uri is missing")),
        };
        let to = to.ok_or_else(|| page("redirect_uri is none of the client's callbacks"))?;
        let state = params.text("state").map(str::to_owned);
        let found = params.text("response_type").map(|text| (kind(text), text));
        let usual = match found {
            Some((Some(ResponseType::Tokens { .. }), _)) => ResponseMode::Fragment,
            _ => ResponseMode::Query,
        };
        let mode = params.text("response_mode").map(ResponseMode::parse);
        let issuer = issuer.to_string();
        let reply = ResponseTarget { issuer, to, mode: mode.flatten().unwrap_or(usual), state };
        let back = |error, text: &'static str| {
            AuthorizeError::Back(Box::new((reply.clone(), ErrorResponse::new(error, text))))
        };
        if mode == Some(None) {
            return Err(back("invalid_request", "response_mode is unknown"));
        }
        let kind = match found {
            None => return Err(back("invalid_request", "response_type is missing")),
            Some((None, _)) => {
                return Err(back("unsupported_response_type", "response_type is unknown"));
            }
            Some((Some(kind), _)) => kind,
        };
        if reply.mode == ResponseMode::WebMessage
            && !reply.to.origin().is_some_and(|origin| client.trusts_page(origin))
        {
            // The message goes to the page that asks, which must be one of the client's. A page
            // at the origin of a callback gets this error, or its SDK would wait for a minute.
            let text = "the page of redirect_uri is none of the client's web_origins";
            return Err(match reply.to.origin() {
                Some(_) => back("invalid_request", text),
                None => page(text),
            });
        }
        if reply.mode == ResponseMode::Query && kind != ResponseType::Code {
            let reply = ResponseTarget { mode: ResponseMode::Fragment, ..reply };
            let error = ErrorResponse::new("invalid_request", "tokens are not sent in a query");
            return Err(AuthorizeError::Back(Box::new((reply, error))));
        }
        Ok(Self { client, reply, params, kind })
    }
}

/// What is asked for, and which logins satisfy it.
#[derive(Debug)]
pub(super) struct AuthorizeParams {
    pub(super) tokens: TokenRequest,
    pub(super) nonce: Option<String>,
    pub(super) challenge: Option<CodeChallenge>,
    /// `prompt=none`: no page may be shown.
    pub(super) silent: bool,
    /// The user must log in again.
    afresh: bool,
    max_age: Option<Duration>,
    /// When this request sent the user to the login pages: a login after it satisfies `prompt` and
    /// `max_age`; see [`SINCE`].
    pub(super) since: Option<Timestamp>,
    /// Whom `id_token_hint` names (OpenID Connect Core 1.0 §3.1.2.1).
    pub(super) named: NamedUser,
    /// `login_hint`.
    pub(super) hint: Option<String>,
}

/// Whom a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedUser {
    Anyone,
    Only(UserId),
    /// Somebody in a token that cannot be verified any more.
    Unknown,
}

/// A parameter of our own, added on the way to the login pages: the time of that, authenticated by
/// [`crate::api::fresh_login`].
pub(super) const SINCE: &str = "doorcode_since";

impl AuthorizeParams {
    pub(super) fn read(asks: &AuthorizeTarget<'_>, issuer: &Issuer) -> Result<Self, ErrorResponse> {
        let AuthorizeTarget { client, params, kind, .. } = asks;
        let bad = |text: &'static str| ErrorResponse::new("invalid_request", text);
        let grant = match kind {
            ResponseType::Code => GrantType::AuthorizationCode,
            ResponseType::Tokens { .. } => GrantType::Implicit,
        };
        if !client.may(grant) {
            let text = format!("Grant type '{}' not allowed for the client.", grant.grant_type());
            let refusal =
                ApiRefusal::new("unauthorized_client", "the client may not use this grant");
            return Err(ErrorResponse::new("unauthorized_client", text).told_as(refusal));
        }
        // OpenID Connect Core 1.0 §3.1.2.6.
        for (name, error) in
            [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")]
        {
            if params.text(name).is_some() {
                return Err(ErrorResponse::new(
                    error,
                    "every parameter stands in the query by itself",
                ));
            }
        }
        let (scope, target) = (params.text("scope"), params.target());
        let tokens = TokenRequest::for_login(client, scope, target, issuer)?;
        let nonce = params.text("nonce").map(str::to_owned);
        if matches!(kind, ResponseType::Tokens { id: true, .. }) && nonce.is_none() {
            return Err(bad("nonce is missing: an ID token from here needs one"));
        }
        let prompts: Vec<&str> = params.text("prompt").unwrap_or_default().split(' ').collect();
        let silent = prompts.contains(&"none");
        if silent && prompts.len() > 1 {
            return Err(bad("prompt=none stands alone"));
        }
        let named = ["connection", "realm"].into_iter().find_map(|name| params.text(name));
        if named.is_some_and(|named| !client.may_use_connection(named)) {
            return Err(bad("the connection was not found"));
        }
        let max_age = params.text("max_age").map(str::parse).transpose();
        let max_age = max_age.map_err(|_| bad("max_age is not a number of seconds"))?;
        Ok(Self {
            tokens,
            nonce,
            challenge: challenge(asks)?,
            silent,
            // As at Auth0, a named connection shows its login even to signed-in users. Who is to choose
            // among accounts, of which a number is one, types a number.
            afresh: ["login", "select_account"].iter().any(|word| prompts.contains(word))
                || (named.is_some() && !silent),
            max_age: max_age.map(Duration::from_secs),
            since: None,
            named: NamedUser::Anyone,
            hint: params.text("login_hint").map(str::to_owned),
        })
    }

    /// Whether a login at `began` satisfies the request.
    pub(super) fn is_met_by(&self, began: Timestamp, now: Timestamp) -> bool {
        let shown = began.is_past_at(now) && self.since.is_some_and(|since| began >= since);
        let young = self.max_age.is_none_or(|most| began.is_at_most(most, now));
        shown || (!self.afresh && young)
    }

    /// Whether only a login from now on satisfies it.
    pub(super) fn needs_new_login(&self) -> bool {
        self.afresh || self.max_age.is_some() || self.named != NamedUser::Anyone
    }

    /// Whether the client may be told about `user`. A token that cannot be verified keeps only silent
    /// requests from being answered: a person at the login page knows who they are.
    pub(super) fn is_about(&self, user: &SignedIn) -> bool {
        match self.named {
            NamedUser::Anyone => true,
            NamedUser::Only(named) => named == user.user(),
            NamedUser::Unknown => !self.silent,
        }
    }
}

/// Reads `code_challenge` (RFC 7636 §4.3), which every client must send that is not excepted.
fn challenge(asks: &AuthorizeTarget<'_>) -> Result<Option<CodeChallenge>, ErrorResponse> {
    let bad = |text: &'static str| Err(ErrorResponse::new("invalid_request", text));
    let AuthorizeTarget { client, params, kind, .. } = asks;
    let challenge = params.text("code_challenge");
    if *kind != ResponseType::Code {
        return Ok(None);
    }
    let Some(challenge) = challenge else {
        if !client.requires_pkce {
            return Ok(None);
        }
        return bad(if client.is_confidential() {
            "code_challenge is missing: the client must use PKCE, unless it has `require_pkce = false`"
        } else {
            "code_challenge is missing: a public client must use PKCE"
        });
    };
    if params.text("code_challenge_method") != Some("S256") {
        return bad("code_challenge_method must be S256");
    }
    match CodeChallenge::parse(challenge) {
        Some(challenge) => Ok(Some(challenge)),
        None => bad("code_challenge is not the SHA-256 of a verifier in base64url"),
    }
}
