//! A login by a number and its one-time code, for tokens: what `/oauth/token` and `/oauth/ro` have
//! in common. Judges no code and signs nothing: `login` and `oauth` do.
use axum::Json;
use http::header;
use serde_json::Value;

use super::client_auth::ClientAuth;
use super::error::ApiError;
use super::login_outcome::{ErrorDialect, LoginRefusal, right_code};
use super::params::repeated;
use super::request::ApiRequest;
use super::state::Api;
use super::token_response::token_response;
use crate::domain::PhoneNumber;
use crate::login::{LoginGrant, Requester};
use crate::oauth::{Client, GrantType, ProvedLogin, TokenRequest};
use crate::session::sign_in_context;

/// How much of an unknown realm an error repeats, in characters.
const LONGEST_REALM: usize = 100;

/// What is exchanged for tokens, and how its refusal is worded.
pub(super) struct OtpExchange<'a> {
    pub(super) client: &'a Client,
    pub(super) client_auth: ClientAuth,
    pub(super) connection: &'a str,
    pub(super) username: &'a str,
    pub(super) otp: &'a str,
    pub(super) grant_type: GrantType,
    pub(super) dialect: &'a ErrorDialect,
}

impl OtpExchange<'_> {
    /// Judges the code and answers the tokens that the client asks for.
    ///
    /// # Errors
    ///
    /// In the endpoint's dialect, but for scope and audience.
    pub(super) async fn run(
        &self,
        api: &Api,
        request: &ApiRequest,
    ) -> Result<Json<Value>, ApiError> {
        let client = self.client;
        let (scope, target) = (request.text("scope"), request.params.target());
        let tokens = TokenRequest::for_login(client, scope, target, api.issuer())?;
        let Some(phone) = phone_number(api, self.username) else {
            return Err(LoginRefusal::Wrong.into_error(self.dialect, api));
        };
        let address = request.address(client, self.client_auth == ClientAuth::Proved);
        let requester = Requester::api(client.id.as_str(), self.connection, address);
        let prepared = api.grants.prepare_otp(client, tokens);
        let gives = LoginGrant::Api {
            context: sign_in_context(request.header(header::USER_AGENT.as_str()), address),
            grant: prepared.new_grant().clone(),
        };
        let checked = api.login().verify(&requester, &phone, self.otp, gives).await;
        let (proved, attempt) = right_code(checked, self.dialect, api)?;
        let login =
            ProvedLogin { user: proved.user(), phone: proved.phone(), session: proved.session() };
        let issued = api.grants.exchange_otp(prepared, &login, self.grant_type).await;
        let issued = issued.map_err(|error| ApiError::from(error).of_attempt(attempt))?;
        Ok(token_response(&issued))
    }
}

/// The connection that a request names as its `realm`, by the name that grants have for it.
///
/// # Errors
///
/// It names none, or one that the client may not use.
pub(super) fn realm<'c>(request: &'c ApiRequest, client: &'c Client) -> Result<&'c str, ApiError> {
    let realm = request.required("realm")?;
    let known = client.connections.iter().find(|known| *known == realm);
    known.map(String::as_str).ok_or_else(|| {
        let realm = repeated(realm, LONGEST_REALM);
        ApiError::bad("invalid_request", format!("Unknown realm {realm}."))
            .because("the realm is none of the client's connections")
    })
}

/// Reads a number in the form of E.164. `None`: no code was ever sent to it.
pub(super) fn phone_number(api: &Api, typed: &str) -> Option<PhoneNumber> {
    let digits = typed.strip_prefix('+')?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    api.login().parse_number(typed, None).ok()
}
