use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method};

use super::access_token::{AccessTokenCache, PresentedToken};
use super::identity_headers::IdentityHeaders;
use super::session_cookie::user_of_cookie;
use super::token_refusal::TokenRefusal;
use crate::gate::{
    self, Bearer, Caller, CallerNeed, CorsPolicy, Decision, DenialReason, PersonalCredentials,
    Preflight, Readings, RuleMode, Site, SiteMap, SiteRequest,
};
use crate::oauth::{Clients, Issuer, SigningError, SigningKeys, VerifiedAccessToken};
use crate::session::{self, SessionKind, Sessions, SignedIn};
use crate::store::StoreError;
use crate::system::System;
use crate::users::{Directory, Roles};

/// A request for a path of a site, without its transport.
#[derive(Clone, Copy, Debug)]
pub struct AccessRequest<'r> {
    /// Index of `site` in [`SiteMap::sites`].
    pub index: usize,
    pub site: &'r Site,
    pub method: &'r Method,
    /// Of the request's path; all of them lie in the site, see [`SiteMap::locate`].
    pub readings: &'r Readings<'r>,
    pub headers: &'r HeaderMap,
    /// The client's address, see [`gate::client_ip`].
    pub client: IpAddr,
}

/// What becomes of a request, and what its answer must say.
#[derive(Debug)]
pub struct AccessOutcome {
    pub decision: AccessDecision,
    /// What the rules decided, where the site only reports it and the request is passed all the same.
    pub reported: Option<Decision>,
    /// `Nobody` also where the rules need no caller, and where the caller could not be identified.
    pub caller: Caller,
    /// Which scripts of other origins may read the answer.
    pub cors: CorsPolicy,
    /// Whether the answer depends on the caller, so that no shared cache may store it.
    pub private: bool,
}

impl AccessOutcome {
    const fn of_nobody(decision: AccessDecision, cors: CorsPolicy, private: bool) -> Self {
        Self { decision, reported: None, caller: Caller::Nobody, cors, private }
    }
}

#[derive(Debug)]
pub enum AccessDecision {
    /// Passed to the app, as a request of [`AccessOutcome::caller`].
    Forward,
    /// A CORS preflight that is answered here; [`AccessOutcome::cors`] names the origin.
    AnswerPreflight,
    /// The caller is unknown, and the rules need one.
    SignIn,
    /// The user logged in longer ago than the rules allow.
    LogInAgain {
        max_age: Duration,
    },
    Refuse(RefusalReason),
}

#[derive(Debug)]
pub enum RefusalReason {
    /// A CORS preflight from an origin that the site does not list.
    UnlistedPreflight,
    /// A session cookie came with a request that a page of another origin made.
    ForeignOrigin,
    /// `Authorization` holds a token of ours that is not accepted. The session cookie is not looked at
    /// then.
    InvalidToken(TokenRefusal),
    /// The caller is unknown because a store failed while `doing` this.
    StoreFailed { doing: &'static str, error: StoreError },
    /// The declared length of the body is above the site's limit.
    BodyTooLarge,
    /// By a rule of the site.
    Denied(DenialReason),
}

/// What the configuration says about access.
pub struct AuthorizationPolicy {
    pub map: Arc<SiteMap>,
    pub clients: Clients,
    pub directory: Arc<Directory>,
    pub session: session::SessionSettings,
}

/// What the authorizers of all configurations share.
#[derive(Clone)]
pub struct AuthorizerDeps {
    pub sessions: Arc<Sessions>,
    pub tokens: Arc<AccessTokenCache>,
    pub keys: Arc<SigningKeys>,
    pub system: System,
}

/// Authorizes requests under one configuration.
pub struct Authorizer {
    pub(super) policy: AuthorizationPolicy,
    pub(super) deps: AuthorizerDeps,
    /// By index in [`SiteMap::sites`].
    sites: Vec<SiteAccess>,
}

struct SiteAccess {
    /// What access tokens for the site have in `aud`: its `url` without a slash at its end.
    audience: String,
    identity: IdentityHeaders,
}

impl SiteAccess {
    fn new(issuer: &Issuer, site: &Site) -> Self {
        let identity = IdentityHeaders::new(issuer, site);
        Self { audience: site.url.to_string(), identity }
    }
}

/// Why an app cannot be told who calls.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("there is no site with this index")]
    UnknownSite,
    #[error("{0}")]
    Signing(#[from] SigningError),
}

impl Authorizer {
    pub fn new(policy: AuthorizationPolicy, deps: AuthorizerDeps) -> Self {
        let issuer = policy.map.issuer();
        let site_access = |site| SiteAccess::new(issuer, site);
        let sites = policy.map.sites().iter().map(site_access).collect();
        Self { policy, deps, sites }
    }

