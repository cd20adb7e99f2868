use std::time::Duration;

use super::algorithm::Algorithm;
use super::app_url::AppUrl;
use super::client::{Clients, Lifetimes};
use super::keys::KeyUsage;
use super::rotation::RotationPolicy;

/// `[oauth]` and `[[client]]`.
#[derive(Clone, Debug)]
pub struct OauthSettings {
    /// The algorithm of ID and access tokens.
    pub algorithm: Algorithm,
    /// How long a key signs; zero: until the next is requested on the command line.
    pub key_lifetime: Duration,
    /// The name of the claim that lists a user's roles.
    pub groups_claim: String,
    /// Where `/v2/logout` may redirect to when it names no client.
    pub logout_urls: Vec<AppUrl>,
    pub clients: Clients,
}

impl OauthSettings {
    /// The key that signs tokens; `None`: there are no clients.
    pub fn token_key(&self) -> Option<(KeyUsage, Algorithm)> {
        (!self.clients.all().is_empty()).then_some((KeyUsage::Token, self.algorithm))
    }

    pub fn pace(&self) -> RotationPolicy {
        let usual = Lifetimes::default();
        let all = self.clients.all().iter().map(|client| client.lifetimes);
        let longest = |one: Lifetimes| one.access_token.max(one.id_token);
        let tokens = all.map(longest).fold(longest(usual), Duration::max);
        RotationPolicy { lifetime: self.key_lifetime, tokens }
    }
}
