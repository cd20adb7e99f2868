//! Login by one-time code: from a typed number to a verified user and their session.
//! Knows no HTTP and no OAuth, and does not know what a login is for.
mod addresses;
mod api_client;
mod attempt;
mod budgets;
mod challenge;
mod challenge_counters;
mod channels;
mod code_check;
mod code_owner;
mod code_turns;
mod conversion;
mod conversion_counters;
mod follow_up;
mod keys;
mod known_browser;
mod limiter;
mod limits;
mod network_limits;
mod news;
mod outbox;
mod prices;
mod puzzle;
mod refused_start;
mod requester;
mod sent_texts;
mod service;
mod settings;
mod spend;
mod start;
mod start_counts;
mod unreachable_limits;
mod verdict;
mod verify;

pub use api_client::ApiClient;
pub use attempt::DeadReason;
pub use challenge::{ChallengeReason, StartChallenge, challenge_outcomes};
pub use channels::ChannelOrder;
pub use code_turns::CodeChecks;
pub use follow_up::FollowUps;
pub use keys::CodeKeys;
pub use known_browser::KnownBrowserCookie;
pub use limiter::Limiter;
pub use limits::{
    CONVERSION_CHALLENGES, CONVERSION_PAUSES, LIMITS, LimitAction, LimitDef, LimitScope,
    LoginLimits, RateLimited, TEXT_SPACING, longest_window,
};
pub use network_limits::NetworkLimits;
pub use news::{LATE_AFTER, TextNews};
pub use outbox::{Outbox, OutboxReceiver, OutboxSender, OutboxWorker, TextSettings};
pub use prices::{ChannelPrices, DearestMessage, Prices, TextSegments, UNITS};
pub use puzzle::{Proof, ProofFault, Puzzle, is_solution};
pub use refused_start::{RefusedStart, StartError};
pub use requester::{Channel, Requester, Standing};
pub use sent_texts::{SentTexts, SentTextsReceiver, SentTextsWorker};
pub use service::{Login, LoginDeps};
pub use settings::{ChallengeSettings, Countries, LoginSettings, TestNumbers};
pub use spend::LoginGrant;
pub use start::{Application, StartRequest, Started};
pub use verdict::{CheckedCode, Verdict, Verified};
