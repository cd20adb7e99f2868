use http::{StatusCode, header};

use super::super::call::Call;
use super::super::client_auth::Standing;
use super::super::error::{ApiError, Reached};
use super::super::params::repeated;
use super::issue::{Issue, begun};
use super::{Given, LONGEST_WORD, required};
use crate::domain::PhoneNumber;
use crate::login::{Asker, Gives, Over, Verdict};
use crate::oauth::{Asked, Client};
use crate::pages::Web;
use crate::session::beginning;

/// The same for a wrong code, a number that never asked, and one that does not exist.
pub(in crate::api) const WRONG: &str = "Wrong phone number or verification code.";
const EXPIRED: &str = "The verification code has expired. Please try to login again.";
const NO_TRIES: &str = "You've reached the maximum number of attempts. Please try to login again.";

/// Each door has its own code and status for the same refusals.
pub(in crate::api) struct Words {
    pub(in crate::api) wrong: (StatusCode, &'static str),
    pub(in crate::api) blocked: (StatusCode, &'static str, &'static str),
}

const WORDS: Words = Words {
    wrong: (StatusCode::FORBIDDEN, "invalid_grant"),
    blocked: (StatusCode::UNAUTHORIZED, "unauthorized", "user is blocked"),
};

/// A number and its code for tokens.
pub(super) async fn redeem(web: &Web, call: &Call, client: &Client, standing: Standing) -> Given {
    let (username, otp) = (required(call, "username")?, required(call, "otp")?);
    let connection = realm(call, client)?;
    log_in(web, call, (client, standing), (connection, username, otp), &WORDS).await
}

/// Judges a number and its code, and gives what the client asks for.
pub(in crate::api) async fn log_in(
    web: &Web,
    call: &Call,
    (client, standing): (&Client, Standing),
    (connection, username, otp): (&str, &str, &str),
    words: &Words,
) -> Given {
    let asked = asked(web, call, client)?;
    let Some(phone) = number(web, username) else { return Err(wrong(words)) };
    let address = call.address(client, standing == Standing::Proved);
    let caller = Asker::api(client.id.as_str(), connection, address);
    let (grant, refresh) = web.new_grant(client, &asked);
    let device = call.header(header::USER_AGENT.as_str());
    let gives = Gives::Api { beginning: beginning(device, address), grant: grant.clone() };
    let now = web.system.now();
    let verdict = web.login.verify(&caller, &phone, otp, gives).await?;
    let who = judged(web, verdict, words)?;
    let grant = begun(&grant, (who.user(), who.phone()), who.session(), now);
    let issue = Issue { client, grant: &grant, asked: &asked, nonce: None, refresh };
    web.give(&issue)
}

/// The connection that a call names, by the name that grants have for it.
pub(in crate::api) fn realm<'c>(call: &'c Call, client: &'c Client) -> Result<&'c str, ApiError> {
    let realm = required(call, "realm")?;
    let known = client.connections.iter().find(|known| *known == realm);
    known.map(String::as_str).ok_or_else(|| {
        let realm = repeated(realm, LONGEST_WORD);
        ApiError::bad("invalid_request", format!("Unknown realm {realm}."))
            .because("the realm is none of the client's connections")
    })
}

fn asked(web: &Web, call: &Call, client: &Client) -> Result<Asked, ApiError> {
    let (scope, audience) = (call.text("scope"), call.text("audience"));
    Asked::of_login(client, scope, audience, web.map.issuer()).map_err(ApiError::from)
}

/// What cannot be a number is no number that a code was sent to.
pub(in crate::api) fn number(web: &Web, typed: &str) -> Option<PhoneNumber> {
    let plain =
        typed.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    web.login.number(typed, None).ok().filter(|_| plain)
}

pub(in crate::api) fn wrong(words: &Words) -> ApiError {
    let (status, error) = words.wrong;
    ApiError::new(status, error, WRONG)
}

/// What a right answer gave, or its refusal in the words of a door.
pub(in crate::api) fn judged<R>(
    web: &Web,
    verdict: Verdict<R>,
    words: &Words,
) -> Result<R, ApiError> {
    let (status, error) = words.wrong;
    Err(match verdict {
        Verdict::Right(given) => return Ok(given),
        Verdict::Over(Over::Expired) => ApiError::new(status, error, EXPIRED),
        Verdict::Over(Over::NoTries) => ApiError::new(status, error, NO_TRIES),
        Verdict::WrongLength | Verdict::Wrong { .. } | Verdict::Over(_) => wrong(words),
        Verdict::Blocked => {
            let (status, error, text) = words.blocked;
            ApiError::new(status, error, text)
        }
        Verdict::Limited(limited) => {
            ApiError::too_many("too_many_attempts", Reached::of(&limited, web))
        }
    })
}
