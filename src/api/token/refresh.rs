use super::super::call::Call;
use super::super::error::ApiError;
use super::issue::Issue;
use super::{Given, invalid_grant, required};
use crate::events::Event;
use crate::oauth::{Asked, Client, NotAsked, NotRefreshed, RefreshToken};
use crate::pages::Web;
use crate::store::{RefreshWorth, Rotation, StoredGrant, StoredRefresh};

/// Auth0's mobile SDKs compare it letter by letter.
const UNKNOWN: &str = "Unknown or invalid refresh token.";
/// Auth0's browser SDK looks for these words and then signs its user out.
const BLOCKED: &str = "user is blocked";

/// A refresh token for newer tokens (RFC 6749 §6). It is looked at before it is used: what nobody
/// gave writes nothing, and who asks for what the token does not give still has it afterwards.
pub(super) async fn redeem(web: &Web, call: &Call, client: &Client) -> Given {
    let token = RefreshToken::parse(required(call, "refresh_token")?);
    let token = token.ok_or_else(|| invalid_grant(UNKNOWN))?;
    let (kept, id, at) = (token.digests(), &client.id, web.system.now());
    let found = web.grants.refresh(&kept, id, at).await;
    let found = found.inspect_err(|error| web.store_failed("find a refresh token", error))?;
    let asked = asked(web, call, client, &good(web, client, found).await?)?;

    let next = client.rotates.then(|| token.next(&web.system));
    let present = next.as_ref().map(|next| next.digests().present);
    let rotation = Rotation { client: id, token: &kept, next: present, at };
    let used = web.grants.rotate(&rotation).await;
    let used = used.inspect_err(|error| web.store_failed("use a refresh token", error))?;
    let grant = &good(web, client, used).await?;
    let refresh = next.map(|next| next.reveal());
    web.give(&Issue { client, grant, asked: &asked, nonce: None, refresh })
}

/// The grant of a token that is good. One that was replaced ends it: only who has held a token of
/// the grant can bring such a one, its owner or a thief, and nobody knows which of the two has the
/// present one (RFC 9700 §4.14.2).
async fn good(
    web: &Web,
    client: &Client,
    found: Option<StoredRefresh>,
) -> Result<StoredGrant, ApiError> {
    let StoredRefresh { grant, worth } = found.ok_or_else(|| invalid_grant(UNKNOWN))?;
    match worth {
        RefreshWorth::Good => Ok(grant),
        RefreshWorth::Over => {
            let why = "the refresh token ran out, was revoked, or its session ended";
            Err(invalid_grant(UNKNOWN).because(why))
        }
        RefreshWorth::Blocked => Err(invalid_grant(BLOCKED)),
        RefreshWorth::Replaced => {
            let revoked = web.grants.revoke(grant.id, web.system.now()).await;
            revoked.inspect_err(|error| web.store_failed("revoke a grant", error))?;
            web.sessions.note_revoked(grant.id);
            let (what, client) = ("a refresh token", client.id.as_str());
            web.events.record(&Event::Reused { what, client, grant: grant.id });
            Err(invalid_grant(UNKNOWN).because("the refresh token came twice"))
        }
    }
}

fn asked(web: &Web, call: &Call, client: &Client, grant: &StoredGrant) -> Result<Asked, ApiError> {
    let (scope, audience) = (call.text("scope"), call.text("audience"));
    let asked = Asked::of_refresh(client, grant, scope, audience, web.map.issuer());
    asked.map_err(|why| match why {
        NotRefreshed::Scope(why) => NotAsked::Scope(why).into(),
        NotRefreshed::OtherAudience(_) => ApiError::bad("invalid_target", why.to_string())
            .because("the audience is not that of the refresh token"),
        NotRefreshed::LostAudience => {
            invalid_grant(UNKNOWN).because("its audience is none of the client's any more")
        }
    })
}
