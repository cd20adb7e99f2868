use std::time::Duration;

use super::attempt::{self, AttemptState, StartedAttempt};
use super::budgets::CountedTexts;
use super::challenge::{ChallengeReason, ProofRequest, ProofState};
use super::limiter::{Admission, LimitRequest, LimitSubject, Reservation};
use super::limits::{LimitAction, TEXT_SPACING};
use super::outbox::OutboxJob;
use super::puzzle::Proof;
use super::refused_start::{RefusedStart, StartError};
use super::requester::{Channel, Requester, Standing};
use super::service::{Login, LoginDeps};
use super::start_counts::StartCounts;
use crate::domain::{AttemptId, AttemptKey, ClientId, Host, LineType, PhoneNumber, TextChannel};
use crate::events::{AskedStart, Event};
use crate::store::{Attempt, SendOutcome, SendRefusal, StoreError, TextRequest};

/// Interval of polling an attempt for the outcome of its text. Polled, because the store may be
/// shared with the process that sends it.
const POLL_INTERVAL: Duration = Duration::from_millis(40);

/// A request for a code to be sent to `phone`.
#[derive(Clone, Copy, Debug)]
pub struct StartRequest<'a> {
    pub requester: Requester,
    pub phone: &'a PhoneNumber,
    /// The `Accept-Language` header, for the template.
    pub accept_language: Option<&'a str>,
    /// The language tag of the page that requests the code; `None` where there is no page, and the
    /// language asked for is none of the pages'.
    pub page_language: Option<&'a str>,
    /// The host of the page that requests the code, for the text's last line.
    pub page_host: Option<&'a Host>,
    /// The application that requests the code; `None` for a page of a site.
    pub application: Option<Application<'a>>,
    /// The answer to a challenge.
    pub proof: Option<Proof<'a>>,
    /// The channel that is asked for; `None`: that of the code before, or else the first.
    pub channel: Option<TextChannel>,
}

/// A client, as texts and their routes know it.
#[derive(Clone, Copy, Debug)]
pub struct Application<'a> {
    pub id: &'a ClientId,
    /// For the template.
    pub name: &'a str,
}

impl StartRequest<'_> {
    fn limit_subject(&self) -> LimitSubject<'_> {
        let (phone, requester, language) = (self.phone, &self.requester, self.page_language);
        LimitSubject { phone, requester, language, channel: self.channel.unwrap_or_default() }
    }

    fn asked(&self) -> AskedStart<'_> {
        AskedStart {
            phone: self.phone,
            application: self.application.map(|of| of.name),
            by_program: self.requester.channel == Channel::Api,
            by_known: self.requester.standing == Standing::KnownBrowser,
        }
    }

    fn proof_request(&self) -> ProofRequest<'_> {
        ProofRequest { subject: self.limit_subject(), proof: self.proof }
    }
}

/// A start that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// A text is queued.
    Queued(AttemptId),
    /// No text is sent: it is too early for another one to the number, and the code that this
    /// requester was sent is still valid.
    CoolingDown(AttemptId),
}

impl Started {
    /// What the code is of.
    pub const fn attempt(self) -> AttemptId {
        match self {
            Self::Queued(attempt) | Self::CoolingDown(attempt) => attempt,
        }
    }
}

impl Login {
    /// Begins an attempt, or resumes the one that is alive, and queues its text. Does not wait for
    /// the provider.
    ///
    /// Texts to a number are spaced, whoever requests them. A start within the wait needs no text
    /// if the requester's code is still valid. If it is dead, a text is sent at once: a code only
    /// dies by expiry, use or wrong answers, which have limits of their own. All other requesters
    /// are told to wait: otherwise anyone could use up the number's hourly allowance at once.
    ///
    /// # Errors
    ///
    /// When the number may not be texted, a limit is exceeded, the queue is full or a store
    /// failed.
    pub async fn start(&self, start: StartRequest<'_>) -> Result<Started, RefusedStart> {
        let mut attempt = AttemptId::from_bytes(self.deps.system.random());
        let started = self.start_as(&mut attempt, start).await;
        started.map_err(|why| {
            self.record_refused(start.asked(), start.requester.address, (attempt, &why));
            RefusedStart { attempt, why }
        })
    }

