//! The API that Auth0's SDKs use, and OpenID Connect: endpoints, error responses, CORS.
//! Issues and stores no token, and shows a login only by `pages`: those are in `oauth` and `pages`.
mod auth0_lock;
mod authorize;
mod client_auth;
mod client_limits;
mod co_authenticate;
mod cors;
mod difference;
mod discovery;
mod error;
mod fresh_login;
mod grant_error;
mod introspect;
mod jwks;
mod login_outcome;
mod login_tickets;
mod login_transactions;
mod logout;
mod oauth_ro;
mod otp;
mod params;
mod receipts;
mod refusal;
mod request;
mod revoke;
mod start;
mod state;
mod token;
mod token_response;
mod universal_login;
mod userinfo;
mod widget;

pub(crate) use auth0_lock::{client_settings, country};
pub(crate) use authorize::{authorize, authorize_form};
pub(crate) use co_authenticate::authenticate;
pub(crate) use cors::admit;
pub(crate) use discovery::{configuration, configuration_of_path};
pub(crate) use fresh_login::FreshLogins;
pub(crate) use introspect::introspect;
pub(crate) use jwks::{
    for_assertions as keys_for_assertions, for_cloudflare as keys_for_cloudflare,
    for_pomerium as keys_for_pomerium, for_tokens as keys,
};
pub(crate) use login_tickets::LoginTickets;
pub(crate) use login_transactions::LoginTransactions;
pub(crate) use logout::{oidc as oidc_logout, v2 as logout};
pub(crate) use oauth_ro::{ro, sso_data};
pub use receipts::Receipts;
pub(crate) use receipts::{RECEIPT_OF, RECEIPTS, receipt};
pub(crate) use revoke::revoke;
pub(crate) use start::start;
pub(crate) use state::Api;
pub(crate) use token::token;
pub(crate) use universal_login::{verify, verify_redirect};
pub(crate) use userinfo::userinfo;
pub(crate) use widget::{
    Widget, resend as widget_resend, script as widget_script, show as widget_show,
    start as widget_start, types as widget_types, verify as widget_verify,
};
