//! The axum router, called in process and never a server: the route table, the guard in front of
//! each route, and what the proxy asks of it. Knows no Pingora and holds no endpoint.
mod challenge;
mod guard;
mod preflight;
mod routes;
mod state;

pub use challenge::LoginChallenge;
pub use guard::{Access, ServedAt};
pub use routes::{Route, longest_body, router, routes};
pub use state::{Web, WebDeps};
