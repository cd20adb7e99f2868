use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::health::{Availability, Health};
use async_trait::async_trait;
use futures_util::future::{BoxFuture, join_all};

use super::sms::{CodeAnswer, CodeCheck, CodeOwner, HeldCode, Message, Receipt, SmsProvider};
use super::{Failure, SendError};
use crate::domain::{ClientId, Country, TextChannel};
use crate::events::{Event, EventSink};
use crate::system::System;

/// How long after a text was first offered a provider whose breaker is open is still asked. A program
/// that asks for a text waits as long for its outcome.
const LAST_RESORT: Duration = Duration::from_secs(10);

/// Tries the providers in their order until one accepts the text. Never sends two.
pub struct Delivery {
    providers: Vec<Ranked>,
    routes: Vec<SmsRoute>,
    /// Told when a breaker opens or closes.
    events: Option<Arc<dyn EventSink>>,
    system: System,
}

/// `[[sms.route]]`: the providers of some texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsRoute {
    /// Whose numbers; `None`: all.
    pub countries: Option<Vec<Country>>,
    /// Who asks; `None` in the list: the login pages, for a page of a site. `None`: all.
    pub clients: Option<Vec<Option<ClientId>>>,
    /// Names, in the order in which they are tried.
    pub providers: Vec<String>,
}

impl SmsRoute {
    fn is_for(&self, message: &Message<'_>) -> bool {
        let countries = self.countries.as_ref();
        let clients = self.clients.as_ref();
        countries.is_none_or(|all| all.iter().any(|country| message.to.is_of(*country)))
            && clients.is_none_or(|all| all.iter().any(|one| one.as_ref() == message.client))
    }
}

/// The result of sending one text, and the errors on the way: operators must learn that the first
/// provider is down even if the second delivers.
#[derive(Debug)]
pub struct Outcome {
    pub result: Result<Receipt, SendError>,
    pub passed_over: Vec<SendError>,
}

impl Delivery {
    pub fn new(providers: Vec<Arc<dyn SmsProvider>>, system: System) -> Self {
        let providers = providers.into_iter().map(Ranked::new).collect();
        Self { providers, routes: Vec::new(), events: None, system }
    }

    /// With other orders for some texts. The first route that is for a text decides.
    #[must_use]
    pub fn with_routes(self, routes: Vec<SmsRoute>) -> Self {
        Self { routes, ..self }
    }

    /// That tells when a provider's breaker opens or closes.
    #[must_use]
    pub fn telling(self, events: Arc<dyn EventSink>) -> Self {
        Self { events: Some(events), ..self }
    }

    pub async fn send(&self, message: &Message<'_>) -> Outcome {
        self.send_watched(message, &Unwatched).await
    }

    /// The same. `watch` is told whose code the text will have before it is offered, if not all
    /// providers send ours.
    pub async fn send_watched(&self, message: &Message<'_>, watch: &dyn CodeWatch) -> Outcome {
        let mut passed_over = Vec::new();
        let tells = self.has_code_owners();
        let began = self.system.steady();
        for ranked in self.in_order(message) {
            let now = self.system.steady();
            if now.since(began) >= LAST_RESORT
                && ranked.health.availability(now) == Availability::Open
            {
                continue;
            }
            let owner = ranked.provider.code_owner().map(|_| ranked.provider.name());
            if tells && !watch.is_noted(owner).await {
                passed_over.push(SendError::new(ranked.provider.name(), Failure::NotNoted));
                continue;
            }
            match self.ask(ranked, message).await {
                Err(error) if error.fails_over() => passed_over.push(error),
                result => {
                    return Outcome { result, passed_over };
                }
            }
        }
        let last = passed_over.pop();
        let error = last.unwrap_or_else(|| SendError::new("no provider", Failure::Misconfigured));
        Outcome { result: Err(error), passed_over }
    }

