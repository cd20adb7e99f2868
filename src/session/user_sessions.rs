use super::sessions::Sessions;
use super::sign_in_context::Device;
use super::signed_in::SignedIn;
use super::state::SessionSettings;
use crate::domain::{SessionId, UserId};
use crate::store::{self, SessionKind, StoreError};
use crate::system::Timestamp;

/// A session in the list that its user sees.
#[derive(Clone, Debug)]
pub struct UserSession {
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
    pub async fn list_own(
        &self,
        who: &SignedIn,
        settings: SessionSettings,
    ) -> Result<Vec<UserSession>, StoreError> {
        let now = self.system.now();
        let mut own = Vec::new();
        for stored in self.store.list_by_user(who.user(), now).await? {
            let seen = self.last_seen(&stored);
            if is_active(&stored, seen, settings, now) {
                own.push(UserSession {
                    id: stored.id,
                    kind: stored.kind,
                    began: stored.created,
                    seen,
                    device: Device::from_text(&stored.sign_in_context.device),
                    address_block: stored.sign_in_context.address_block,
                    current: stored.id == who.session(),
                });
            }
        }
        own.sort_by_key(|own| (!own.current, std::cmp::Reverse(own.seen)));
        Ok(own)
    }

    /// The store is updated periodically only, so that this process may know a later use.
    fn last_seen(&self, stored: &store::SessionSummary) -> Timestamp {
        let cached = self.states.get(&stored.id).map(|state| state.last_seen());
        cached.map_or(stored.last_seen, |cached| cached.max(stored.last_seen))
    }
}

/// The number of active sessions of a user at `now`, as far as the store knows: uses of the last
/// minutes may not be written yet.
///
/// # Errors
///
/// When the store cannot be read.
pub async fn count_active(
    store: &dyn store::SessionStore,
    user: UserId,
    settings: SessionSettings,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let stored = store.list_by_user(user, now).await?;
    Ok(stored.iter().filter(|stored| is_active(stored, stored.last_seen, settings, now)).count())
}

/// Whether a session that was last used at `seen` is active.
fn is_active(
    stored: &store::SessionSummary,
    seen: Timestamp,
    settings: SessionSettings,
    now: Timestamp,
) -> bool {
    // An application's session, or one that a grant keeps alive, has no idle timeout.
    let idles = stored.kind == SessionKind::Browser && !stored.granted;
    !idles || now < seen + settings.idle
}