    /// The same for an attempt of this id, which becomes that of the one that is resumed.
    async fn start_as(
        &self,
        id: &mut AttemptId,
        start: StartRequest<'_>,
    ) -> Result<Started, StartError> {
        self.check_textable(start.phone)?;
        self.deps.limiter.addresses.note(start.requester.address);
        let key = self.deps.keys.attempt_key(&start.requester, start.phone);
        let _lock = self.deps.limiter.lock_start(key).await;
        let found = self.attempt(key).await?;
        let state = attempt::state(found.as_ref(), self.deps.system.steady());
        let start = self.with_channel(start, &state);
        if let AttemptState::Resumable(attempt) = state {
            *id = attempt.id;
            if self.must_wait(&start).await? {
                return Ok(Started::CoolingDown(*id));
            }
        }
        let counts = StartCounts::of(&state);
        let asked = start.proof_request();
        self.judge_conversion(asked.subject).await?;
        let proof = self.judge_proof(asked, key).await?;
        if let Some(why) = self.asked_for_proof(asked, proof).await? {
            return Err(self.challenge(asked, (key, &counts), proof, why).await?.into());
        }
        let counts = counts.with_proof(proof.solution());
        let taken = match self.admit(asked.subject, &counts).await? {
            Admission::Granted(taken) => taken,
            // A concurrent start for the number was faster, on another server perhaps.
            Admission::Refused(limited) if *limited.row == TEXT_SPACING => {
                let found = self.attempt(key).await?;
                let now = attempt::state(found.as_ref(), self.deps.system.steady());
                return match now {
                    AttemptState::Resumable(attempt) => Ok(Started::CoolingDown(attempt.id)),
                    _ => Err(StartError::Limited(limited)),
                };
            }
            Admission::Refused(limited) if self.asks_before(&limited, asked) => {
                let why = (ChallengeReason::Address, Some(limited));
                return Err(self.challenge(asked, (key, &counts), proof, why).await?.into());
            }
            Admission::Refused(limited) => return Err(StartError::Limited(limited)),
        };
        self.open_granted((key, id), &start, (&taken, proof)).await
    }

    /// Opens the attempt of a start that was granted. An error gives back what limits counted.
    async fn open_granted(
        &self,
        place: (AttemptKey, &mut AttemptId),
        start: &StartRequest<'_>,
        (taken, proof): (&Reservation, ProofState),
    ) -> Result<Started, StartError> {
        // Before a text is queued: a request that ends here has sent none.
        self.count_text(start.limit_subject(), proof.solution().is_some()).await;
        let started = self.open(place, start, taken, proof).await;
        if started.is_err() {
            self.release(taken).await;
        }
        started
    }

    /// Counts a start, or looks whether there is room for it.
    pub(super) async fn admit(
        &self,
        subject: LimitSubject<'_>,
        counts: &StartCounts,
    ) -> Result<Admission, StoreError> {
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        let (limits, events) = (&self.settings.limits, &**events);
        let texts = CountedTexts { limiter, limits, events, system };
        let admission = texts.take(counts.request(), subject).await;
        admission.inspect_err(|error| events.store_failed("count against the limits", error))
    }

    async fn must_wait(&self, start: &StartRequest<'_>) -> Result<bool, StoreError> {
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        let subject = start.limit_subject();
        let waiting = limiter.must_wait(&self.settings.limits, subject, system).await;
        waiting.inspect_err(|error| events.store_failed("look for the last text", error))
    }

