//! `GET /authorize` (RFC 6749 §3.1, OpenID Connect Core 1.0 §3): answers a client about the
//! signed-in user, after a login on our own pages if need be. Issues nothing: `oauth` does.
mod endpoint;
mod login;
mod reply;
mod request;
mod respond;

pub(crate) use endpoint::{authorize, authorize_form};
