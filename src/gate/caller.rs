use std::sync::Arc;

use crate::oauth::VerifiedAccessToken;
use crate::session::SignedIn;
use crate::users::Roles;

/// Who made a request, as far as it proves that.
#[derive(Clone, Debug)]
pub enum Caller {
    Nobody,
    /// A browser with a session cookie, and the current roles of its user.
    Session(SignedIn, Roles),
    /// A client with an access token of ours.
    Token(Bearer),
}

/// The holder of an access token that the requested site accepts.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// Names the client.
    pub access: Arc<VerifiedAccessToken>,
    /// The user for whom the client acts; `None`: it acts for itself.
    pub person: Option<(SignedIn, Roles)>,
}

impl Caller {
    /// The user who calls, or for whom a client does.
    pub const fn person(&self) -> Option<(&SignedIn, &Roles)> {
        match self {
            Self::Session(user, roles)
            | Self::Token(Bearer { person: Some((user, roles)), .. }) => Some((user, roles)),
            Self::Nobody | Self::Token(Bearer { person: None, .. }) => None,
        }
    }

    pub const fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody)
    }
}
