use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::client_auth::ClientAuth;
use super::error::ApiError;
use super::refusal::NO_CLIENT;
use super::request::ApiRequest;
use super::state::Api;
use crate::domain::{AttemptId, Origin, PhoneNumber};
use crate::login::{
    Application, Proof, RefusedStart, Requester, StartChallenge, StartError, StartRequest,
};
use crate::oauth::{Client, GrantType};
use crate::store::{SendOutcome, SendRefusal};

/// How long the provider's outcome is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Auth0's parameters; any other is refused by name.
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
    PROOF,
];

/// The answer to a challenge, which Auth0 does not have: the puzzle, a dot, and the number that solves it.
const PROOF: &str = "proof";

/// How many unknown parameters an error names.
const MOST_NAMED: usize = 5;

/// `POST /passwordless/start`: sends a code to a number.
pub(crate) async fn start(
    State(api): State<Arc<Api>>,
    request: ApiRequest,
) -> Result<Json<Value>, ApiError> {
    let client = client(&api, &request)?;
    let connection = connection(&request, client)?;
    let phone = number(&api, &request)?;
    let proved = request.auth == Some(ClientAuth::Proved);
    let visitor = request.visitor(client, proved);
    let address = visitor.unwrap_or(request.context.client);
    let requester = Requester::api(client.id.as_str(), connection, address);
    let requester = if proved && visitor.is_none() { requester.of_server() } else { requester };
    let page = request.origin.as_ref().filter(|origin| client.shares_with(origin));
    let language = request.language();
    let start = StartRequest {
        requester,
        phone: &phone,
        accept_language: language,
        page_language: language.and_then(|header| api.shell().best_language_tag(header)),
        page_host: page.map(Origin::host),
        application: Some(Application { id: &client.id, name: &client.name }),
        proof: proof(&request),
        channel: None,
    };
    let started = api.login().start(start).await.map_err(|refusal| refused(&api, &refusal))?;
    let unavailable = || ApiError::unavailable().of_attempt(started.attempt());
    let attempt = api.login().attempt_with_outcome(&requester, &phone, PATIENCE).await;
    let attempt = attempt.ok().flatten().ok_or_else(unavailable)?;
    match attempt.outcome {
        SendOutcome::Refused { why, code } => Err(not_sent(why, code).of_attempt(attempt.id)),
        _ => Ok(Json(answer(attempt.id, &phone, &request))),
    }
}

fn proof(request: &ApiRequest) -> Option<Proof<'_>> {
    let solved = request.text(PROOF).and_then(|proof| proof.split_once('.'));
    let captcha = request.text("captcha");
    let (puzzle, number) = solved.or(captcha.map(|_| ("", "")))?;
    Some(Proof { puzzle, number, captcha: captcha.unwrap_or_default() })
}

/// `_id` is the attempt's, which every number has; a user's would show which numbers have a user.
/// For the same reason no number is said to be verified.
fn answer(attempt: AttemptId, phone: &PhoneNumber, request: &ApiRequest) -> Value {
    json!({
        "_id": attempt.to_string(),
        "phone_number": phone.e164(),
        "phone_verified": false,
        "request_language": request.language(),
    })
}

fn client<'a>(api: &'a Api, request: &ApiRequest) -> Result<&'a Client, ApiError> {
    if request.credentials.id.is_none() {
        return Err(ApiError::bad("bad.client_id", "Missing required property: client_id"));
    }
    let client = request.client(api.clients()).ok_or_else(|| {
        ApiError::forbidden("unauthorized_client", "invalid client").because(NO_CLIENT)
    })?;
    match request.auth {
        Some(ClientAuth::Proved | ClientAuth::Public) => {}
        None | Some(ClientAuth::Unproved) => {
            let text = "Client authentication is required";
            return Err(ApiError::forbidden("unauthorized_client", text));
        }
        Some(wrong @ ClientAuth::Wrong) => {
            return Err(request.unauthorized().because(wrong.fault()));
        }
    }
    if client.may(GrantType::Passwordless) || client.may(GrantType::Ro) {
        return Ok(client);
    }
    Err(ApiError::not_granted(GrantType::Passwordless))
}

