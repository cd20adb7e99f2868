//! What the tests put around Doorcode: doubles of the outside world, and Doorcode itself between
//! them. Uses only the doors that an operator or a visitor has, and `app`'s for a still clock.
pub(crate) mod authority;
pub(crate) mod browser;
pub(crate) mod contacts;
pub(crate) mod databases;
pub(crate) mod engines;
pub(crate) mod gate;
pub(crate) mod http;
pub(crate) mod kept_cells;
pub(crate) mod memory_cells;
pub(crate) mod memory_totals;
pub(crate) mod metrics;
pub(crate) mod ports;
pub(crate) mod postgresql;
pub(crate) mod program;
pub(crate) mod recording;
pub(crate) mod redis_server;
pub(crate) mod relay;
pub(crate) mod settings;
pub(crate) mod still;
pub(crate) mod tables;
pub(crate) mod targets;
pub(crate) mod tls;
pub(crate) mod twilio;
pub(crate) mod upstream;
pub(crate) mod words;
pub(crate) mod world;
