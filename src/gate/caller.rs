use crate::session::SignedIn;
use crate::users::Roles;

/// Who makes a request, as far as was proved.
#[derive(Clone, Debug)]
pub enum Caller {
    Nobody,
    /// A browser with a session, and the roles that its user has now.
    Session(SignedIn, Roles),
}