    /// How long until another text may be requested, under all limits as they stand now.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub async fn resend_wait(
        &self,
        requester: &Requester,
        phone: &PhoneNumber,
    ) -> Result<Duration, StoreError> {
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        // Whoever may be asked for a proof need not wait for what it takes the place of.
        let start = match self.challenges(requester, phone) {
            Some(_) => LimitAction::ProvedStart,
            None => LimitAction::Start,
        };
        let amounts = &[(start, 0), (LimitAction::Text, 0), (LimitAction::WrongCode, 0)];
        let wanted = LimitRequest { amounts, spaced: true };
        let (language, channel) = (None, TextChannel::default());
        let subject = LimitSubject { phone, requester, language, channel };
        let admission = limiter
            .reserve(&self.settings.limits, wanted, subject, system)
            .await
            .inspect_err(|error| events.store_failed("look for the last text", error))?;
        Ok(match admission {
            Admission::Granted(_) => Duration::ZERO,
            Admission::Refused(limited) => limited.retry_after,
        })
    }

    async fn open(
        &self,
        (key, id): (AttemptKey, &mut AttemptId),
        start: &StartRequest<'_>,
        taken: &Reservation,
        proof: ProofState,
    ) -> Result<Started, StartError> {
        let Login { deps, settings, .. } = self;
        let fresh = self.new_attempt(*id, start, taken);
        let now = deps.system.steady();
        let mut opened = None;
        let mut step = |found: Option<&_>| {
            let (result, step) =
                attempt::resume_or_begin(found, &fresh, settings.code_lifetime, now);
            opened = Some(result);
            step
        };
        let updated = deps.attempts.update(key, &mut step).await;
        updated.inspect_err(|error| deps.events.store_failed("open an attempt", error))?;
        let (attempt, again) = match opened {
            Some(StartedAttempt::New(attempt)) => (attempt.id, false),
            Some(StartedAttempt::Resumed(attempt)) => (attempt.id, true),
            None => return Err(StartError::QueueFull),
        };
        *id = attempt;
        let (phone, application) = (start.phone, start.application.map(|of| of.name));
        let proof = proof.told();
        deps.events.record(&Event::CodeRequested { attempt, phone, again, application, proof });
        self.queue_text(key, attempt, start).await
    }

    async fn queue_text(
        &self,
        key: AttemptKey,
        attempt: AttemptId,
        start: &StartRequest<'_>,
    ) -> Result<Started, StartError> {
        let queued = self.deps.outbox.push(OutboxJob {
            attempt,
            phone: start.phone.clone(),
            request: TextRequest {
                key,
                accept_language: start.accept_language.map(str::to_owned),
                page_language: start.page_language.map(str::to_owned),
                page_host: start.page_host.cloned(),
                client: start.application.map(|of| of.id.clone()),
                application: start.application.map(|of| of.name.to_owned()),
                only_users: !self.settings.sign_up,
                known: start.requester.standing == Standing::KnownBrowser,
                channel: start.channel.unwrap_or_default(),
            },
            instead_of: None,
        });
        if queued {
            return Ok(Started::Queued(attempt));
        }
        self.deps.events.record(&Event::QueueFull { attempt });
        let outcome = SendOutcome::Refused { why: SendRefusal::Service, code: None };
        let mut step = |found: Option<&_>| attempt::set_outcome(found, attempt, outcome);
        self.deps.attempts.update(key, &mut step).await?;
        Err(StartError::QueueFull)
    }

    fn new_attempt(
        &self,
        id: AttemptId,
        start: &StartRequest<'_>,
        taken: &Reservation,
    ) -> attempt::NewAttempt {
        let LoginDeps { keys, limiter, system, .. } = &self.deps;
        attempt::NewAttempt {
            id,
            nonce: system.random(),
            key: keys.codes[0].id(),
            length: self.settings.code_length,
            channel: start.channel.unwrap_or_default(),
            tries: self.settings.tries,
            source: limiter.source_of(&start.requester),
            counted: taken.at(),
        }
    }

    /// Whether the code of `attempt` would be accepted now.
    pub fn is_alive(&self, attempt: &Attempt) -> bool {
        attempt::is_alive(attempt, self.deps.system.steady())
    }

    /// The attempt of a requester and number, once the outcome of its last text is known or
    /// `patience` has passed. Returns at once where outcomes are not disclosed.
    ///
    /// # Errors
    ///
    /// When the store of attempts cannot be reached.
    pub async fn attempt_with_outcome(
        &self,
        requester: &Requester,
        phone: &PhoneNumber,
        patience: Duration,
    ) -> Result<Option<Attempt>, StoreError> {
        let key = self.deps.keys.attempt_key(requester, phone);
        let patience = if self.settings.sign_up { patience } else { Duration::ZERO };
        let mut polls = patience.as_millis() / POLL_INTERVAL.as_millis();
        loop {
            let found = self.attempt(key).await?;
            let pending =
                found.as_ref().is_some_and(|attempt| attempt.outcome == SendOutcome::Pending);
            if polls == 0 || !pending {
                return Ok(found);
            }
            polls -= 1;
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    fn check_textable(&self, phone: &PhoneNumber) -> Result<(), StartError> {
        if phone.is_test() {
            return Ok(());
        }
        if !self.settings.countries.serves_number(phone) {
            return Err(StartError::CountryNotServed);
        }
        match phone.line_type() {
            LineType::Mobile => Ok(()),
            LineType::Landline => Err(StartError::Landline),
            LineType::Other => Err(StartError::NotMobile),
        }
    }
}
