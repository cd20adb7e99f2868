//! What an operator sees of a Doorcode that runs.
mod request_id;
