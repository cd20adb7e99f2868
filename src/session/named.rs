use super::check::By;
use super::{Sessions, SignedIn};
use crate::domain::SessionId;
use crate::store::StoreError;

impl Sessions {
    /// Who an id names, such as the `sid` of a token that was verified: `None` when the session
    /// was ended, its user is blocked, or it is a ticket's that nobody took up. Whether a browser
    /// used it lately, and its absolute end, do not count: what names it has an end of its own.
    /// Asks the store only for sessions that this process does not know by their id yet.
    pub async fn of_id(&self, session: SessionId) -> Result<Option<SignedIn>, StoreError> {
        let known = if let Some(known) = self.named.get(&session) {
            known
        } else {
            let known = self.ask(By::Id(session)).await?;
            self.named.entry(session).or_insert(known).into_value()
        };
        Ok(known.filter(|known| !known.session.has_ended()).map(SignedIn))
    }
}
