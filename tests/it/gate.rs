//! The judge of requests, as tables and as properties. No socket is opened.
pub(crate) mod caller;
mod client;
mod cookies;
mod decide;
mod headers;
mod map;
mod readings;
pub(crate) mod reference;
mod targets;
mod upstream;