    /// How long sessions last.
    pub const fn session_settings(&self) -> session::SessionSettings {
        self.policy.session
    }

    /// Judges a request. No I/O for a session or token that this process knows.
    pub async fn authorize(&self, request: &AccessRequest<'_>) -> AccessOutcome {
        let asked = request.site_request();
        let cors = gate::cors_policy(&asked, request.headers);
        if gate::preflight(&asked, request.headers) == Preflight::AnswerHere {
            let decision = if cors.allowed_origin.is_some() {
                AccessDecision::AnswerPreflight
            } else {
                AccessDecision::Refuse(RefusalReason::UnlistedPreflight)
            };
            return AccessOutcome::of_nobody(decision, cors, false);
        }
        if gate::is_authorized_twice(request.headers) {
            let reason = RefusalReason::InvalidToken(TokenRefusal::Malformed);
            return AccessOutcome::of_nobody(AccessDecision::Refuse(reason), cors, false);
        }
        let private = gate::caller_need(&asked) == CallerNeed::Caller;
        let identified = if private { self.identify(request).await } else { Ok(Caller::Nobody) };
        match identified {
            Ok(caller) => {
                let (decision, reported) = decide(request, &caller, &self.deps.system);
                AccessOutcome { decision, reported, caller, cors, private }
            }
            Err(reason) => AccessOutcome::of_nobody(AccessDecision::Refuse(reason), cors, private),
        }
    }

    /// Writes the identity headers of a site's app; none for an unknown caller.
    ///
    /// # Errors
    /// When an assertion cannot be signed. The request must not go on then.
    pub fn write_identity(
        &self,
        site: usize,
        caller: &Caller,
        headers: &mut HeaderMap,
    ) -> Result<(), IdentityError> {
        let site = self.sites.get(site).ok_or(IdentityError::UnknownSite)?;
        let now = self.deps.system.now();
        Ok(site.identity.write(caller, &self.deps.keys, now, headers)?)
    }

    /// An access token of ours decides alone, or a personal one; without any, the session cookie does.
    async fn identify(&self, request: &AccessRequest<'_>) -> Result<Caller, RefusalReason> {
        let personal = PersonalCredentials::of(request.headers);
        if !matches!(personal, PersonalCredentials::None) {
            // Large: boxed, so that other requests need no room for it.
            let owner = Box::pin(self.identify_by_personal_token(request, personal)).await;
            if let Some(owner) = owner.map_err(token_refused)? {
                return Ok(owner);
            }
        }
        let issuer = self.policy.map.issuer();
        match self.deps.tokens.presented(request.headers, issuer) {
            Ok(None) => self.identify_by_cookie(request).await,
            // Rare, and large: boxed, so that other requests need no room for it.
            Ok(Some(token)) => Box::pin(self.identify_by_token(token, request.index)).await,
            Err(refusal) => Err(RefusalReason::InvalidToken(refusal)),
        }
    }

    async fn identify_by_cookie(
        &self,
        request: &AccessRequest<'_>,
    ) -> Result<Caller, RefusalReason> {
        let (sessions, settings) = (&self.deps.sessions, self.policy.session);
        let host = request.site.url.origin.host();
        let AccessRequest { site, method, headers, .. } = *request;
        for cookies in gate::session_cookies(method, headers, site) {
            let found = user_of_cookie(sessions, settings, headers, (cookies, host)).await;
            let user = found.map_err(|error| {
                let doing = "check a session";
                RefusalReason::StoreFailed { doing, error }
            })?;
            if let Some(user) = user {
                let roles = self.roles(&user);
                return Ok(Caller::Session(user, roles));
            }
        }
        Ok(Caller::Nobody)
    }

