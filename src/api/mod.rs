//! The API that Auth0's SDKs use, and OpenID Connect: endpoints, error responses, CORS.
//! Issues and stores no token, and shows a login only by `pages`: those are in `oauth` and `pages`.
mod authorize;
mod client_auth;
mod cors;
mod cross_origin;
mod discovery;
mod error;
mod grant_error;
mod hosted;
mod jwks;
mod legacy;
mod lock;
mod login_outcome;
mod login_tickets;
mod login_transactions;
mod logout;
mod otp;
mod params;
mod refusal;
mod request;
mod revoke;
mod start;
mod state;
mod token;
mod token_response;
mod userinfo;
mod widget;

pub(crate) use authorize::authorize;
pub(crate) use cors::admit;
pub(crate) use cross_origin::authenticate;
pub(crate) use discovery::configuration;
pub(crate) use hosted::{verify, verify_redirect};
pub(crate) use jwks::{
    all as keys, for_cloudflare as keys_for_cloudflare, for_pomerium as keys_for_pomerium,
};
pub(crate) use legacy::{ro, sso_data};
pub(crate) use lock::{client_settings, country};
pub(crate) use login_tickets::LoginTickets;
pub(crate) use login_transactions::LoginTransactions;
pub(crate) use logout::{oidc as oidc_logout, v2 as logout};
pub(crate) use revoke::revoke;
pub(crate) use start::start;
pub(crate) use state::Api;
pub(crate) use token::token;
pub(crate) use userinfo::userinfo;
pub(crate) use widget::{
    Widget, resend as widget_resend, script as widget_script, show as widget_show,
    start as widget_start, types as widget_types, verify as widget_verify,
};
