use super::{Device, Sessions, Settings, SignedIn};
use crate::domain::{SessionId, UserId};
use crate::store::{self, SessionKind, StoreError, Which};
use crate::system::Timestamp;

/// One of a person's own sessions.
#[derive(Clone, Debug)]
pub struct OwnSession {
    pub id: SessionId,
    pub kind: SessionKind,
    pub began: Timestamp,
    pub seen: Timestamp,
    pub device: Device,
    /// Where it began, such as `203.0.113.0/24`; empty when that is not known.
    pub address_block: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl Sessions {
    /// The sessions of the person who asks: that one first, then the one last used.
    pub async fn own(
        &self,
        who: &SignedIn,
        settings: Settings,
    ) -> Result<Vec<OwnSession>, StoreError> {
        let now = self.system.now();
        let stored = self.store.of_user(who.user(), now).await?;
        let own = stored.into_iter().filter_map(|stored| {
            // The store learns of a browser's use only now and then.
            let known = self.by_id.get(stored.id).map(|known| known.seen());
            let seen = known.map_or(stored.last_seen, |known| known.max(stored.last_seen));
            lives(&stored, seen, settings, now).then(|| OwnSession {
                id: stored.id,
                kind: stored.kind,
                began: stored.created,
                seen,
                device: Device::from_text(&stored.beginning.device),
                address_block: stored.beginning.address_block,
                current: stored.id == who.session(),
            })
        });
        let mut own: Vec<_> = own.collect();
        own.sort_by_key(|own| (!own.current, std::cmp::Reverse(own.seen)));
        Ok(own)
    }

    /// Ends one of the person's own sessions; `false`: it is not theirs, or has ended already.
    pub async fn end_own(&self, who: &SignedIn, session: SessionId) -> Result<bool, StoreError> {
        Ok(!self.end_some(who, Which::Only(session)).await?.is_empty())
    }

    /// Ends all sessions of the person but the one that asks, and tells which.
    pub async fn end_others(&self, who: &SignedIn) -> Result<Vec<SessionId>, StoreError> {
        self.end_some(who, Which::AllBut(who.session())).await
    }
}

/// How many sessions of a user go on at `now`, by what the store knows: the use of the last minutes
/// may not be written yet.
pub async fn living(
    store: &dyn store::Sessions,
    user: UserId,
    settings: Settings,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let stored = store.of_user(user, now).await?;
    Ok(stored.iter().filter(|stored| lives(stored, stored.last_seen, settings, now)).count())
}

/// Whether a session that was last seen at `seen` goes on.
fn lives(stored: &store::OwnSession, seen: Timestamp, settings: Settings, now: Timestamp) -> bool {
    // No browser uses what is an application's, or what a grant keeps alive.
    let idles = stored.kind == SessionKind::Browser && !stored.granted;
    !idles || now < seen + settings.idle
}
