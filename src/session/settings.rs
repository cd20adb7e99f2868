use std::time::Duration;

/// How long a browser stays signed in.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Ends a session that was not used for so long.
    pub idle: Duration,
    /// Ends every session, used or not.
    pub lifetime: Duration,
}
