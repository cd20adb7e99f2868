use std::sync::Arc;

use crate::oauth::VerifiedAccess;
use crate::session::SignedIn;
use crate::users::Roles;

/// Who makes a request, as far as was proved.
#[derive(Clone, Debug)]
pub enum Caller {
    Nobody,
    /// A browser with a session, and the roles that its user has now.
    Session(SignedIn, Roles),
    /// An application with an access token of ours.
    Token(Bearer),
}

/// Who holds an access token that is good for the site that is asked.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// Names the client.
    pub access: Arc<VerifiedAccess>,
    /// For whom the client acts; `None`: for itself.
    pub who: Option<(SignedIn, Roles)>,
}

impl Caller {
    /// The person who calls, or for whom an application does.
    pub const fn person(&self) -> Option<(&SignedIn, &Roles)> {
        match self {
            Self::Session(who, roles) | Self::Token(Bearer { who: Some((who, roles)), .. }) => {
                Some((who, roles))
            }
            Self::Nobody | Self::Token(Bearer { who: None, .. }) => None,
        }
    }

    pub const fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody)
    }
}
