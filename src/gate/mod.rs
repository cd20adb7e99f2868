//! Rules: how a request's target is read, whose it is, and whether a caller may pass.
//! Pure functions of `http` types: no I/O, no clock, no signing, no answers.
mod caller;
mod client_ip;
mod cookies;
mod cross_origin;
mod decide;
mod forwarded;
mod identity;
mod map;
mod presets;
mod reserved;
mod sites;
mod target;

pub use caller::{Bearer, Caller};
pub use client_ip::{client_ip, is_trusted, push_ip};
pub use cookies::{Cookies, is_ours, strip_ours};
pub use cross_origin::{Preflight, Sharing, is_foreign, named_origin, preflight, sharing};
pub use decide::{Asked, Decision, Need, Refusal, decide, is_navigation, need};
pub use forwarded::ForwardedHeaders;
pub use map::{Located, Map, Own};
pub use presets::{CLAIMS, Claim, Identity, PRESETS, Preset};
pub use reserved::{Reserved, are_one, is_method_override, may_tell};
pub use sites::{
    Hsts, InvalidPath, InvalidSite, Passage, PathPattern, Rule, Site, SitePlace, Upstream, Who,
};
pub use target::{BadTarget, Readings, authority, readings};
