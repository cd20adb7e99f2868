use std::time::Duration;

use super::verify::Case;
use super::{Door, Login, Over, Verdict, attempt};
use crate::domain::{PhoneNumber, SessionId, UserId};
use crate::events::Event;
use crate::session::{Browser, PreparedSession, SessionToken};
use crate::store::{Committed, NewGrant, NewLogin, Opens, StoreError, StoredBeginning};
use crate::system::Timestamp;

/// For so long a ticket may be taken up.
const TICKET_LIFE: Duration = Duration::from_mins(1);

/// What a right code gives, in the one transaction that spends it.
#[derive(Clone, Debug)]
pub enum Gives<'a> {
    /// A session in a browser, in the place of the one that it has.
    Browser(&'a Browser<'a>),
    /// A session that no browser opens, and what the client is given. It lasts as long as that.
    Api { beginning: StoredBeginning, grant: NewGrant },
    /// A session that is worth nothing unless [`crate::session::Sessions::begin_at`] takes it up
    /// within a minute.
    Ticket { beginning: StoredBeginning },
}

/// Proof that somebody typed the right code, and what it gave them. Only [`Login::verify`]
/// makes one.
#[derive(Debug)]
pub struct Verified {
    user: UserId,
    phone: PhoneNumber,
    session: SessionId,
    new_user: bool,
    token: Option<SessionToken>,
}

impl Verified {
    pub fn user(&self) -> UserId {
        self.user
    }

    pub fn phone(&self) -> &PhoneNumber {
        &self.phone
    }

    /// The session that began.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Whether nobody had signed in with the number before.
    pub fn new_user(&self) -> bool {
        self.new_user
    }

    /// The token of the session, for the cookie of that browser; `None`: no browser asked.
    pub fn token(&self) -> Option<&SessionToken> {
        self.token.as_ref()
    }
}

/// A session that is about to begin, and what opens it.
struct Gift<'a> {
    id: SessionId,
    expires: Timestamp,
    beginning: StoredBeginning,
    opens: Opens,
    browser: Option<(&'a Browser<'a>, PreparedSession)>,
}

impl Login {
    /// Spends the code in the database and begins the session, both or neither.
    pub(super) async fn spend(
        &self,
        case: &Case<'_>,
        gives: Gives<'_>,
    ) -> Result<Verdict, StoreError> {
        let parts = &self.parts;
        let (attempt, now) = (&case.attempt, parts.system.now());
        let gift = self.gift(case, gives, now);
        let login = NewLogin {
            attempt: attempt.id,
            identifier: case.phone.clone().into(),
            new_user: self.settings.sign_up.then(|| UserId::from_bytes(parts.system.random())),
            session: gift.id,
            beginning: gift.beginning.clone(),
            at: now,
            expires: gift.expires,
            opens: gift.opens.clone(),
        };
        let committed = parts.logins.commit(&login).await;
        let committed = committed.map_err(self.store_failed("spend a code"))?;
        let mut step = |found: Option<&_>| attempt::close(found, attempt.id, now);
        // The code is spent in the database, whatever becomes of this.
        let closed = parts.attempts.update(case.key, &mut step).await;
        let _ = closed.map_err(self.store_failed("close an attempt"));
        match committed {
            Committed::Begun { user, new_user } => {
                Ok(self.begun(case, gift, (user, new_user)).await)
            }
            Committed::AlreadySpent { at } if now.since(at) <= attempt::REPEATED => {
                self.repeat(case, gift).await
            }
            Committed::AlreadySpent { .. } => Ok(self.over(Some(attempt.id), Over::Used)),
            Committed::Blocked { user } => Ok(self.blocked(attempt.id, user)),
            // There was one when the code was sent.
            Committed::Unknown => Ok(self.nobody(attempt.id)),
        }
    }

    fn gift<'a>(&self, case: &Case<'_>, gives: Gives<'a>, now: Timestamp) -> Gift<'a> {
        let parts = &self.parts;
        let bare = |beginning, opens, expires| {
            let id = SessionId::from_bytes(parts.system.random());
            Gift { id, expires, beginning, opens, browser: None }
        };
        let lifetime = self.session.lifetime;
        match gives {
            Gives::Browser(browser) => {
                let seed = parts.keys.session_seed(&case.attempt);
                let session = parts.sessions.prepare(browser.host, &seed, self.session);
                let opens = Opens::Token {
                    token: session.digest,
                    host: session.host.clone(),
                    instead_of: browser.session,
                };
                let (id, expires) = (session.id, session.expires);
                let beginning = browser.beginning();
                Gift { id, expires, beginning, opens, browser: Some((browser, session)) }
            }
            Gives::Api { beginning, grant } => {
                let expires = grant.expires;
                bare(beginning, Opens::Grant(grant), expires)
            }
            Gives::Ticket { beginning } => {
                bare(beginning, Opens::Ticket { redeem_by: now + TICKET_LIFE }, now + lifetime)
            }
        }
    }

    async fn begun(&self, case: &Case<'_>, gift: Gift<'_>, (user, new): (UserId, bool)) -> Verdict {
        let (attempt, session) = (case.attempt.id, gift.id);
        self.parts.events.record(&Event::SignedIn { attempt, user, session, new_user: new });
        if let Some((Browser { session: Some(former), .. }, _)) = &gift.browser {
            self.parts.sessions.note_end(*former);
        }
        self.forget_waits(&case.attempt, case.phone).await;
        Verdict::Right(Verified {
            user,
            phone: case.phone.clone(),
            session,
            new_user: new,
            token: gift.browser.map(|(_, prepared)| prepared.token),
        })
    }

    /// The code signed somebody in a moment ago. A double click in a browser: the token follows
    /// from the attempt, so it is the same again, unless somebody has signed out since. An
    /// application is told that the code was used: what it gave once cannot be given again. So is
    /// a browser at the door for applications, where an attempt is the client's and not the
    /// browser's: another one that knows the code would get the same session.
    async fn repeat(&self, case: &Case<'_>, gift: Gift<'_>) -> Result<Verdict, StoreError> {
        let own = gift.browser.filter(|_| case.door == Door::Page);
        let Some((browser, PreparedSession { token, .. })) = own else {
            return Ok(self.over(Some(case.attempt.id), Over::Used));
        };
        Ok(match self.parts.sessions.check(&token, browser.host, self.session).await? {
            Some(who) => Verdict::Right(Verified {
                user: who.user(),
                phone: who.phone().clone(),
                session: who.session(),
                new_user: false,
                token: Some(token),
            }),
            None => self.over(Some(case.attempt.id), Over::Used),
        })
    }
}
