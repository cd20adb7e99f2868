//! Access control for requests to sites: who the caller is, and whether they may pass.
//! Knows neither Pingora nor axum, and answers nothing: `proxy` does, through `web`.
mod access_token;
mod authorize;
mod identity_headers;
mod lifetime;
mod personal_token;
mod session_cookie;
mod token_refusal;

pub use access_token::AccessTokenCache;
pub use authorize::{
    AccessDecision, AccessOutcome, AccessRequest, AuthorizationPolicy, Authorizer, AuthorizerDeps,
    IdentityError, RefusalReason,
};
pub use identity_headers::IdentityHeaders;
pub use session_cookie::{owner_of_cookie, user_of_cookie};
pub use token_refusal::{InvalidPersonalToken, TokenRefusal};
