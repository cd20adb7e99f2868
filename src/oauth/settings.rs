use std::time::Duration;

use super::{Algorithm, AppUrl, Clients, Lifetimes, Pace, Usage};

/// `[oauth]` and `[[client]]`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How ID and access tokens are signed.
    pub algorithm: Algorithm,
    /// How long a key signs; zero: until somebody asks for the next.
    pub key_lifetime: Duration,
    /// Where `/v2/logout` may lead when it names no client.
    pub logout_urls: Vec<AppUrl>,
    pub clients: Clients,
}

impl Settings {
    /// The key that signs tokens, if anybody gets any.
    pub fn token_key(&self) -> Option<(Usage, Algorithm)> {
        (!self.clients.all().is_empty()).then_some((Usage::Token, self.algorithm))
    }

    pub fn pace(&self) -> Pace {
        let usual = Lifetimes::default();
        let all = self.clients.all().iter().map(|client| client.lifetimes);
        let longest = |one: Lifetimes| one.access_token.max(one.id_token);
        let tokens = all.map(longest).fold(longest(usual), Duration::max);
        Pace { lifetime: self.key_lifetime, tokens }
    }
}
