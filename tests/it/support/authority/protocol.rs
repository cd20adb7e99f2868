//! What each resource answers (RFC 8555 §7).
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm};
use serde_json::{Value, json};
use x509_parser::prelude::{FromDer as _, X509CertificationRequest};

use super::wire::Asked;
use super::{Order, Play, Served, State, lock, validation};

pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn plain(status: u16, body: &str) -> Self {
        let kind = ("Content-Type", "text/html".to_owned());
        Self { status, headers: vec![kind], body: body.to_owned() }
    }

    fn json(status: u16, body: &Value) -> Self {
        let kind = ("Content-Type", "application/json".to_owned());
        Self { status, headers: vec![kind], body: body.to_string() }
    }

    fn problem(status: u16, kind: &str, detail: &str) -> Self {
        let headers = vec![("Content-Type", "application/problem+json".to_owned())];
        Self { status, headers, body: problem(status, kind, detail).to_string() }
    }

    fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

pub(super) fn problem(status: u16, kind: &str, detail: &str) -> Value {
    json!({ "type": format!("urn:ietf:params:acme:error:{kind}"), "detail": detail, "status": status })
}

pub(super) fn answer(served: &Served, asked: &Asked) -> Reply {
    let mut state = lock(&served.state);
    let (resource, number) = asked
        .path
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or((asked.path.trim_start_matches('/'), ""));
    state.asked.push(resource.to_owned());
    let reply = match (asked.method.as_str(), resource) {
        ("GET", "directory") => directory(&served.base),
        ("HEAD", "new-nonce") => Reply::plain(200, ""),
        ("POST", _) => match signed(&mut state, served, asked) {
            Ok((account, payload)) => {
                let number = number.to_owned();
                post(&mut state, served, (resource, &number), &account, &payload)
            }
            Err(refused) => refused,
        },
        _ => Reply::problem(405, "malformed", "no such resource"),
    };
    let nonce = fresh_nonce(&mut state);
    reply.with("Replay-Nonce", nonce)
}

fn fresh_nonce(state: &mut State) -> String {
    state.issued += 1;
    let nonce = format!("nonce-{}", state.issued);
    state.nonces.insert(nonce.clone());
    nonce
}

fn directory(base: &str) -> Reply {
    let at = |name: &str| format!("{base}/{name}");
    Reply::json(
        200,
        &json!({
            "newNonce": at("new-nonce"), "newAccount": at("new-account"),
            "newOrder": at("new-order"), "revokeCert": at("revoke"), "keyChange": at("key-change"),
        }),
    )
}

fn decoded(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(value.as_str().unwrap_or_default()).unwrap_or_default()
}

/// Checks a JWS (RFC 8555 §6): its URL, nonce, account and signature. Returns the account, or the key of
/// a new one, and the payload.
fn signed(state: &mut State, served: &Served, asked: &Asked) -> Result<(Vec<u8>, Value), Reply> {
    let jws: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    let head: Value = serde_json::from_slice(&decoded(&jws["protected"])).unwrap_or_default();
    if head["url"] != format!("{}{}", served.base, asked.path) || head["alg"] != "ES256" {
        state.faults.push(format!("{}: head {head}", asked.path));
        return Err(Reply::problem(400, "malformed", "another URL or algorithm"));
    }
    let is_known = state.nonces.remove(head["nonce"].as_str().unwrap_or_default());
    if !is_known {
        state.faults.push(format!("{}: an unknown nonce", asked.path));
    }
    if let Play::BadNonces(left @ 1..) = state.play {
        state.play = Play::BadNonces(left - 1);
        return Err(Reply::problem(400, "badNonce", "another nonce"));
    }
    let key = match head["kid"].as_str() {
        Some(account) => {
            let gone = || Reply::problem(400, "accountDoesNotExist", "no such account");
            state.accounts.get(account).cloned().ok_or_else(gone)?
        }
        None => [vec![4], decoded(&head["jwk"]["x"]), decoded(&head["jwk"]["y"])].concat(),
    };
    let text = |name: &str| jws[name].as_str().unwrap_or_default();
    let message = format!("{}.{}", text("protected"), text("payload"));
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key);
    if public.verify(message.as_bytes(), &decoded(&jws["signature"])).is_err() {
        state.faults.push(format!("{}: signature", asked.path));
        return Err(Reply::problem(400, "malformed", "the signature is wrong"));
    }
    let account = head["kid"].as_str().map_or(key, |account| account.as_bytes().to_vec());
    Ok((account, serde_json::from_slice(&decoded(&jws["payload"])).unwrap_or_default()))
}

