use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};

use super::guard::{self, Access, RouteGuard, ServedAt};
use super::state::Web;
use crate::api;
use crate::pages::{
    HeaderClass, LONGEST_FORM, account, assets, challenge, code, done, handover, kept_form,
    language, news, number, refused, sign_in, sign_out, tokens,
};

/// A GET that changes something, such as redeeming a ticket: without HEAD, which must not (RFC 9110
/// §9.3.2) and which link checkers send.
fn acting<H, T>(handler: H) -> MethodRouter<Web>
where
    H: Handler<T, Web>,
    T: 'static,
{
    get(handler).head(guard::wrong_method)
}

/// One of our own paths: where, for whom, with which headers, and its handlers.
pub struct Route {
    pub path: &'static str,
    pub served_at: ServedAt,
    pub access: Access,
    pub class: HeaderClass,
    handler: MethodRouter<Web>,
}

/// The route table: everything that Doorcode answers itself.
pub fn routes() -> Vec<Route> {
    [for_people(), account_pages(), for_programs(), for_providers(), metadata()]
        .into_iter()
        .flatten()
        .collect()
}

/// What people see.
fn for_people() -> Vec<Route> {
    use Access::{Anyone, SignedIn};
    use HeaderClass::{Asset, Callback, FormPage, Json, Page};
    use ServedAt::{Both, Issuer, Site};
    vec![
        row("/", Both, Anyone, Page, get(sign_in::first)),
        row("/language", Both, Anyone, Page, get(language::choose)),
        row("/login", Issuer, Anyone, Page, get(number::show).post(number::submit)),
        row("/code", Issuer, Anyone, Page, get(code::show).post(code::submit)),
        row("/code/news", Issuer, Anyone, Json, get(news::show)),
        row("/resend", Issuer, Anyone, Page, post(code::resend)),
        row("/challenge", Issuer, Anyone, Page, get(challenge::show).post(challenge::submit)),
        row("/refused", Both, Anyone, Page, get(refused::show)),
        row("/done", Issuer, Anyone, Page, get(done::show)),
        row("/resume", Issuer, Anyone, Page, acting(done::resume)),
        row("/sign-in", Both, Anyone, Page, acting(sign_in::begin)),
        row("/callback", Site, Anyone, Callback, acting(handover::callback)),
        row("/arrived", Site, Anyone, Callback, get(handover::arrived)),
        row("/sign-out", Both, Anyone, Page, get(sign_out::ask).post(sign_out::submit)),
        row("/signed-out", Both, Anyone, Page, get(sign_out::show)),
        row(
            kept_form::PATH,
            Site,
            SignedIn,
            FormPage,
            get(kept_form::show).post(kept_form::submit),
        ),
        row("/me", Both, SignedIn, Json, get(account::me)),
        row("/assets/{name}", Both, Anyone, Asset, get(assets::show)),
    ]
}

/// What applications use.
fn for_programs() -> Vec<Route> {
    use Access::{AnyPage, Anyone, Client};
    use HeaderClass::{Api, ApiWithCredentials, Message, Page, Script};
    use ServedAt::{Both, Issuer};
    vec![
        row("/passwordless/start", Issuer, Client, Api, post(api::start)),
        row(
            "/authorize",
            Issuer,
            AnyPage,
            Message,
            acting(api::authorize).post(api::authorize_form),
        ),
        row("/v2/logout", Issuer, Anyone, Page, acting(api::logout)),
        row("/oidc/logout", Issuer, AnyPage, Page, acting(api::oidc_logout).post(api::oidc_logout)),
        row("/co/authenticate", Issuer, Client, ApiWithCredentials, post(api::authenticate)),
        row("/passwordless/verify", Issuer, Client, Api, post(api::verify)),
        row("/passwordless/verify_redirect", Issuer, Anyone, Page, acting(api::verify_redirect)),
        row("/oauth/ro", Issuer, Client, Api, post(api::ro)),
        row("/user/ssodata", Issuer, Client, ApiWithCredentials, get(api::sso_data)),
        row("/oauth/token", Issuer, Client, Api, post(api::token)),
        row("/oauth/revoke", Issuer, Client, Api, post(api::revoke)),
        row("/oauth/introspect", Issuer, Client, Api, post(api::introspect)),
        row("/userinfo", Issuer, Client, Api, get(api::userinfo).post(api::userinfo)),
        row("/client/{file}", Issuer, Anyone, Script, get(api::client_settings)),
        row("/user/geoloc/country", Issuer, Client, Api, get(api::country)),
        row("/widget.js", Both, Anyone, Script, get(api::widget_script)),
        row("/widget.d.ts", Both, Anyone, Script, get(api::widget_types)),
        row(
            "/widget/start",
            Issuer,
            Client,
            ApiWithCredentials,
            get(api::widget_show).post(api::widget_start),
        ),
        row("/widget/resend", Issuer, Client, ApiWithCredentials, post(api::widget_resend)),
        row("/widget/verify", Issuer, Client, ApiWithCredentials, post(api::widget_verify)),
    ]
}

