//! What an operator sees of a Doorcode that runs.
mod hsts;
mod metrics;
mod request_id;
