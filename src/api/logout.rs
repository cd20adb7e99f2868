use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, header};

use super::params::Params;
use super::refusal::Refusal;
use crate::oauth::{self, AppUrl, Client, IdHint, InvalidToken};
use crate::pages::Web;
use crate::pages::{Visit, with_cookie};
use crate::session::SignedIn;
use crate::store::StoreError;

const V2: &str = "/v2/logout";
const OIDC: &str = "/oidc/logout";

/// A body with a token in it.
const LONGEST_BODY: usize = 16 * 1024;

/// `GET /v2/logout`: ends the session of this browser and leads to one of the URLs that the
/// client lists, or the configuration where no client is named.
pub(crate) async fn v2(
    State(web): State<Arc<Web>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let Ok(params) = Params::of_query(query.as_deref().unwrap_or_default()) else {
        let why = "a parameter is there more than once";
        return refused(&web, &visit, V2, &Params::default(), why);
    };
    let client = match client(&web, params.text("client_id")) {
        Ok(client) => client,
        Err(why) => return refused(&web, &visit, V2, &params, why),
    };
    let asked = params.text("returnTo").map(|asked| allowed(&web, client, asked));
    let listed = asked.map(|url| url.ok_or("returnTo is none of the logout URLs"));
    let to = match listed.transpose() {
        Ok(Some(url)) => Some(url),
        Ok(None) => client.and_then(|client| client.logout_urls.first()),
        Err(why) => return refused(&web, &visit, V2, &params, why),
    };
    let Ok(who) = web.signed_in(&visit.headers, &visit.facts).await else {
        return web.unavailable(&visit);
    };
    web.end_and_leave(&visit, who, to.map(AppUrl::as_str)).await
}

/// `GET` and `POST /oidc/logout` (OpenID Connect RP-Initiated Logout 1.0 §2). A session is ended
/// at once when the hint is of it; else the person is asked.
pub(crate) async fn oidc(State(web): State<Arc<Web>>, visit: Visit, request: Request) -> Response {
    let posted = request.method() == Method::POST;
    let Ok(params) = read(request).await else {
        let why = "the parameters cannot be read";
        return refused(&web, &visit, OIDC, &Params::default(), why);
    };
    let asks = match Asks::read(&web, &params) {
        Ok(asks) => asks,
        Err(why) => return refused(&web, &visit, OIDC, &params, why),
    };
    let Ok(who) = web.signed_in(&visit.headers, &visit.facts).await else {
        return web.unavailable(&visit);
    };
    match who {
        Some(who) => match web.means(&asks, &who).await {
            Ok(true) => web.end_and_leave(&visit, Some(who), asks.to.as_deref()).await,
            Ok(false) => visit.to_own(&web.ask_to_leave(asks.to)).into_response(),
            Err(_) => web.unavailable(&visit),
        },
        None => web.end_hinted(&visit, asks, posted).await,
    }
}

struct Asks {
    hint: Option<IdHint>,
    /// Auth0's `logout_hint` is the `sid` of an ID token.
    session: Option<String>,
    to: Option<String>,
}

impl Asks {
    fn read(web: &Web, params: &Params) -> Result<Self, &'static str> {
        let hint = params.text("id_token_hint");
        let hint = hint.map(|text| oauth::read_hint(&web.keys, web.map.issuer(), text));
        let hint = match hint.transpose() {
            Ok(hint) => hint,
            // Of a key that is gone, as after months: nobody can say whose it is.
            Err(InvalidToken::UnknownKey) => None,
            Err(_) => return Err("id_token_hint is no ID token of this issuer"),
        };
        let named = params.text("client_id");
        let hinted = hint.as_ref().map(|hint| hint.client.as_str());
        if let (Some(named), Some(hinted)) = (named, hinted)
            && named != hinted
        {
            return Err("id_token_hint is of another client than client_id");
        }
        let session = params.text("logout_hint").map(str::to_owned);
        if let (Some(hint), Some(session)) = (&hint, &session)
            && hint.session.is_none_or(|hinted| hinted.to_string() != *session)
        {
            return Err("logout_hint is of another session than id_token_hint");
        }
        let client = client(web, named.or(hinted))?;
        let to = params.text("post_logout_redirect_uri").map(|asked| {
            let to = allowed(web, client, asked);
            to.ok_or("post_logout_redirect_uri is none of the logout URLs")
        });
        let to = to.transpose()?.map(|to| with_state(to, params.text("state")));
        Ok(Self { hint, session, to })
    }
}

