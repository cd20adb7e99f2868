use super::{Algorithm, AppUrl, Clients};

/// `[oauth]` and `[[client]]`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How ID and access tokens are signed.
    pub algorithm: Algorithm,
    /// Where `/v2/logout` may lead when it names no client.
    pub logout_urls: Vec<AppUrl>,
    pub clients: Clients,
}
