//! Personal access tokens of callers. A request that presents one is judged by it alone, for the person
//! who made it.
use super::authorize::{AccessRequest, Authorizer};
use super::token_refusal::{InvalidPersonalToken, TokenRefusal};
use crate::gate::{Caller, PersonalCredentials};
use crate::session::{PersonalToken, PersonalTokenVerdict};

impl Authorizer {
    /// The person whose token a request presents; `None`: it presents none. No I/O for a token that this
    /// process knows, and for one that was not made here.
    pub(super) async fn identify_by_personal_token(
        &self,
        request: &AccessRequest<'_>,
        presented: PersonalCredentials,
    ) -> Result<Option<Caller>, TokenRefusal> {
        match presented {
            PersonalCredentials::None => Ok(None),
            PersonalCredentials::Malformed => Err(InvalidPersonalToken::Malformed.into()),
            PersonalCredentials::Token(token) => self.owner(request, &token).await.map(Some),
        }
    }

    async fn owner(
        &self,
        request: &AccessRequest<'_>,
        token: &PersonalToken,
    ) -> Result<Caller, TokenRefusal> {
        let site = request.site;
        let url = self.audience(request.index).unwrap_or_default();
        let verdict = self.deps.sessions.check_personal_token(token, url);
        Err(match verdict.await? {
            PersonalTokenVerdict::Valid(user) if site.personal_access_tokens => {
                let roles = self.roles(&user);
                return Ok(Caller::Session(user, roles));
            }
            PersonalTokenVerdict::Valid(_) => InvalidPersonalToken::SwitchedOff,
            PersonalTokenVerdict::Forged => InvalidPersonalToken::Forged,
            PersonalTokenVerdict::OtherSite => InvalidPersonalToken::OtherSite,
            PersonalTokenVerdict::Ended => InvalidPersonalToken::Ended,
        }
        .into())
    }
}
