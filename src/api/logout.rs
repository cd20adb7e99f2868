use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, header};

use super::params::Params;
use super::refusal::ApiRefusal;
use super::state::Api;
use crate::gate;
use crate::oauth::{AppUrl, Client, IdTokenHint, InvalidToken, verify_id_token_hint};
use crate::pages::{PageRequest, with_cookie};
use crate::session::SignedIn;
use crate::store::StoreError;

const V2: &str = "/v2/logout";
const OIDC: &str = "/oidc/logout";

/// For the log: an image, a frame, a script or a prefetch.
const NO_VISIT: &str = "a logout is a page that a browser goes to, not a part of another page";

/// `GET /v2/logout`: ends the browser's session and redirects to one of the URLs that are
/// configured for the client, or for requests without a client.
pub(crate) async fn v2(
    State(api): State<Arc<Api>>,
    page: PageRequest,
    RawQuery(query): RawQuery,
) -> Response {
    let Ok(params) = Params::of_query(query.as_deref().unwrap_or_default()) else {
        let why = "a parameter is there more than once";
        return refused(&api, &page, V2, &Params::default(), why);
    };
    if !gate::is_visit(&page.headers) {
        return refused(&api, &page, V2, &params, NO_VISIT);
    }
    let to = match v2_target(&api, &params) {
        Ok(to) => to,
        Err(why) => return refused(&api, &page, V2, &params, why),
    };
    let Ok(user) = api.sessions().of(&page).await else {
        return api.shell().unavailable(&page);
    };
    sign_out(&api, &page, user, to.map(AppUrl::as_str)).await
}

/// Where `/v2/logout` redirects to.
fn v2_target<'a>(api: &'a Api, params: &Params) -> Result<Option<&'a AppUrl>, &'static str> {
    let client = client(api, params.text("client_id"))?;
    match params.text("returnTo") {
        Some(url) => match listed(api, client, url) {
            Some(url) => Ok(Some(url)),
            None => Err("returnTo is none of the logout URLs"),
        },
        None => Ok(client.and_then(|client| client.logout_urls.first())),
    }
}

/// `GET` and `POST /oidc/logout` (OpenID Connect RP-Initiated Logout 1.0 §2). The session of this
/// browser ends at once if the hint is of it and has not expired; else the user is asked. A hint
/// alone ends no session: its holder need not be the user.
pub(crate) async fn oidc(
    State(api): State<Arc<Api>>,
    page: PageRequest,
    request: Request,
) -> Response {
    let posted = request.method() == Method::POST;
    let Ok(params) = Params::of_request(request).await else {
        let why = "the parameters cannot be read";
        return refused(&api, &page, OIDC, &Params::default(), why);
    };
    if !gate::is_visit(&page.headers) {
        return refused(&api, &page, OIDC, &params, NO_VISIT);
    }
    let logout = match LogoutRequest::read(&api, &params) {
        Ok(logout) => logout,
        Err(why) => return refused(&api, &page, OIDC, &params, why),
    };
    let Ok(user) = api.sessions().of(&page).await else {
        return api.shell().unavailable(&page);
    };
    let Some(user) = user else {
        return without_session(&api, &page, logout, posted.then_some(&params)).await;
    };
    match is_meant(&api, &logout, &user).await {
        Ok(true) => sign_out(&api, &page, Some(user), logout.to.as_deref()).await,
        Ok(false) => ask(&api, &page, logout.to),
        Err(_) => api.shell().unavailable(&page),
    }
}

/// The parameters of `/oidc/logout`.
struct LogoutRequest {
    hint: Option<IdTokenHint>,
    /// `post_logout_redirect_uri`, with `state`.
    to: Option<String>,
}

impl LogoutRequest {
    fn read(api: &Api, params: &Params) -> Result<Self, &'static str> {
        let hint = match params.text("id_token_hint") {
            Some(text) => read_id_token(api, text)?,
            None => None,
        };
        let named = params.text("client_id");
        let hinted = hint.as_ref().map(|hint| hint.client.as_str());
        if let (Some(named), Some(hinted)) = (named, hinted)
            && named != hinted
        {
            return Err("id_token_hint is of another client than client_id");
        }
        // Auth0's: the `sid` of an ID token, which proves less than the token does.
        if let (Some(hint), Some(session)) = (&hint, params.text("logout_hint"))
            && hint.session.is_none_or(|hinted| hinted.to_string() != session)
        {
            return Err("logout_hint is of another session than id_token_hint");
        }
        let client = client(api, named.or(hinted))?;
        let to = match params.text("post_logout_redirect_uri") {
            Some(url) => match listed(api, client, url) {
                Some(url) => Some(with_state(url, params.text("state"))),
                None => return Err("post_logout_redirect_uri is none of the logout URLs"),
            },
            None => None,
        };
        Ok(Self { hint, to })
    }

    /// The hint, if it shows that the application that sends the user has just signed them in: one
    /// that has expired may have been kept by anybody, and only names its user.
    fn proof(&self, api: &Api) -> Option<&IdTokenHint> {
        let now = api.shell().system().now();
        self.hint.as_ref().filter(|hint| now < hint.expires)
    }
}