/// What SMS providers use. Some send their receipts by GET.
fn for_providers() -> Vec<Route> {
    let (at, class) = (ServedAt::Issuer, HeaderClass::Json);
    let taken = acting(api::receipt).post(api::receipt);
    vec![row(api::RECEIPT_OF, at, Access::Provider, class, taken)]
}

/// What signed-in users see and end of their own.
fn account_pages() -> Vec<Route> {
    use Access::SignedIn;
    use HeaderClass::AccountPage;
    use ServedAt::{Both, Issuer};
    vec![
        row("/account", Both, SignedIn, AccountPage, get(account::show)),
        row("/account/end", Both, SignedIn, AccountPage, post(account::end)),
        row("/account/end-others", Both, SignedIn, AccountPage, post(account::end_others)),
        row("/account/tokens", Issuer, SignedIn, AccountPage, get(tokens::show).post(tokens::make)),
        row("/account/tokens/end", Issuer, SignedIn, AccountPage, post(tokens::end)),
    ]
}

/// What clients and apps read of the issuer: its metadata and its keys.
fn metadata() -> Vec<Route> {
    use Access::{Anyone, Client};
    use HeaderClass::{Api, Json};
    use ServedAt::{Both, Issuer};
    vec![
        row("/.well-known/jwks.json", Issuer, Client, Api, get(api::keys)),
        row(
            "/.well-known/assertion/jwks.json",
            Issuer,
            Anyone,
            Json,
            get(api::keys_for_assertions),
        ),
        row(
            "/.well-known/cloudflare/jwks.json",
            Issuer,
            Anyone,
            Json,
            get(api::keys_for_cloudflare),
        ),
        row("/.well-known/pomerium/jwks.json", Both, Anyone, Json, get(api::keys_for_pomerium)),
        row("/cdn-cgi/access/certs", Issuer, Anyone, Json, get(api::keys_for_cloudflare)),
        row("/.well-known/openid-configuration", Issuer, Client, Api, get(api::configuration)),
        row(
            "/.well-known/oauth-authorization-server",
            Issuer,
            Client,
            Api,
            get(api::configuration),
        ),
        // RFC 8414 §3.1: where the issuer has a path, at the root of its host.
        row(
            "/.well-known/oauth-authorization-server/{*issuer}",
            Issuer,
            Client,
            Api,
            get(api::configuration_of_path),
        ),
        row(
            "/.well-known/openid-configuration/{*issuer}",
            Issuer,
            Client,
            Api,
            get(api::configuration_of_path),
        ),
    ]
}

fn row(
    path: &'static str,
    served_at: ServedAt,
    access: Access,
    class: HeaderClass,
    handler: MethodRouter<Web>,
) -> Route {
    Route { path, served_at, access, class, handler }
}

/// Limit for the body of a request for an own path, bytes. `target`: path and query.
pub fn longest_body(target: &str) -> usize {
    // Twice a form that was kept: another encoder may have made it shorter.
    let is_form = target.split('?').next() == Some(kept_form::PATH);
    if is_form { 2 * LONGEST_FORM } else { 16 * 1024 }
}

/// Every row of the table, guarded. Paths are below [`crate::pages::RequestContext::base`].
pub fn router(web: &Web) -> Router {
    routes()
        .into_iter()
        .fold(Router::new(), |router, row| {
            let access = RouteGuard {
                path: row.path,
                served_at: row.served_at,
                access: row.access,
                class: row.class,
            };
            let guard = from_fn_with_state((web.clone(), access), guard::admit);
            let handler = row.handler.fallback(guard::wrong_method).layer(guard);
            router.route(row.path, handler)
        })
        .fallback(guard::not_found)
        .with_state(web.clone())
}
