//! What an operator sees of a Doorcode that runs.
mod demo;
mod docs;
mod doctor;
mod explain;
mod health;
mod hsts;
mod log;
mod metrics;
mod reload;
mod report;
mod request_id;
mod service_manager;
mod signals;
mod smpp;
mod starting;
mod upgrade;

pub(crate) use upgrade::upgrade_under_load;
