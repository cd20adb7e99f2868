use std::fmt;
use std::sync::Arc;

use super::health::{Availability, Health};
use super::sms::{Message, Receipt, SmsProvider};
use super::{Failure, SendError};
use crate::domain::{Country, PhoneNumber};
use crate::system::System;

/// Tries the providers in their order until one accepts the text. Never sends two.
pub struct Delivery {
    providers: Vec<Ranked>,
    routes: Vec<SmsRoute>,
    system: System,
}

/// `[[sms.route]]`: the providers of some numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsRoute {
    /// Whose numbers; `None`: all.
    pub countries: Option<Vec<Country>>,
    /// Names, in the order in which they are tried.
    pub providers: Vec<String>,
}

impl SmsRoute {
    fn is_for(&self, phone: &PhoneNumber) -> bool {
        let all = self.countries.as_ref();
        all.is_none_or(|countries| countries.iter().any(|country| phone.is_of(*country)))
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

    /// With other orders for some numbers. The first route that is for a number decides.
    #[must_use]
    pub fn with_routes(self, routes: Vec<SmsRoute>) -> Self {
        Self { routes, ..self }
    }

    pub async fn send(&self, message: &Message<'_>) -> Outcome {
        self.send_without(None, message).await
    }

    /// The same, without one of the providers.
    pub async fn send_without(&self, without: Option<&str>, message: &Message<'_>) -> Outcome {
        let mut passed_over = Vec::new();
        for ranked in self.in_order(message.to) {
            if without == Some(ranked.provider.name()) {
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

    /// Whether a number can be texted without one of the providers.
    pub fn has_other(&self, without: &str, phone: &PhoneNumber) -> bool {
        self.routed(phone).iter().any(|ranked| ranked.provider.name() != without)
    }

    /// Whether a provider is asked to tell what becomes of its texts.
    pub fn gives_receipts(&self, name: &str) -> bool {
        let named = self.providers.iter().find(|ranked| ranked.provider.name() == name);
        named.is_some_and(|ranked| ranked.provider.gives_receipts())
    }

    /// The order of the number's route, or the configured one, with demoted providers at its end.
    /// Those whose breaker is open are left out unless no other is there: they may be well again,
    /// and nobody else can send the text.
    ///
    /// Computed before the first call: a provider that fails now must not be tried a second time as
    /// a demoted one.
    fn in_order(&self, phone: &PhoneNumber) -> Vec<&Ranked> {
        let now = self.system.steady();
        let route = self.routed(phone);
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

    fn routed(&self, phone: &PhoneNumber) -> Vec<&Ranked> {
        let Some(route) = self.routes.iter().find(|route| route.is_for(phone)) else {
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
