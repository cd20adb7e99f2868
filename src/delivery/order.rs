use std::fmt;
use std::sync::Arc;

use super::health::{Availability, Health};
use super::sms::{Message, Receipt, SmsProvider};
use super::{Failure, SendError};
use crate::domain::{ClientId, Country};
use crate::system::System;

/// Tries the providers in their order until one accepts the text. Never sends two.
pub struct Delivery {
    providers: Vec<Ranked>,
    routes: Vec<SmsRoute>,
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
        Self { providers, routes: Vec::new(), system }
    }

    /// With other orders for some texts. The first route that is for a text decides.
    #[must_use]
    pub fn with_routes(self, routes: Vec<SmsRoute>) -> Self {
        Self { routes, ..self }
    }

    pub async fn send(&self, message: &Message<'_>) -> Outcome {
        let mut passed_over = Vec::new();
        for ranked in self.in_order(message) {
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

    /// The order of the text's route, or the configured one, with demoted providers at its end.
    /// Those whose breaker is open are left out unless no other is there: they may be well again,
    /// and nobody else can send the text.
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
        let order: Vec<&Ranked> =
            of(Availability::Ready).chain(of(Availability::Demoted)).collect();
        if order.is_empty() { route } else { order }
    }

    fn routed(&self, message: &Message<'_>) -> Vec<&Ranked> {
        let Some(route) = self.routes.iter().find(|route| route.is_for(message)) else {
            return self.providers.iter().collect();
        };
        let named = |name: &String| self.providers.iter().find(|r| r.provider.name() == name);
        route.providers.iter().filter_map(named).collect()
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
            Err(error) if error.demotes() => ranked.health.failed(error, self.system.steady()),
            // Says nothing of the provider's health, which nobody looked at.
            Err(error) if error.fails_over() => {}
            Ok(_) | Err(_) => ranked.health.answered(),
        }
        result
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.providers.iter().map(|ranked| ranked.provider.name())).finish()
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
}
