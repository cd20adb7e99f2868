//! What an operator sees of a Doorcode that runs.
mod hsts;
mod request_id;
