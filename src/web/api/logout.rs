use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, header};

use super::params::Params;
use crate::oauth::{self, AppUrl, Client, IdHint, InvalidToken};
use crate::session::SignedIn;
use crate::web::visit::{Visit, with_cookie};
use crate::web::{Problem, Web};

/// A body with a token in it.
const LONGEST_BODY: usize = 16 * 1024;

/// `GET /v2/logout`: ends the session of this browser and leads to one of the URLs that the
/// client lists, or the configuration where no client is named.
pub(in crate::web) async fn v2(
    State(web): State<Arc<Web>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let Ok(params) = Params::of_query(query.as_deref().unwrap_or_default()) else {
        return refused(&web, &visit, "a parameter is there more than once");
    };
    let client = match client(&web, params.text("client_id")) {
        Ok(client) => client,
        Err(why) => return refused(&web, &visit, why),
    };
    let to = match (params.text("returnTo"), client) {
        (Some(asked), _) => match allowed(&web, client, asked) {
            Some(url) => Some(url),
            None => return refused(&web, &visit, "returnTo is none of the logout URLs"),
        },
        (None, Some(client)) => client.logout_urls.first(),
        (None, None) => None,
    };
    let Ok(who) = web.signed_in(&visit.headers, &visit.facts).await else {
        return web.unavailable(&visit);
    };
    web.end_and_leave(&visit, who, to.map(AppUrl::as_str)).await
}

/// `GET` and `POST /oidc/logout` (OpenID Connect RP-Initiated Logout 1.0 §2). A session is ended
/// at once when the hint is of it; else the person is asked.
pub(in crate::web) async fn oidc(
    State(web): State<Arc<Web>>,
    visit: Visit,
    request: Request,
) -> Response {
    let Ok(params) = read(request).await else {
        return refused(&web, &visit, "the parameters cannot be read");
    };
    let asks = match Asks::read(&web, &params) {
        Ok(asks) => asks,
        Err(why) => return refused(&web, &visit, why),
    };
    let Ok(who) = web.signed_in(&visit.headers, &visit.facts).await else {
        return web.unavailable(&visit);
    };
    match who {
        Some(who) if !asks.means(&who) => visit.to_own(&web.ask_to_leave(asks.to)).into_response(),
        Some(who) => web.end_and_leave(&visit, Some(who), asks.to.as_deref()).await,
        None => web.end_hinted(&visit, asks).await,
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

    fn means(&self, who: &SignedIn) -> bool {
        let hinted = self.hint.as_ref().and_then(|hint| hint.session);
        let session = who.session();
        hinted == Some(session) || self.session.as_deref() == Some(session.to_string().as_str())
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

fn refused(web: &Web, visit: &Visit, why: &'static str) -> Response {
    web.refuse(visit, &Problem::Application(why))
}

impl Web {
    /// Ends the session that the hint is of, which the browser does not show here: a form on a page
    /// of another site brings no cookie (SameSite=Lax).
    async fn end_hinted(&self, visit: &Visit, asks: Asks) -> Response {
        if let Some(IdHint { user, session: Some(session), .. }) = asks.hint {
            let Ok(who) = self.sessions.of_id(session).await else {
                return self.unavailable(visit);
            };
            if let Some(who) = who.filter(|who| who.user() == user)
                && self.sign_out(&who).await.is_err()
            {
                return self.unavailable(visit);
            }
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
