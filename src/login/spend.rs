use std::time::Duration;

use super::attempt::{self, DeadReason};
use super::requester::{Channel, Standing};
use super::service::Login;
use super::verdict::{Verdict, Verified};
use crate::domain::{AnswerDigest, AttemptKey, PhoneNumber, SessionId, UserId};
use crate::events::Event;
use crate::session::{Browser, PreparedSession};
use crate::store::{
    Attempt, LoginOutcome, NewGrant, NewLogin, SessionBinding, SignInContext, StoreError,
};
use crate::system::Timestamp;

/// How long a login ticket can be redeemed.
const TICKET_LIFETIME: Duration = Duration::from_mins(1);

/// What a right code yields, in the transaction that spends it.
#[derive(Clone, Debug)]
pub enum LoginGrant<'a> {
    /// A session in a browser; replaces the one that the browser has.
    Browser(&'a Browser<'a>),
    /// A session without a browser, for a client's grant; ends with the grant.
    Api { context: SignInContext, grant: NewGrant },
    /// A session that expires unless [`crate::session::Sessions::begin_at`] redeems it within a
    /// minute.
    Ticket { context: SignInContext },
}

/// An answer that was right and whose try is taken; not spent yet.
pub(super) struct ConfirmedCode<'a> {
    pub(super) key: AttemptKey,
    pub(super) attempt: Attempt,
    pub(super) phone: &'a PhoneNumber,
    pub(super) channel: Channel,
    pub(super) standing: Standing,
    pub(super) answer: AnswerDigest,
}

/// A session that is about to begin, and how it is accessed.
struct PendingSession<'a> {
    id: SessionId,
    expires: Timestamp,
    context: SignInContext,
    binding: SessionBinding,
    browser: Option<(&'a Browser<'a>, PreparedSession)>,
}

impl Login {
    /// Spends the code in the database and begins the session, both or neither.
    pub(super) async fn spend(
        &self,
        case: &ConfirmedCode<'_>,
        gives: LoginGrant<'_>,
    ) -> Result<Verdict, StoreError> {
        let deps = &self.deps;
        let (attempt, now) = (&case.attempt, deps.system.now());
        let pending = self.pending_session(case, gives, now);
        let login = NewLogin {
            attempt: attempt.id,
            identifier: case.phone.clone().into(),
            new_user: self.settings.sign_up.then(|| UserId::from_bytes(deps.system.random())),
            session: pending.id,
            sign_in_context: pending.context.clone(),
            at: now,
            expires: pending.expires,
            binding: pending.binding.clone(),
        };
        let outcome = deps
            .logins
            .commit(&login)
            .await
            .inspect_err(|error| deps.events.store_failed("spend a code", error))?;
        self.close(case).await;
        match outcome {
            LoginOutcome::Begun { user, new_user } => {
                Ok(self.signed_in(case, pending, (user, new_user)).await)
            }
            LoginOutcome::AlreadySpent { at } if now.since(at) <= attempt::REPEAT_WINDOW => {
                self.repeat(case, pending).await
            }
            LoginOutcome::AlreadySpent { .. } => Ok(self.dead(Some(attempt.id), DeadReason::Used)),
            LoginOutcome::Blocked { user } => Ok(self.blocked(attempt.id, user)),
            // The user was deleted after the code was sent.
            LoginOutcome::Unknown => Ok(self.unknown_user(attempt.id)),
        }
    }

    /// Marks the attempt as used. An error changes nothing: the code is spent in the database.
    async fn close(&self, case: &ConfirmedCode<'_>) {
        let (id, now) = (case.attempt.id, self.deps.system.steady());
        let mut step = |found: Option<&_>| attempt::mark_used(found, id, now);
        if let Err(error) = self.deps.attempts.update(case.key, &mut step).await {
            self.deps.events.store_failed("close an attempt", &error);
        }
    }

    fn pending_session<'a>(
        &self,
        case: &ConfirmedCode<'_>,
        gives: LoginGrant<'a>,
        now: Timestamp,
    ) -> PendingSession<'a> {
        let deps = &self.deps;
        let lifetime = self.session_settings.lifetime;
        let (context, binding, expires) = match gives {
            LoginGrant::Browser(browser) => return self.browser_session(case, browser),
            LoginGrant::Api { context, grant } => {
                let expires = grant.expires;
                (context, SessionBinding::Grant(grant), expires)
            }
            LoginGrant::Ticket { context } => (
                context,
                SessionBinding::Ticket { redeem_by: now + TICKET_LIFETIME },
                now + lifetime,
            ),
        };
        let id = SessionId::from_bytes(deps.system.random());
        PendingSession { id, expires, context, binding, browser: None }
    }

    fn browser_session<'a>(
        &self,
        case: &ConfirmedCode<'_>,
        browser: &'a Browser<'a>,
    ) -> PendingSession<'a> {
        let seed = self.deps.keys.session_seed(&case.attempt);
        let session = self.deps.sessions.prepare(browser.host, &seed, self.session_settings);
        let binding = SessionBinding::Token {
            token: session.digest,
            host: session.host.clone(),
            replaces: browser.session,
        };
        let (id, expires) = (session.id, session.expires);
        let context = browser.sign_in_context();
        PendingSession { id, expires, context, binding, browser: Some((browser, session)) }
    }

    async fn signed_in(
        &self,
        case: &ConfirmedCode<'_>,
        pending: PendingSession<'_>,
        (user, new_user): (UserId, bool),
    ) -> Verdict {
        let (attempt, session) = (case.attempt.id, pending.id);
        self.deps.events.record(&Event::SignedIn { attempt, user, session, new_user });
        if let Some((Browser { session: Some(former), .. }, _)) = &pending.browser {
            self.deps.sessions.note_end(*former);
        }
        self.reset_limits(&case.attempt, case.phone).await;
        self.count_used_code(case.phone, case.standing).await;
        self.count_judged_code(true).await;
        Verdict::Right(Verified {
            user,
            phone: case.phone.clone(),
            session,
            new_user,
            token: pending.browser.map(|(_, prepared)| prepared.token),
        })
    }

    /// The code was spent a moment ago. A double click in a browser gets the same token again,
    /// which is derived from the attempt, unless the session has ended since. At the API the code
    /// counts as used: tokens cannot be issued twice, and an attempt there belongs to the client,
    /// not to one browser, so that another browser with the code would get the same session.
    async fn repeat(
        &self,
        case: &ConfirmedCode<'_>,
        pending: PendingSession<'_>,
    ) -> Result<Verdict, StoreError> {
        let own = pending.browser.filter(|_| case.channel == Channel::Page);
        let Some((browser, PreparedSession { token, .. })) = own else {
            return Ok(self.dead(Some(case.attempt.id), DeadReason::Used));
        };
        let session = self.deps.sessions.check(&token, browser.host, self.session_settings).await?;
        Ok(match session {
            Some(who) => Verdict::Right(Verified {
                user: who.user(),
                phone: who.phone().clone(),
                session: who.session(),
                new_user: false,
                token: Some(token),
            }),
            None => self.dead(Some(case.attempt.id), DeadReason::Used),
        })
    }

    /// Resets the waits of a number after a sign-in. On an error they stay as they were.
    async fn reset_limits(&self, attempt: &Attempt, phone: &PhoneNumber) {
        let limits = &self.settings.limits;
        let counted = (attempt.source, attempt.counted);
        let reset = self.deps.limiter.reset_after_sign_in(limits, phone, counted).await;
        if let Err(error) = reset {
            self.deps.events.store_failed("reset the waits of a number", &error);
        }
    }
}