fn post(
    state: &mut State,
    served: &Served,
    (resource, number): (&str, &str),
    account: &[u8],
    payload: &Value,
) -> Reply {
    let at = number.split('/').next().and_then(|n| n.parse::<usize>().ok()).unwrap_or(usize::MAX);
    match resource {
        "new-account" => {
            if payload["termsOfServiceAgreed"] != true {
                return Reply::problem(400, "userActionRequired", "agree to the terms");
            }
            let url = format!("{}/account/{}", served.base, state.contacts.len());
            state.contacts.extend(payload["contact"][0].as_str().map(str::to_owned));
            state.accounts.insert(url.clone(), account.to_vec());
            Reply::json(201, &json!({ "status": "valid" })).with("Location", url)
        }
        "account" => {
            state.contacts.extend(payload["contact"][0].as_str().map(str::to_owned));
            Reply::json(200, &json!({ "status": "valid" }))
        }
        "new-order" => new_order(state, served, account, payload),
        _ if at >= state.orders.len() => Reply::problem(404, "malformed", "no such thing"),
        "authorization" => authorization(state, served, at),
        "challenge" => challenge(state, served, at, number),
        "finalize" => finalize(state, served, at, payload),
        "order" => {
            let order = &mut state.orders[at];
            if order.status == "processing" {
                order.slow = order.slow.saturating_sub(1);
                order.status = if order.slow == 0 { "valid" } else { "processing" };
            }
            order_reply(state, served, at, 200)
        }
        "certificate" => {
            let chain = state.orders[at].chain.clone().unwrap_or_default();
            Reply {
                status: 200,
                headers: vec![("Content-Type", "application/pem-certificate-chain".into())],
                body: chain,
            }
        }
        _ => Reply::problem(404, "malformed", "no such resource"),
    }
}

fn new_order(state: &mut State, served: &Served, account: &[u8], payload: &Value) -> Reply {
    match state.play {
        Play::RateLimited(seconds) => {
            return Reply::problem(429, "rateLimited", "too many orders")
                .with("Retry-After", seconds.to_string());
        }
        Play::RejectedIdentifier => {
            return Reply::problem(400, "rejectedIdentifier", "policy forbids this name");
        }
        _ => {}
    }
    let at = state.orders.len();
    let host = payload["identifiers"][0]["value"].as_str().unwrap_or_default().to_owned();
    if payload["identifiers"].as_array().map(Vec::len) != Some(1) {
        state.faults.push(format!("identifiers: {payload}"));
    }
    state.orders.push(Order {
        host,
        account: String::from_utf8_lossy(account).into_owned(),
        token: format!("token-{at}-abcdefghijklmnop"),
        authorization: "pending",
        challenge: None,
        chain: None,
        status: "pending",
        slow: 0,
    });
    let url = format!("{}/order/{at}", served.base);
    order_reply(state, served, at, 201).with("Location", url)
}

fn order_reply(state: &State, served: &Served, at: usize, status: u16) -> Reply {
    let (order, base) = (&state.orders[at], &served.base);
    let mut shown = json!({
        "status": order.status,
        "identifiers": [{ "type": "dns", "value": order.host }],
        "authorizations": [format!("{base}/authorization/{at}")],
        "finalize": format!("{base}/finalize/{at}"),
    });
    if order.status == "valid" {
        shown["certificate"] = json!(format!("{base}/certificate/{at}"));
    }
    Reply::json(status, &shown)
}

fn authorization(state: &State, served: &Served, at: usize) -> Reply {
    let order = &state.orders[at];
    let one = |kind: &str| {
        let mut shown = json!({
            "type": kind, "url": format!("{}/challenge/{at}/{kind}", served.base),
            "token": order.token, "status": "pending",
        });
        if let Some((_, error)) = order.challenge.as_ref().filter(|(known, _)| known == kind) {
            shown["status"] = json!(order.authorization);
            if !error.is_null() {
                shown["error"] = error.clone();
            }
        }
        shown
    };
    Reply::json(
        200,
        &json!({
            "identifier": { "type": "dns", "value": order.host },
            "status": order.authorization,
            "challenges": [one("http-01"), one("tls-alpn-01"), one("dns-01")],
        }),
    )
}

fn challenge(state: &mut State, served: &Served, at: usize, number: &str) -> Reply {
    let kind = number.split('/').nth(1).unwrap_or_default().to_owned();
    let url = format!("{}/challenge/{number}", served.base);
    let order = &mut state.orders[at];
    order.challenge = Some((kind.clone(), Value::Null));
    let shown = json!({ "type": kind, "url": url, "token": order.token, "status": "processing" });
    let served = served.clone();
    // Ends within its own limits.
    std::thread::spawn(move || validation::validate(&served, at, &kind));
    Reply::json(200, &shown)
}

/// The key of a request for a certificate.
struct Requested(Vec<u8>);

impl PublicKeyData for Requested {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

fn finalize(state: &mut State, served: &Served, at: usize, payload: &Value) -> Reply {
    if state.orders[at].status != "ready" {
        state.faults.push("finalized too early".to_owned());
        return Reply::problem(403, "orderNotReady", "the order is not ready");
    }
    if state.play == Play::OrderInvalid {
        state.orders[at].status = "invalid";
        return order_reply(state, served, at, 200);
    }
    let request = decoded(&payload["csr"]);
    let Ok((_, request)) = X509CertificationRequest::from_der(&request) else {
        return Reply::problem(400, "badCSR", "unreadable");
    };
    let key = &request.certification_request_info.subject_pki.subject_public_key.data;
    let host =
        if state.play == Play::WrongHost { "other.example.com" } else { &state.orders[at].host };
    let mut params = CertificateParams::new(vec![host.to_owned()]).expect("a name");
    params.not_before = rcgen::date_time_ymd(state.years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(state.years.1, 1, 1);
    params.serial_number = Some(u64::try_from(at + 1).expect("a number").into());
    let made = params.signed_by(&Requested(key.to_vec()), &served.issuer).expect("a certificate");
    let order = &mut state.orders[at];
    order.chain = Some(made.pem());
    match state.play {
        Play::Slow(questions) => (order.status, order.slow) = ("processing", questions),
        _ => order.status = "valid",
    }
    order_reply(state, served, at, 200)
}
