//! Stories and tables over the whole program: one binary, since linking is most of its cost.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

mod acme;
mod api;
mod attacks;
mod bearer;
mod behind;
mod brand;
mod config;
mod delivery;
mod domain;
mod enumeration;
mod fail_points;
mod forward_auth;
mod framed;
mod gate;
mod handover;
mod holes;
mod identity;
mod limits;
mod login;
mod oauth;
mod pages;
mod people;
mod personal_tokens;
mod receipts;
mod running;
mod scale;
mod sites;
mod store;
mod story;
mod streams;
mod support;
mod tls;
mod upstreams;
mod widget;
mod words;
