use super::beginning::Device;
use super::sessions::Sessions;
use super::signed_in::SignedIn;
use super::state::Settings;
use crate::domain::{SessionId, UserId};
use crate::store::{self, SessionKind, StoreError};
use crate::system::Timestamp;

/// A session in the list that its user sees.
#[derive(Clone, Debug)]
pub struct OwnSession {
    pub id: SessionId,
    pub kind: SessionKind,
    pub began: Timestamp,
    pub seen: Timestamp,
    pub device: Device,
    /// The network in which it began, such as `203.0.113.0/24`; empty if unknown.
    pub address_block: String,
    /// Whether the list was requested in this session.
    pub current: bool,
}

impl Sessions {
    /// The active sessions of the user: the current one first, then by last use.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn own(
        &self,
        who: &SignedIn,
        settings: Settings,
    ) -> Result<Vec<OwnSession>, StoreError> {
        let now = self.system.now();
        let mut own = Vec::new();
        for stored in self.store.of_user(who.user(), now).await? {
            let seen = self.last_seen(&stored);
            if is_active(&stored, seen, settings, now) {
                own.push(OwnSession {
                    id: stored.id,
                    kind: stored.kind,
                    began: stored.created,
                    seen,
                    device: Device::from_text(&stored.beginning.device),
                    address_block: stored.beginning.address_block,
                    current: stored.id == who.session(),
                });
            }
        }
        own.sort_by_key(|own| (!own.current, std::cmp::Reverse(own.seen)));
        Ok(own)
    }

    /// The store is updated periodically only, so that this process may know a later use.
    fn last_seen(&self, stored: &store::OwnSession) -> Timestamp {
        let cached = self.states.get(stored.id).map(|state| state.last_seen());
        cached.map_or(stored.last_seen, |cached| cached.max(stored.last_seen))
    }
}

/// The number of active sessions of a user at `now`, as far as the store knows: uses of the last
/// minutes may not be written yet.
///
/// # Errors
///
/// When the store cannot be read.
pub async fn living(
    store: &dyn store::Sessions,
    user: UserId,
    settings: Settings,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let stored = store.of_user(user, now).await?;
    Ok(stored.iter().filter(|stored| is_active(stored, stored.last_seen, settings, now)).count())
}

/// Whether a session that was last used at `seen` is active.
fn is_active(
    stored: &store::OwnSession,
    seen: Timestamp,
    settings: Settings,
    now: Timestamp,
) -> bool {
    // An application's session, or one that a grant keeps alive, has no idle timeout.
    let idles = stored.kind == SessionKind::Browser && !stored.granted;
    !idles || now < seen + settings.idle
}
