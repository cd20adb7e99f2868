//! The end of an authorization: long-lived requests end with the session or access token that let them
//! pass.
use super::authorize::Authorizer;
use crate::gate::{Bearer, Caller};
use crate::session::{SessionWatch, SignedIn};

impl Authorizer {
    /// Whether the session or token of a caller who was let in earlier has ended since.
    pub fn has_ended(&self, caller: &Caller) -> bool {
        let sessions = &self.deps.sessions;
        match caller {
            Caller::Nobody => false,
            Caller::Session(user, _) => !sessions.is_still_valid(user, self.policy.session),
            Caller::Token(bearer) => {
                !sessions.is_token_still_valid(user_of(bearer), bearer.access.term())
            }
        }
    }

    /// Watches for the end of the caller's session or token; `None`: there is no caller.
    pub fn watch(&self, caller: &Caller) -> Option<SessionWatch> {
        let sessions = &self.deps.sessions;
        match caller {
            Caller::Nobody => None,
            Caller::Session(user, _) => Some(sessions.watch(user)),
            Caller::Token(bearer) => {
                Some(sessions.watch_token(user_of(bearer), bearer.access.term()))
            }
        }
    }
}

fn user_of(bearer: &Bearer) -> Option<&SignedIn> {
    bearer.person.as_ref().map(|(user, _)| user)
}
