//! Whose a token is: for the operator, at the admin listener, by the judgement that each request gets.
use http::{HeaderMap, HeaderName, Method};
use pingora_http::RequestHeader;
use serde::{Deserialize, Serialize};

use super::explain::{self, ExplainedRequest};
use super::head;
use super::snapshot::ConfigSnapshot;
use crate::access::{AccessDecision, AccessRequest, RefusalReason};
use crate::gate::{self, JudgedCaller, RouteMatch};

/// The headers of the question that describe the request; its token is in `Authorization`.
pub const ASKED_METHOD: &str = "x-doorcode-method";
pub const ASKED_HOST: &str = "x-doorcode-host";
pub const ASKED_TARGET: &str = "x-doorcode-target";
pub const ASKED_FROM: &str = "x-doorcode-from";

/// Whose the token of a request is.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub struct TokenHolder {
    /// E.164.
    pub phone: Option<String>,
    pub roles: Vec<String>,
    /// The client of an access token.
    pub client: Option<String>,
    /// Why the request is refused for its token.
    pub refused: Option<String>,
}

/// `None`: the question is malformed, or no site has the request's path.
pub(super) async fn holder(
    snapshot: &ConfigSnapshot,
    question: &RequestHeader,
) -> Option<TokenHolder> {
    let text = |name: &str| question.headers.get(name)?.to_str().ok();
    let client = text(ASKED_FROM)?.parse().ok()?;
    let asked = explain::parse(&ExplainedRequest {
        method: &Method::from_bytes(text(ASKED_METHOD)?.as_bytes()).ok()?,
        host: text(ASKED_HOST)?,
        target: text(ASKED_TARGET)?,
        client,
        caller: JudgedCaller::default(),
    });
    let asked = asked.ok()?;
    let (host, path) = head::target(&asked).ok()?;
    let readings = gate::readings_past_dots(path).ok()?;
    let RouteMatch::Site { index, site } = snapshot.map.locate(&host, &readings) else {
        return None;
    };
    let headers = without_question(&question.headers);
    let (method, readings, headers) = (&asked.method, &readings, &headers);
    let request = AccessRequest { index, site, method, readings, headers, client };
    let outcome = snapshot.authorizer.authorize(&request).await;
    let judged = outcome.caller.judged();
    let (phone, roles) = judged.person.unzip();
    let refused = match outcome.decision {
        AccessDecision::Refuse(RefusalReason::InvalidToken(why)) => Some(why.to_string()),
        AccessDecision::Refuse(RefusalReason::StoreFailed { error, .. }) => Some(error.to_string()),
        _ => None,
    };
    Some(TokenHolder {
        phone: phone.map(|phone| phone.e164().to_owned()),
        roles: roles.into_iter().flat_map(|roles| roles.iter()).map(ToString::to_string).collect(),
        client: judged.client.map(ToString::to_string),
        refused,
    })
}

/// What the request itself has of the question's headers.
fn without_question(headers: &HeaderMap) -> HeaderMap {
    let name: HeaderName = http::header::AUTHORIZATION;
    headers.get_all(&name).iter().map(|value| (name.clone(), value.clone())).collect()
}
