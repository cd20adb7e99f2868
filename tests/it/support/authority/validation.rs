//! The authority's own questions to Doorcode (RFC 8555 §8.3, RFC 8737 §3).
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::protocol::problem;
use super::{Play, Served, State, lock};
use crate::support::gate::wait_for;
use crate::support::tls::Hello;

const PATIENCE: Duration = Duration::from_secs(20);
/// id-pe-acmeIdentifier (RFC 8737 §6.1).
const ACME_IDENTIFIER: &str = "1.3.6.1.5.5.7.1.31";

pub(super) fn validate(served: &Served, at: usize, kind: &str) {
    let (http, tls) = wait_for("a Doorcode to ask", || lock(&served.state).doorcode);
    let (play, host, token, expected) = {
        let state = lock(&served.state);
        let order = &state.orders[at];
        let expected = format!("{}.{}", order.token, thumbprint(&state, &order.account));
        (state.play, order.host.clone(), order.token.clone(), expected)
    };
    let found = match play {
        Play::Unreachable(other) if other == kind => Err("connection refused".to_owned()),
        _ if kind == "http-01" => http_answer(http, &host, &token, &expected),
        _ => alpn_answer(tls, &host, &expected),
    };
    let error = match (play, found) {
        (Play::Unauthorized, _) => problem(403, "unauthorized", "the answer is not accepted"),
        (Play::Caa, _) => problem(403, "caa", "CAA records forbid issuing"),
        (_, Err(why)) => problem(400, "connection", &why),
        (_, Ok(())) => Value::Null,
    };
    let mut state = lock(&served.state);
    if error.is_null() {
        state.validated.push(kind.to_owned());
    }
    let order = &mut state.orders[at];
    let good = error.is_null();
    order.authorization = if good { "valid" } else { "invalid" };
    order.status = if good { "ready" } else { "invalid" };
    order.challenge = Some((kind.to_owned(), error));
}

/// RFC 7638.
fn thumbprint(state: &State, account: &str) -> String {
    let key = state.accounts.get(account).cloned().unwrap_or_default();
    let part =
        |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(key.get(range).unwrap_or_default());
    let (x, y) = (part(1..33), part(33..65));
    let text = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

fn http_answer(port: u16, host: &str, token: &str, expected: &str) -> Result<(), String> {
    let asked = || -> std::io::Result<String> {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let path = format!("/.well-known/acme-challenge/{token}");
        write!(socket, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = asked().map_err(|why| why.to_string())?;
    let good =
        answer.starts_with("HTTP/1.1 200") && answer.ends_with(&format!("\r\n\r\n{expected}"));
    good.then_some(()).ok_or_else(|| format!("answered {}", json!(answer)))
}

fn alpn_answer(port: u16, host: &str, expected: &str) -> Result<(), String> {
    let hello = Hello { name: Some(host), protocols: &["acme-tls/1"], ..Hello::USUAL };
    let mut spoken = hello.say(port).map_err(|why| why.to_string())?;
    if spoken.protocol() != Some("acme-tls/1") {
        return Err(format!("another protocol: {:?}", spoken.protocol()));
    }
    let shown = spoken.certificate();
    let (_, shown) = X509Certificate::from_der(&shown).map_err(|why| why.to_string())?;
    let names = shown.subject_alternative_name().ok().flatten();
    let names = names.map(|names| format!("{:?}", names.value.general_names)).unwrap_or_default();
    let identifier =
        shown.extensions().iter().find(|one| one.oid.to_id_string() == ACME_IDENTIFIER);
    let hash = digest(&SHA256, expected.as_bytes());
    // An octet string of 32 bytes.
    let wanted = [&[4, 32], hash.as_ref()].concat();
    let good = identifier.is_some_and(|one| one.critical && one.value == wanted)
        && names == format!("[DNSName(\"{host}\")]");
    if !good {
        return Err(format!("another certificate, for {names}"));
    }
    let mut rest = Vec::new();
    // The connection ends at once.
    spoken.0.read_to_end(&mut rest).map_err(|why| format!("not closed: {why}"))?;
    if rest.is_empty() { Ok(()) } else { Err("something else was sent".to_owned()) }
}