async fn read(request: Request) -> Result<Params, super::params::Unreadable> {
    if request.method() != Method::POST {
        return Params::of_query(request.uri().query().unwrap_or_default());
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LONGEST_BODY).await;
    Params::of_body(&parts.headers, &body.map_err(|_| super::params::Unreadable::NotAForm)?)
}

fn client<'w>(web: &'w Web, named: Option<&str>) -> Result<Option<&'w Client>, &'static str> {
    let found = named.map(|id| web.oauth.clients.find(id).ok_or("there is no such client_id"));
    found.transpose()
}

fn allowed<'w>(web: &'w Web, client: Option<&'w Client>, asked: &str) -> Option<&'w AppUrl> {
    match client {
        Some(client) => client.logout_url(asked),
        None => web.oauth.logout_urls.iter().find(|known| known.as_str() == asked),
    }
}

fn with_state(to: &AppUrl, state: Option<&str>) -> String {
    let Some(state) = state else { return to.to_string() };
    let separator = if to.as_str().contains('?') { '&' } else { '?' };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("state", state);
    format!("{to}{separator}{}", query.finish())
}

fn refused(web: &Web, visit: &Visit, at: &str, params: &Params, why: &'static str) -> Response {
    let client = params.text("client_id").and_then(|id| web.oauth.clients.find(id));
    let to = ["returnTo", "post_logout_redirect_uri"].iter().find_map(|name| params.text(name));
    let refusal = Refusal::new("invalid_request", why);
    let refusal = to.iter().fold(refusal, |refusal, to| refusal.naming(to));
    web.refuse_application(visit, client, at, &refusal)
}

impl Web {
    /// Whether the application means the session of this browser: by its `sid`, or by one of the
    /// same person that is over, as when they have signed in again since.
    async fn means(&self, asks: &Asks, who: &SignedIn) -> Result<bool, StoreError> {
        let own = who.session();
        if asks.session.as_deref() == Some(own.to_string().as_str()) {
            return Ok(true);
        }
        match &asks.hint {
            Some(IdHint { session: Some(hinted), .. }) if *hinted == own => Ok(true),
            Some(IdHint { user, session: Some(hinted), .. }) if *user == who.user() => {
                Ok(self.sessions.of_id(*hinted).await?.is_none())
            }
            _ => Ok(false),
        }
    }

    /// Ends the session that the hint is of, which the browser does not show here: a form on a page
    /// of another site brings no cookie (SameSite=Lax). Where it names none that lives, such a form
    /// leads to our own page, which sees the cookie, before anybody is told that it is done.
    async fn end_hinted(&self, visit: &Visit, asks: Asks, posted: bool) -> Response {
        let mut ended = false;
        if let Some(IdHint { user, session: Some(session), .. }) = asks.hint {
            let Ok(who) = self.sessions.of_id(session).await else {
                return self.unavailable(visit);
            };
            if let Some(who) = who.filter(|who| who.user() == user) {
                if self.sign_out(&who).await.is_err() {
                    return self.unavailable(visit);
                }
                ended = true;
            }
        }
        if posted && !ended {
            return visit.to_own(&self.ask_to_leave(asks.to)).into_response();
        }
        leave(asks.to.as_deref())
    }

    async fn end_and_leave(
        &self,
        visit: &Visit,
        who: Option<SignedIn>,
        to: Option<&str>,
    ) -> Response {
        if let Some(who) = who
            && self.sign_out(&who).await.is_err()
        {
            return self.unavailable(visit);
        }
        with_cookie(leave(to), Some(visit.no_session_cookie()))
    }
}

fn leave(to: Option<&str>) -> Response {
    match to.map(HeaderValue::try_from) {
        Some(Ok(to)) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Some(Err(_)) => StatusCode::BAD_REQUEST.into_response(),
        None => "OK".into_response(),
    }
}
