//! Events: what happened, as one enum, and the sink that receives it.
//! Decides nothing and stores nothing.
mod challenges_log;
mod event;
mod limits_log;
mod log;
mod provider_log;
mod rate_limit;
mod sink;
#[cfg(test)]
mod still;
mod texts_log;

pub use event::{AskedStart, Event};
pub use log::{EventLog, LogFormat};
pub use sink::{EventSink, EventSinks, StoreFailure};