/// The name of the connection, if every parameter but the number is valid.
fn connection<'r>(request: &'r ApiRequest, client: &Client) -> Result<&'r str, ApiError> {
    let connection = request.text("connection");
    if connection.is_some_and(|connection| !client.may_use_connection(connection)) {
        return Err(ApiError::bad("bad.connection", "Connection does not exist"));
    }
    let unknown = request.params.names().filter(|name| !KNOWN.contains(&name.as_str()));
    let unknown: Vec<_> = unknown.take(MOST_NAMED).collect();
    if !unknown.is_empty() {
        let text = format!("the following properties are not allowed: {}", unknown.join(", "));
        return Err(ApiError::bad("bad.request", text));
    }
    let connection = connection
        .ok_or_else(|| ApiError::bad("bad.connection", "Missing required property: connection"))?;
    let invalid_type = match request.params.value("authParams") {
        None | Some(Value::Object(_)) => None,
        Some(Value::Array(_)) => Some("array"),
        Some(Value::Bool(_)) => Some("boolean"),
        Some(_) => Some("string"),
    };
    if let Some(found) = invalid_type {
        let text = format!("error in authParams - invalid type: {found} (expected object)");
        return Err(ApiError::bad("bad.authParams", text));
    }
    match request.text("send") {
        None | Some("code") => Ok(connection),
        Some(_) => Err(ApiError::bad("bad.send", "send must be `code`: a text holds no link")),
    }
}

/// Checks Auth0's pattern first, so that its clients get the error text that they know.
fn number(api: &Api, request: &ApiRequest) -> Result<PhoneNumber, ApiError> {
    let typed = request.text("phone_number");
    let typed = typed.ok_or_else(|| bad_number("Missing required property: phone_number"))?;
    let digits = typed.strip_prefix('+').unwrap_or_default();
    if !(1..=15).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad_number("String does not match pattern: ^\\+[0-9]{1,15}$"));
    }
    api.login().parse_number(typed, None).map_err(|_| bad_number("There is no such phone number"))
}

fn bad_number(text: &'static str) -> ApiError {
    ApiError::bad("bad.phone_number", text)
}

fn refused(api: &Api, RefusedStart { attempt, why }: &RefusedStart) -> ApiError {
    match why {
        StartError::CountryNotServed => bad_number("Texts are not sent to numbers of this country"),
        StartError::Landline => bad_number("The number is a landline, which gets no texts"),
        StartError::NotMobile => bad_number("Numbers of this kind get no texts"),
        StartError::QueueFull | StartError::Store(_) => {
            ApiError::unavailable().of_attempt(*attempt)
        }
        StartError::Limited(limited) => ApiError::limited(limited, api).of_attempt(*attempt),
        StartError::Challenged(asked) => challenged(asked, api).of_attempt(*attempt),
    }
}

/// Whoever does not solve it is refused by the limit that a proof takes the place of. A puzzle is not
/// offered where a captcha is asked for: its number would not be taken.
fn challenged(asked: &StartChallenge, api: &Api) -> ApiError {
    let Some(limited) = &asked.limited else { return ApiError::unavailable() };
    let refused = ApiError::limited(limited, api);
    let settings = api.login().settings().challenge.as_ref();
    if settings.is_some_and(|challenge| challenge.captcha.is_some()) {
        return refused;
    }
    refused.with_puzzle(asked)
}

/// Auth0's Lock looks for the provider's code in these words.
fn not_sent(why: SendRefusal, code: Option<u32>) -> ApiError {
    let code = code.map(|code| format!(" (Code: {code})")).unwrap_or_default();
    ApiError::bad("sms_provider_error", format!("{why}{code}"))
}
