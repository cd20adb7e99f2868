//! Another proxy in front of the app, which asks Doorcode: real nginx, Caddy and `HAProxy` with the files
//! of `deploy/forward-auth`.
mod asked;
mod holes;
mod hosts;
mod proxies;
pub(crate) mod reference;
mod stories;