    /// What its providers do between texts, to be run as long as it is there.
    pub fn background(&self) -> Vec<BoxFuture<'static, ()>> {
        self.providers.iter().filter_map(|ranked| ranked.provider.background()).collect()
    }

    /// Ends the sessions of its providers.
    pub async fn close(&self) {
        join_all(self.providers.iter().map(|ranked| ranked.provider.close())).await;
    }

    /// Whether a text that was not delivered can be sent by another provider.
    pub fn has_other(&self, message: &Message<'_>) -> bool {
        self.routed(message).iter().any(|ranked| ranked.may_send(message))
    }

    /// Whether a provider is asked to tell what becomes of its texts.
    pub fn gives_receipts(&self, name: &str) -> bool {
        let named = self.providers.iter().find(|ranked| ranked.provider.name() == name);
        named.is_some_and(|ranked| ranked.provider.gives_receipts())
    }

    /// The order of the text's route, or the configured one, with demoted providers at its end, and
    /// behind them those whose breaker is open: they may be well again, and they are asked only when
    /// all others failed in a way that surely sent nothing.
    ///
    /// Computed before the first call: a provider that fails now must not be tried a second time as
    /// a demoted one.
    fn in_order(&self, message: &Message<'_>) -> Vec<&Ranked> {
        let now = self.system.steady();
        let route = self.routed(message);
        let of = |availability| {
            route
                .iter()
                .copied()
                .filter(move |ranked| ranked.health.availability(now) == availability)
        };
        let ranks = [Availability::Ready, Availability::Demoted, Availability::Open];
        let mut order: Vec<&Ranked> = ranks.into_iter().flat_map(of).collect();
        // Stable: whoever sends the code that the person has comes first, whatever its health.
        order.sort_by_key(|ranked| !ranked.keeps(message.held));
        order.retain(|ranked| ranked.may_send(message));
        order
    }

    /// Whether any provider makes codes of its own.
    pub fn has_code_owners(&self) -> bool {
        self.providers.iter().any(|ranked| ranked.provider.code_owner().is_some())
    }

    /// Whether the provider of this name does.
    pub fn owns_codes(&self, name: &str) -> bool {
        self.owner(name).is_some()
    }

    /// The provider of this name, if it makes its own codes.
    fn owner(&self, name: &str) -> Option<(&Ranked, &dyn CodeOwner)> {
        let ranked = self.providers.iter().find(|ranked| ranked.provider.name() == name)?;
        Some((ranked, ranked.provider.code_owner()?))
    }

    /// Asks the provider `name` about a code of its own; `None`: it is not configured any more.
    pub async fn check_code(
        &self,
        name: &str,
        check: &CodeCheck<'_>,
    ) -> Option<Result<CodeAnswer, SendError>> {
        let (ranked, owner) = self.owner(name)?;
        let result = owner.check(check).await;
        match &result {
            Err(error) if error.demotes() => self.failed(ranked, error),
            Ok(_) => self.answered(ranked),
            Err(_) => {}
        }
        Some(result)
    }

    /// Ends a code of the provider `name`. On an error it lives until it expires there.
    pub async fn cancel_code(&self, name: &str, id: &str) -> Result<(), SendError> {
        match self.owner(name) {
            Some((_, owner)) => owner.cancel(id).await,
            None => Ok(()),
        }
    }

    /// The providers of the text's channel. A route that names none of that channel says nothing of it:
    /// the next one decides.
    fn routed(&self, message: &Message<'_>) -> Vec<&Ranked> {
        let all = || self.of_channel(message.channel);
        let named = |route: &SmsRoute| -> Vec<&Ranked> {
            let find = |name| all().find(|ranked| ranked.provider.name() == name);
            route.providers.iter().filter_map(find).collect()
        };
        let routes = self.routes.iter().filter(|route| route.is_for(message));
        let decided = routes.map(named).find(|providers| !providers.is_empty());
        decided.unwrap_or_else(|| all().collect())
    }

    /// Whether it has a provider of this channel.
    pub fn sends(&self, channel: TextChannel) -> bool {
        self.of_channel(channel).next().is_some()
    }

    fn of_channel(&self, channel: TextChannel) -> impl Iterator<Item = &Ranked> {
        self.providers.iter().filter(move |ranked| ranked.provider.channel() == channel)
    }

    async fn ask(&self, ranked: &Ranked, message: &Message<'_>) -> Result<Receipt, SendError> {
        let now = self.system.steady();
        if let Some(wait) = ranked.health.paused_for(now) {
            let paused = SendError::new(ranked.provider.name(), Failure::Overloaded);
            return Err(SendError { retry_after: Some(wait), ..paused });
        }
        ranked.health.asked(now);
        let result = ranked.provider.send(message).await;
        match &result {
            Err(error) if error.demotes() => self.failed(ranked, error),
            // Says nothing of the provider's health, which nobody looked at.
            Err(error) if error.fails_over() => {}
            Ok(_) | Err(_) => self.answered(ranked),
        }
        result
    }

    fn failed(&self, ranked: &Ranked, error: &SendError) {
        if ranked.health.failed(error, self.system.steady()) {
            self.tell(ranked, true);
        }
    }

    fn answered(&self, ranked: &Ranked) {
        if ranked.health.answered() {
            self.tell(ranked, false);
        }
    }

    fn tell(&self, ranked: &Ranked, is_open: bool) {
        if let Some(events) = &self.events {
            let provider = ranked.provider.name();
            // With nobody else to ask, it is asked as before.
            let alone = self.of_channel(ranked.provider.channel()).count() == 1;
            events.record(&Event::ProviderBreaker { provider, is_open, alone });
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.providers.iter().map(|ranked| ranked.provider.name())).finish()
    }
}

/// Told before a text is offered.
#[async_trait]
pub trait CodeWatch: Send + Sync {
    /// Notes whose code the text will have: that of a provider of this name, or ours. The person may type
    /// it before the provider has answered. `false`: it could not be noted, so that the text
    /// may not be sent.
    async fn is_noted(&self, owner: Option<&'static str>) -> bool;
}

/// Notes nothing.
struct Unwatched;

#[async_trait]
impl CodeWatch for Unwatched {
    async fn is_noted(&self, _: Option<&'static str>) -> bool {
        true
    }
}

struct Ranked {
    provider: Arc<dyn SmsProvider>,
    health: Health,
}

impl Ranked {
    fn new(provider: Arc<dyn SmsProvider>) -> Self {
        Self { provider, health: Health::default() }
    }

    /// Whether it may send a text that another one did not deliver: the same text, with the same code.
    fn may_send(&self, message: &Message<'_>) -> bool {
        let is_other = |name: &str| self.provider.name() != name;
        message.instead_of.is_none_or(|name| is_other(name) && self.provider.code_owner().is_none())
    }

    /// Whether its texts have the code that the person has already.
    fn keeps(&self, held: HeldCode<'_>) -> bool {
        match held {
            HeldCode::None => true,
            HeldCode::Ours => self.provider.code_owner().is_none(),
            HeldCode::Provider(name) => self.provider.name() == name,
        }
    }
}
