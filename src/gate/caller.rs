use std::sync::Arc;

use crate::domain::{ClientId, PhoneNumber};
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

/// What rules look at of a caller. Nobody has neither.
#[derive(Clone, Copy, Debug, Default)]
pub struct JudgedCaller<'c> {
    /// The user who calls, or for whom a client does.
    pub person: Option<(&'c PhoneNumber, &'c Roles)>,
    /// The client of an access token.
    pub client: Option<&'c ClientId>,
}

impl JudgedCaller<'_> {
    pub const fn is_nobody(&self) -> bool {
        self.person.is_none() && self.client.is_none()
    }
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

    /// The caller as rules see them.
    pub fn judged(&self) -> JudgedCaller<'_> {
        let client = match self {
            Self::Token(bearer) => Some(&bearer.access.client),
            Self::Nobody | Self::Session(..) => None,
        };
        let person = self.person().map(|(who, roles)| (who.phone(), roles));
        JudgedCaller { person, client }
    }
}
