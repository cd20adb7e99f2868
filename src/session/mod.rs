//! Signed-in browsers: begins, checks and ends their sessions. The only maker of `SignedIn`.
//! Does not know how a user was authenticated, nor what they may access.
mod begin;
mod cached_user;
mod change_feed;
mod check;
mod end;
mod expiry;
mod header_cache;
mod last_seen;
mod personal_token;
mod personal_tokens;
mod revoked_grants;
mod sessions;
mod sign_in_context;
mod signed_in;
mod state;
mod token;
mod token_tag;
mod user_sessions;
mod watch;
mod weak_map;

pub use crate::store::{InsertedToken, SessionKind};
pub use begin::PreparedSession;
pub use header_cache::{CachedHeaders, HeaderCache, HeaderCacheKey};
pub use personal_token::PersonalToken;
pub use personal_tokens::{
    PersonalTokenRequest, PersonalTokenSettings, PersonalTokenVerdict, UserToken,
};
pub use sessions::Sessions;
pub use sign_in_context::{Browser, Device, address_block, sign_in_context};
pub use signed_in::SignedIn;
pub use state::SessionSettings;
pub use token::SessionToken;
pub use user_sessions::{UserSession, count_active};
pub use watch::{SessionWatch, TokenExpiry};
