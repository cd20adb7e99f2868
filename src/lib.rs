//! Doorcode: a reverse proxy that puts SMS login in front of any web app.
//!
//! Floors, top to bottom; an import points down only (`tests/architecture.rs` checks):
//! `cli` > `app` > `config` > `proxy` > `web` > `api` > `pages` > `access` > `gate` > `oauth` > `login` > `session` > `users`
//! > `store`, `delivery`, `metrics`, `acme` > `events`, `words`, `outbound` > `system`, `domain`.
pub mod access;
pub mod acme;
pub mod api;
pub mod app;
pub mod captcha;
pub mod cli;
pub mod config;
pub mod delivery;
pub mod domain;
pub mod events;
pub mod gate;
pub mod login;
pub mod metrics;
pub mod oauth;
pub mod outbound;
pub mod pages;
pub mod proxy;
pub mod session;
pub mod store;
pub mod system;
pub mod users;
pub mod web;
pub mod words;
