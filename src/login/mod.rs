//! Login by one-time code: from a typed number to a verified user and their session.
//! Knows no HTTP and no OAuth, and does not know what a login is for.
mod attempt;
mod keys;
mod known_browser;
mod limiter;
mod limits;
mod outbox;
mod requester;
mod service;
mod settings;
mod spend;
mod start;
mod verdict;
mod verify;

pub use attempt::Over;
pub use keys::Keys;
pub use known_browser::Keepsake;
pub use limiter::Limiter;
pub use limits::{By, Limited, Limits, ROWS, Row, WAIT, What};
pub use outbox::{Outbox, OutboxReceiver, OutboxWorker, Sender};
pub use requester::{Asker, Door};
pub use service::{Login, Parts};
pub use settings::{Countries, Settings, TestNumbers};
pub use spend::Gives;
pub use start::{Start, StartError, Started};
pub use verdict::{Verdict, Verified};
