//! The API that Auth0's SDKs speak: its endpoints, errors and CORS. Knows no page and keeps no
//! token: those are in `oauth`.
mod authorize;
mod call;
mod client_auth;
mod cors;
mod cross_origin;
mod discovery;
mod error;
mod hosted;
mod legacy;
mod lock;
mod logout;
mod params;
mod revoke;
mod start;
mod token;
mod userinfo;
mod widget;

pub(super) use authorize::authorize;
pub(super) use cors::admit;
pub(super) use cross_origin::authenticate;
pub(super) use discovery::configuration;
pub(super) use hosted::{verify, verify_redirect};
pub(super) use legacy::{ro, sso_data};
pub(super) use lock::{client_settings, country};
pub(super) use logout::{oidc as oidc_logout, v2 as logout};
pub(super) use revoke::revoke;
pub(super) use start::start;
pub(super) use token::token;
pub(super) use userinfo::userinfo;
pub(super) use widget::{
    resend as widget_resend, script as widget_script, show as widget_show, start as widget_start,
    types as widget_types, verify as widget_verify,
};