/// `None`: the key is retired, as after months, so that the token cannot be verified.
fn read_id_token(api: &Api, text: &str) -> Result<Option<IdTokenHint>, &'static str> {
    match verify_id_token_hint(&api.keys, api.issuer(), text, api.shell().system().now()) {
        Ok(hint) => Ok(Some(hint)),
        Err(InvalidToken::UnknownKey) => Ok(None),
        Err(_) => Err("id_token_hint is no ID token of this issuer"),
    }
}

fn client<'a>(api: &'a Api, id: Option<&str>) -> Result<Option<&'a Client>, &'static str> {
    let found = id.map(|id| api.clients().find(id).ok_or("there is no such client_id"));
    found.transpose()
}

/// A logout URL of the client, or one for requests without a client.
fn listed<'a>(api: &'a Api, client: Option<&'a Client>, url: &str) -> Option<&'a AppUrl> {
    logout_urls(api, client).iter().find(|known| known.as_str() == url)
}

fn logout_urls<'a>(api: &'a Api, client: Option<&'a Client>) -> &'a [AppUrl] {
    client.map_or(&api.settings.logout_urls, |client| &client.logout_urls)
}

fn with_state(to: &AppUrl, state: Option<&str>) -> String {
    let Some(state) = state else { return to.to_string() };
    let separator = if to.as_str().contains('?') { '&' } else { '?' };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("state", state);
    format!("{to}{separator}{}", query.finish())
}

fn refused(
    api: &Api,
    page: &PageRequest,
    at: &str,
    params: &Params,
    why: &'static str,
) -> Response {
    let client = params.text("client_id").and_then(|id| api.clients().find(id));
    let to = ["returnTo", "post_logout_redirect_uri"].iter().find_map(|name| params.text(name));
    let refusal = ApiRefusal::new("invalid_request", why);
    let refusal = match to {
        Some(to) => {
            let listed = logout_urls(api, client).iter().map(AppUrl::as_str);
            refusal.naming_unlisted(to, listed)
        }
        None => refusal,
    };
    api.refuse_application(page, client, at, &refusal)
}

/// Whether the application proves that it means the session of this browser: that of its ID token,
/// or the one after it of the same user, as when they have logged in again since.
async fn is_meant(api: &Api, logout: &LogoutRequest, user: &SignedIn) -> Result<bool, StoreError> {
    let own = user.session();
    match logout.proof(api) {
        Some(IdTokenHint { session: Some(hinted), .. }) if *hinted == own => Ok(true),
        Some(IdTokenHint { user: hinted_user, session: Some(hinted), .. })
            if *hinted_user == user.user() =>
        {
            Ok(api.sessions().find(*hinted).await?.is_none())
        }
        _ => Ok(false),
    }
}

/// Nobody is signed in in this browser, as far as the request shows. What the hint names may be a
/// session in another browser, which only its user ends. `form`: the parameters of a POST, which has
/// no cookie where a page of another site sends it (SameSite=Lax); a redirect has it.
async fn without_session(
    api: &Api,
    page: &PageRequest,
    logout: LogoutRequest,
    form: Option<&Params>,
) -> Response {
    let elsewhere = match logout.hint {
        Some(IdTokenHint { session: Some(session), .. }) => {
            match api.sessions().find(session).await {
                Ok(found) => found.is_some(),
                Err(_) => return api.shell().unavailable(page),
            }
        }
        _ => false,
    };
    match form {
        Some(params) if elsewhere && logout.proof(api).is_some() => {
            page.to_own(&format!("{OIDC}?{}", params.to_query())).into_response()
        }
        None if !elsewhere => leave(logout.to.as_deref()),
        _ => ask(api, page, logout.to),
    }
}

/// Leads to our own page, which asks whether to sign out.
fn ask(api: &Api, page: &PageRequest, to: Option<String>) -> Response {
    page.to_own(&api.account.sign_out_path(to)).into_response()
}

async fn sign_out(
    api: &Api,
    page: &PageRequest,
    user: Option<SignedIn>,
    to: Option<&str>,
) -> Response {
    if let Some(user) = user
        && api.account.sign_out(&user).await.is_err()
    {
        return api.shell().unavailable(page);
    }
    with_cookie(leave(to), Some(page.no_session_cookie()))
}

fn leave(to: Option<&str>) -> Response {
    match to.map(HeaderValue::try_from) {
        Some(Ok(to)) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Some(Err(_)) => StatusCode::BAD_REQUEST.into_response(),
        None => "OK".into_response(),
    }
}
