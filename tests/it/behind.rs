//! Another proxy in front of Doorcode, which speaks TLS and forwards everything: real nginx, Caddy and
//! `HAProxy` with the files of `deploy/behind`.
mod fronted;
mod h2;
mod holes;
mod stories;
mod visitors;
