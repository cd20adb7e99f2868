//! What an operator sees of a Doorcode that runs.
mod demo;
mod docs;
mod health;
mod hsts;
mod log;
mod metrics;
mod reload;
mod request_id;
mod signals;
mod starting;
