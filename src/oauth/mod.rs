//! What clients of the API trust: so far the issuer, later tokens, keys, clients, grants.
//! Knows no login method.
mod issuer;

pub use issuer::{InvalidIssuer, Issuer};
