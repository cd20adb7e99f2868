use std::time::Duration;

use super::super::params::Params;
use super::super::refusal::Refusal;
use super::reply::{Error, Mode, Reply};
use crate::oauth::{Asked, Client, Clients, Grant, Issuer, NotAsked};
use crate::system::Timestamp;

/// Why a request is not even looked at.
pub(super) enum Unaskable {
    /// Nobody can be told but the person.
    Page(&'static str),
    Back(Box<(Reply, Error)>),
}

/// Who asks, and where the answer goes: known before anything else is.
pub(super) struct Asks<'c> {
    pub(super) client: &'c Client,
    pub(super) reply: Reply,
    pub(super) params: Params,
    pub(super) kind: Kind,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Code,
    /// Tokens from here itself: an access token, an ID token.
    Tokens {
        access: bool,
        id: bool,
    },
}

/// `response_type` is a set of words (OAuth 2.0 Multiple Response Type Encoding Practices §5).
fn kind(text: &str) -> Option<Kind> {
    let mut words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    match words.as_slice() {
        ["code"] => Some(Kind::Code),
        ["token"] => Some(Kind::Tokens { access: true, id: false }),
        ["id_token"] => Some(Kind::Tokens { access: false, id: true }),
        ["id_token", "token"] => Some(Kind::Tokens { access: true, id: true }),
        _ => None,
    }
}

impl<'c> Asks<'c> {
    pub(super) fn read(
        clients: &'c Clients,
        issuer: &Issuer,
        params: Params,
    ) -> Result<Self, Unaskable> {
        let page = |text| Unaskable::Page(text);
        let client = params.text("client_id").ok_or_else(|| page("client_id is missing"))?;
        let client = clients.find(client).ok_or_else(|| page("there is no such client_id"))?;
        let to = match (params.text("redirect_uri"), client.callbacks.as_slice()) {
            (Some(asked), _) => client.callback(asked),
            (None, [only]) => Some(only),
            (None, _) => return Err(page("redirect_uri is missing")),
        };
        let to = to.ok_or_else(|| page("redirect_uri is none of the client's callbacks"))?.clone();
        let state = params.text("state").map(str::to_owned);
        let found = params.text("response_type").map(|text| (kind(text), text));
        let usual = match found {
            Some((Some(Kind::Tokens { .. }), _)) => Mode::Fragment,
            _ => Mode::Query,
        };
        let mode = params.text("response_mode").map(Mode::parse);
        let issuer = issuer.to_string();
        let reply = Reply { issuer, to, mode: mode.flatten().unwrap_or(usual), state };
        let back = |error, text: &'static str| {
            Unaskable::Back(Box::new((reply.clone(), Error::new(error, text))))
        };
        if mode == Some(None) {
            return Err(back("invalid_request", "response_mode is unknown"));
        }
        let kind = match found {
            None => return Err(back("invalid_request", "response_type is missing")),
            Some((None, _)) => {
                return Err(back("unsupported_response_type", "response_type is unknown"));
            }
            Some((Some(kind), _)) => kind,
        };
        if reply.mode == Mode::WebMessage
            && !reply.to.origin().is_some_and(|origin| client.trusts_page(origin))
        {
            // A message tells the page that asks, which must be one of the client's. That of a
            // callback is told this much, or its SDK would wait for a minute.
            let text = "the page of redirect_uri is none of the client's web_origins";
            return Err(match reply.to.origin() {
                Some(_) => back("invalid_request", text),
                None => page(text),
            });
        }
        if reply.mode == Mode::Query && kind != Kind::Code {
            let reply = Reply { mode: Mode::Fragment, ..reply };
            let error = Error::new("invalid_request", "tokens are not sent in a query");
            return Err(Unaskable::Back(Box::new((reply, error))));
        }
        Ok(Self { client, reply, params, kind })
    }
}

/// What is asked, and under which conditions.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) asked: Asked,
    pub(super) nonce: Option<String>,
    pub(super) challenge: Option<String>,
    /// Nothing may be shown.
    pub(super) silent: bool,
    /// The person is to show once more who they are.
    afresh: bool,
    max_age: Option<Duration>,
    /// Our own: a login after this is fresh enough.
    since: Option<Timestamp>,
    pub(super) hint: Option<String>,
}

