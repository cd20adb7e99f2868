//! What clients are given for a proved login: authorization codes, grants with their refresh
//! tokens, and the tokens signed for them (RFC 6749, RFC 7009, RFC 7636, OpenID Connect Core 1.0).
//! Authenticates no client, proves no user and knows no HTTP: its caller does.
mod authorization_code;
mod authorize;
mod client_credentials;
mod error;
mod introspect;
mod issue;
mod opaque_token;
mod otp;
mod pkce;
mod refresh;
mod refresh_token;
mod revoke;
mod service;
mod token_request;
mod userinfo;

pub use authorization_code::CodeRedemption;
pub use authorize::{CodeRequest, ImplicitRequest, ImplicitTokens};
pub use error::GrantError;
pub use issue::{IssuedAccessToken, IssuedTokens};
pub use opaque_token::opaque_token;
pub use otp::{PreparedGrant, ProvedLogin};
pub use pkce::CodeChallenge;
pub use refresh::RefreshRequest;
pub use refresh_token::RefreshToken;
pub use service::{Grants, GrantsDeps};
pub use token_request::{TokenRequest, TokenTarget};
pub use userinfo::UserInfo;
