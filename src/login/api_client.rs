use std::net::IpAddr;

use super::limits::{LimitAction, RateLimited};
use super::service::{Login, LoginDeps};
use crate::store::StoreError;

/// A client of the API, as its request names it, proved or not.
#[derive(Clone, Copy, Debug)]
pub struct ApiClient<'a> {
    pub id: &'a str,
    /// Of the connection: limits do not believe what a client says of it before it is proved.
    pub address: IpAddr,
}

impl Login {
    /// Whether a client may present another secret, refresh token or authorization code, of which
    /// so many were wrong before; `None`: it may.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub async fn room_for(
        &self,
        what: LimitAction,
        client: ApiClient<'_>,
    ) -> Result<Option<RateLimited>, StoreError> {
        self.count_of_client((what, 0), client).await
    }

    /// Counts one that was wrong. Counted once it was judged, not before: right ones come many at
    /// once, and these are too long to be guessed by as many as come at once.
    ///
    /// # Errors
    ///
    /// When the counters cannot be reached.
    pub async fn count_wrong(
        &self,
        what: LimitAction,
        client: ApiClient<'_>,
    ) -> Result<Option<RateLimited>, StoreError> {
        self.count_of_client((what, 1), client).await
    }

    async fn count_of_client(
        &self,
        counted: (LimitAction, u32),
        client: ApiClient<'_>,
    ) -> Result<Option<RateLimited>, StoreError> {
        let LoginDeps { limiter, system, events, .. } = &self.deps;
        let who = (client.id, limiter.source_key(client.address));
        let limited = limiter
            .count_of_client(&self.settings.limits, counted, who, system.now())
            .await
            .inspect_err(|error| events.store_failed("count against the limits", error))?;
        if let Some(limited) = &limited {
            self.record_limited(limited, client.address, (None, None));
        }
        Ok(limited)
    }
}