/// Our own parameter: when our pages were asked to show a login.
pub(super) const SINCE: &str = "doorcode_since";

impl Request {
    pub(super) fn read(asks: &Asks<'_>, issuer: &Issuer) -> Result<Self, Error> {
        let Asks { client, params, kind, .. } = asks;
        let bad = |text: &'static str| Error::new("invalid_request", text);
        let grant = match kind {
            Kind::Code => Grant::AuthorizationCode,
            Kind::Tokens { .. } => Grant::Implicit,
        };
        if !client.may(grant) {
            let text = format!("Grant type '{}' not allowed for the client.", grant.grant_type());
            let refusal = Refusal::new("unauthorized_client", "the client may not use this grant");
            return Err(Error::new("unauthorized_client", text).told_as(refusal));
        }
        // OpenID Connect Core 1.0 §3.1.2.6.
        for (name, error) in
            [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")]
        {
            if params.text(name).is_some() {
                return Err(Error::new(error, "every parameter stands in the query by itself"));
            }
        }
        let asked = Asked::of_login(client, params.text("scope"), params.text("audience"), issuer);
        let asked = asked.map_err(|why| {
            let error = match why {
                NotAsked::Scope(_) => "invalid_scope",
                NotAsked::UnknownAudience(_) => "access_denied",
            };
            Error::new(error, why.to_string()).told_as(Refusal::of(&why))
        })?;
        let nonce = params.text("nonce").map(str::to_owned);
        if matches!(kind, Kind::Tokens { id: true, .. }) && nonce.is_none() {
            return Err(bad("nonce is missing: an ID token from here needs one"));
        }
        let prompts: Vec<&str> = params.text("prompt").unwrap_or_default().split(' ').collect();
        let silent = prompts.contains(&"none");
        if silent && prompts.len() > 1 {
            return Err(bad("prompt=none stands alone"));
        }
        let named = ["connection", "realm"].into_iter().find_map(|name| params.text(name));
        if named.is_some_and(|named| !client.has_connection(named)) {
            return Err(bad("the connection was not found"));
        }
        let max_age = params.text("max_age").map(str::parse).transpose();
        let max_age = max_age.map_err(|_| bad("max_age is not a number of seconds"))?;
        let since = params.text(SINCE).and_then(|text| text.parse().ok());
        Ok(Self {
            asked,
            nonce,
            challenge: challenge(asks)?,
            silent,
            // Auth0 shows the login of a connection that is named, whoever is signed in.
            afresh: prompts.contains(&"login") || (named.is_some() && !silent),
            max_age: max_age.map(Duration::from_secs),
            since: since.map(Timestamp::from_millis),
            hint: params.text("login_hint").map(str::to_owned),
        })
    }

    /// Whether a login at `began` will do.
    pub(super) fn is_met_by(&self, began: Timestamp, now: Timestamp) -> bool {
        let shown = self.since.is_some_and(|since| began >= since);
        let young = self.max_age.is_none_or(|most| now.since(began) <= most);
        shown || (!self.afresh && young)
    }

    /// Whether only a login from now on will do.
    pub(super) fn needs_new_login(&self) -> bool {
        self.afresh || self.max_age.is_some()
    }
}

/// RFC 7636 §4.3. Only `S256`: with `plain` who sees the request can redeem the code.
fn challenge(asks: &Asks<'_>) -> Result<Option<String>, Error> {
    let bad = |text: &'static str| Err(Error::new("invalid_request", text));
    let Asks { client, params, kind, .. } = asks;
    let challenge = params.text("code_challenge");
    if *kind != Kind::Code {
        return Ok(None);
    }
    let Some(challenge) = challenge else {
        if client.is_confidential() {
            return Ok(None);
        }
        return bad("code_challenge is missing: a public client must use PKCE");
    };
    if params.text("code_challenge_method") != Some("S256") {
        return bad("code_challenge_method must be S256");
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if challenge.len() != 43 || !challenge.bytes().all(plain) {
        return bad("code_challenge is not the SHA-256 of a verifier in base64url");
    }
    Ok(Some(challenge.to_owned()))
}
