//! The route table, and what stands before every row of it: who may, and which headers.
//! Knows no Pingora and answers nothing itself: `api` and `pages` do.
mod guard;
mod routes;

pub use routes::{Place, Row, Who, router, rows};
