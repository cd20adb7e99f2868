//! Own pages and endpoints, as one axum router that is called in process, never a server.
//! Knows no Pingora and no rule: those are in `login`, `session`, `gate`.
pub mod pages;