    async fn identify_by_token(
        &self,
        token: PresentedToken<'_>,
        site: usize,
    ) -> Result<Caller, RefusalReason> {
        let bearer = self.bearer(token, site).await.map_err(token_refused)?;
        Ok(Caller::Token(bearer))
    }

    async fn bearer(&self, token: PresentedToken<'_>, site: usize) -> Result<Bearer, TokenRefusal> {
        let cached = self.deps.tokens.verify(token, self.policy.map.issuer())?;
        if !self.is_accepted_at(cached.access(), site) {
            return Err(TokenRefusal::WrongAudience);
        }
        let user = self.deps.tokens.user(token, &cached).await?;
        let person = user.map(|user| {
            let roles = self.roles(&user);
            (user, roles)
        });
        Ok(Bearer { access: Arc::clone(cached.access()), person })
    }

    /// Whether a token is for the site, and its client still configured to ask for such.
    fn is_accepted_at(&self, access: &VerifiedAccessToken, site: usize) -> bool {
        let Some(audience) = self.audience(site) else { return false };
        let client = self.policy.clients.find(access.client.as_str());
        access.is_for(audience) && client.is_some_and(|client| client.has_audience(audience))
    }

    /// The url of a site, as tokens name it; `None`: there is no site with this index.
    pub(super) fn audience(&self, site: usize) -> Option<&str> {
        self.sites.get(site).map(|site| site.audience.as_str())
    }

    /// The roles that a user has now, of the store and of the configuration.
    pub(super) fn roles(&self, user: &SignedIn) -> Roles {
        self.policy.directory.roles(user.phone(), &user.stored_roles())
    }
}

impl<'r> AccessRequest<'r> {
    const fn site_request(&self) -> SiteRequest<'r> {
        let Self { site, method, readings, client, .. } = *self;
        SiteRequest { site, method, readings, client }
    }
}

fn token_refused(why: TokenRefusal) -> RefusalReason {
    match why {
        TokenRefusal::Store(error) => RefusalReason::StoreFailed { doing: "check a token", error },
        why => RefusalReason::InvalidToken(why),
    }
}

/// Decides for an identified caller. Also what the rules decided, if the site only reports it.
fn decide(
    request: &AccessRequest<'_>,
    caller: &Caller,
    system: &System,
) -> (AccessDecision, Option<Decision>) {
    let AccessRequest { site, method, headers, .. } = request;
    // Browsers attach cookies by themselves, and passwords that were typed into them; an access token is
    // there only because a script put it there.
    let is_foreign = match caller {
        Caller::Session(user, _) if user.kind() == SessionKind::PersonalToken => {
            gate::is_foreign_to_token(method, headers, site)
        }
        Caller::Session(..) => gate::is_foreign_to_session(method, headers, site),
        Caller::Nobody | Caller::Token(_) => false,
    };
    if is_foreign {
        return (AccessDecision::Refuse(RefusalReason::ForeignOrigin), None);
    }
    let is_fresh = |max_age: Duration| {
        caller.person().is_some_and(|(who, _)| who.logged_in_within(max_age, system.now()))
    };
    let judged = gate::decide(&request.site_request(), caller);
    let stopped = match judged {
        Decision::Forward => None,
        Decision::ForwardIfFresh(max_age) => {
            (!is_fresh(max_age)).then_some(AccessDecision::LogInAgain { max_age })
        }
        Decision::SignIn => Some(AccessDecision::SignIn),
        Decision::Refuse(why) => Some(AccessDecision::Refuse(RefusalReason::Denied(why))),
    };
    let reported = match stopped {
        Some(stopped) if site.mode == RuleMode::Enforce => return (stopped, None),
        Some(_) => Some(judged),
        None => None,
    };
    if declares_more_than(headers, site.upstream_options.max_body) {
        return (AccessDecision::Refuse(RefusalReason::BodyTooLarge), None);
    }
    (AccessDecision::Forward, reported)
}

/// Whether `Content-Length` is above `limit` bytes. A body without one is counted as it comes.
fn declares_more_than(headers: &HeaderMap, limit: u64) -> bool {
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    declared.is_some_and(|length| length.parse().is_ok_and(|length: u64| length > limit))
}
