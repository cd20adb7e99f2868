use super::sessions::Sessions;
use super::signed_in::SignedIn;
use super::state::SessionSettings;
use super::watch::{SessionWatch, TokenExpiry};

impl Sessions {
    /// Watches a browser's session.
    pub fn watch(&self, who: &SignedIn) -> SessionWatch {
        self.register(SessionWatch::new(Some(who.state()), None))
    }

    /// Watches an access token and the session that it belongs to, if any.
    pub fn watch_token(&self, who: Option<&SignedIn>, term: TokenExpiry) -> SessionWatch {
        self.register(SessionWatch::new(who.map(SignedIn::state), Some(term)))
    }

    fn register(&self, watch: SessionWatch) -> SessionWatch {
        self.watches.add(&watch);
        watch
    }

    /// Wakes the watches whose session has expired, by idle timeout or absolute end, or whose
    /// token has expired or had its grant revoked. Must be called periodically: nothing else
    /// notices the passage of time.
    pub fn wake_expired(&self, settings: SessionSettings) {
        let now = self.system.now();
        self.watches.wake(|watched| match (watched.term, &watched.session) {
            (Some(term), _) => self.has_expired(term),
            (None, Some(session)) => !session.is_valid(now, settings),
            (None, None) => true,
        });
    }

    /// Whether an access token that was accepted earlier is still valid, judging by its session
    /// (`who`), its grant and its expiry.
    pub fn is_token_still_valid(&self, who: Option<&SignedIn>, term: TokenExpiry) -> bool {
        !self.has_expired(term) && !who.is_some_and(|who| who.state().has_ended())
    }

    /// Whether a session that was accepted earlier is still valid.
    pub fn is_still_valid(&self, who: &SignedIn, settings: SessionSettings) -> bool {
        who.state().is_valid(self.system.now(), settings)
    }

    fn has_expired(&self, term: TokenExpiry) -> bool {
        let revoked = term.grant.is_some_and(|grant| self.is_revoked(grant));
        revoked || term.expires <= self.system.now()
    }
}
