use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::call::{Call, Handed};
use super::client_auth::Standing;
use super::error::{ApiError, RateLimit};
use super::refusal::NO_CLIENT;
use crate::domain::{AttemptId, PhoneNumber};
use crate::login::{Asker, Start, StartError};
use crate::oauth::{Client, Grant};
use crate::pages::Web;
use crate::store::{SendOutcome, SendRefusal};

/// How long the provider is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What Auth0 takes here; anything else is refused by name.
const KNOWN: &[&str] = &[
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "connection",
    "phone_number",
    "send",
    "authParams",
    "captcha",
];

/// So many unknown properties are named in an error.
const MOST_NAMED: usize = 5;

/// `POST /passwordless/start`: sends a code to a number.
pub(crate) async fn start(
    State(web): State<Arc<Web>>,
    Handed(call): Handed,
) -> Result<Json<Value>, ApiError> {
    let client = client(&web, &call)?;
    let connection = well_formed(&call, client)?;
    let phone = number(&web, &call)?;
    let proved = call.credentials.standing(client) == Standing::Proved;
    let address = call.address(client, proved);
    let asker = Asker::api(client.id.as_str(), connection, address);
    let page = call.origin.as_ref().filter(|origin| client.shares_with(origin));
    let start = Start {
        asker,
        phone: &phone,
        language: call.language(),
        page_language: call.language().map(|header| web.spoken_by(header)),
        page_host: page.map(crate::domain::Origin::host),
        application: Some(&client.name),
    };
    web.login.start(start).await.map_err(|why| refused(&web, &why))?;
    let attempt = web.login.attempt_with_outcome(&asker, &phone, PATIENCE).await?;
    let attempt = attempt.ok_or_else(ApiError::unavailable)?;
    match attempt.outcome {
        SendOutcome::Refused { why, code } => Err(not_sent(why, code)),
        _ => Ok(Json(started(attempt.id, &phone, &call))),
    }
}

/// `_id` is the attempt's, which is made alike for every number: a user's would tell who has
/// one. For the same reason nobody's number is said to be verified.
fn started(attempt: AttemptId, phone: &PhoneNumber, call: &Call) -> Value {
    json!({
        "_id": attempt.to_string(),
        "phone_number": phone.e164(),
        "phone_verified": false,
        "request_language": call.language(),
    })
}

fn client<'w>(web: &'w Web, call: &Call) -> Result<&'w Client, ApiError> {
    if call.credentials.id.is_none() {
        return Err(ApiError::bad("bad.client_id", "Missing required property: client_id"));
    }
    let client = call.client(&web.oauth.clients);
    let client = client.ok_or_else(|| {
        ApiError::forbidden("unauthorized_client", "invalid client").because(NO_CLIENT)
    })?;
    match call.credentials.standing(client) {
        Standing::Proved | Standing::Public => {}
        Standing::Unproved => {
            let text = "Client authentication is required";
            return Err(ApiError::forbidden("unauthorized_client", text));
        }
        wrong @ Standing::Wrong => return Err(ApiError::unauthorized().because(wrong.fault())),
    }
    let may = [Grant::Passwordless, Grant::Ro].into_iter().any(|grant| client.may(grant));
    may.then_some(client).ok_or_else(|| ApiError::not_granted(Grant::Passwordless))
}

/// The name of the connection, when everything but the number is as it should be.
fn well_formed<'c>(call: &'c Call, client: &Client) -> Result<&'c str, ApiError> {
    let connection = call.text("connection");
    if connection.is_some_and(|connection| !client.has_connection(connection)) {
        return Err(ApiError::bad("bad.connection", "Connection does not exist"));
    }
    let unknown = call.params.names().filter(|name| !KNOWN.contains(&name.as_str()));
    let unknown: Vec<_> = unknown.take(MOST_NAMED).collect();
    if !unknown.is_empty() {
        let text = format!("the following properties are not allowed: {}", unknown.join(", "));
        return Err(ApiError::bad("bad.request", text));
    }
    let connection = connection
        .ok_or_else(|| ApiError::bad("bad.connection", "Missing required property: connection"))?;
    let kind = match call.params.value("authParams") {
        None | Some(Value::Object(_)) => None,
        Some(Value::Array(_)) => Some("array"),
        Some(Value::Bool(_)) => Some("boolean"),
        Some(_) => Some("string"),
    };
    if let Some(kind) = kind {
        let text = format!("error in authParams - invalid type: {kind} (expected object)");
        return Err(ApiError::bad("bad.authParams", text));
    }
    match call.text("send") {
        None | Some("code") => Ok(connection),
        Some(_) => Err(ApiError::bad("bad.send", "send must be `code`: a text holds no link")),
    }
}

/// Auth0's own pattern first, so that its clients read the words that they know.
pub(super) fn number(web: &Web, call: &Call) -> Result<PhoneNumber, ApiError> {
    let typed = call.text("phone_number");
    let typed = typed.ok_or_else(|| bad_number("Missing required property: phone_number"))?;
    let digits = typed.strip_prefix('+').unwrap_or_default();
    if !(1..=15).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad_number("String does not match pattern: ^\\+[0-9]{1,15}$"));
    }
    web.login.number(typed, None).map_err(|_| bad_number("There is no such phone number"))
}

fn bad_number(text: &'static str) -> ApiError {
    ApiError::bad("bad.phone_number", text)
}

fn refused(web: &Web, why: &StartError) -> ApiError {
    match why {
        StartError::CountryNotServed => bad_number("Texts are not sent to numbers of this country"),
        StartError::Landline => bad_number("The number is a landline, which gets no texts"),
        StartError::NotMobile => bad_number("Numbers of this kind get no texts"),
        StartError::Busy | StartError::Store(_) => ApiError::unavailable(),
        StartError::Limited(limited) => {
            ApiError::too_many("too_many_requests", RateLimit::of(limited, web))
        }
    }
}

/// Lock and others look for the provider's code in these words.
fn not_sent(why: SendRefusal, code: Option<u32>) -> ApiError {
    let text = match why {
        SendRefusal::Number => "The provider does not text this number",
        SendRefusal::OptedOut => "The owner of this number asked to get no texts",
        SendRefusal::Service => "The text could not be sent",
    };
    let code = code.map(|code| format!(" (Code: {code})")).unwrap_or_default();
    ApiError::bad("sms_provider_error", format!("{text}{code}"))
}
