//! Rules: how a request's target is read, whose it is, and whether a caller may pass.
//! Pure functions of `http` types: no I/O, no clock, no signing, no answers.
mod caller;
mod client_ip;
mod cookies;
mod cross_origin;
mod decide;
mod forward_auth;
mod forwarded;
mod framed_by;
mod framing;
mod identity;
mod methods;
mod personal_token;
mod presets;
mod reserved;
mod rule_order;
mod same_names;
mod site_map;
mod sites;
mod target;
mod upstream_pool;

pub use caller::{Bearer, Caller, JudgedCaller};
pub use client_ip::{client_ip, client_of, is_trusted_peer, is_trusted_proxy, push_ip};
pub use cookies::{Cookies, is_own_cookie, strip_own_cookies};
pub use cross_origin::{
    CorsPolicy, Initiator, Preflight, cors_policy, initiator, is_foreign, preflight, request_origin,
};
pub use decide::{
    CallerNeed, Decision, DenialReason, Judgement, SiteRequest, caller_need, decide,
    is_authorized_twice, is_grpc_call, is_navigation, is_visit, judgements, may_use, strictest,
};
pub use forward_auth::{
    FORWARD_AUTH_SECRET, ForwardAuthMode, ForwardAuthSettings, ForwardedRequest, InvalidForwarded,
    is_written_by_proxies,
};
pub use forwarded::ForwardedHeaders;
pub use framed_by::FramedBy;
pub use framing::{is_for_frame, is_foreign_to_own_page, is_foreign_to_session, session_cookies};
pub use methods::{METHODS, is_forwarded};
pub use personal_token::{
    PersonalCredentials, basic_challenge, is_foreign_to_token, is_program, strip_personal_token,
};
pub use presets::{CLAIMS, Claim, IdentityMapping, PRESETS, Preset};
pub use reserved::{ReservedNames, is_method_override, is_same_header, may_carry_identity};
pub use rule_order::Shadow;
pub use site_map::{OwnPath, RouteMatch, SiteMap};
pub use sites::{
    Hsts, InvalidPath, InvalidSiteUrl, PathPattern, Principal, Rule, RuleMode, Site, SiteUrl,
    Upstream, UpstreamOptions,
};
pub use target::{InvalidTarget, Readings, authority, readings, readings_past_dots};
pub use upstream_pool::{
    Balance, HealthCheck, PoolOptions, ShownCertificate, UpstreamProtocol, UpstreamTls,
};
