//! Asks the admin listener of a server that runs with a configuration, for the command line.
use std::error::Error;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::config::Config;
use crate::proxy::{
    ADMIN_HEADER, ASKED_FROM, ASKED_HOST, ASKED_METHOD, ASKED_TARGET, ExplainedRequest, TokenHolder,
};

/// Timeout of connecting, and of each read or write of a question that is answered at once. A server on
/// a busy machine takes a second or more to respond. The caller of the command has a timeout of its own
/// (Docker: 30 s).
const TIMEOUT: Duration = Duration::from_secs(10);
/// The same for a reload, which reads files and may wait for the database.
const RELOAD_TIMEOUT: Duration = Duration::from_mins(1);
/// The same for an upgrade, for which a new process has to start.
const UPGRADE_TIMEOUT: Duration = Duration::from_mins(6);
/// Upper bound of a response, bytes: the mistakes of a long file.
const MAX_RESPONSE: u64 = 1 << 20;

/// Checks by the admin listener of a configuration whether its server is ready.
///
/// # Errors
///
/// When the server is not ready or does not respond.
pub fn health(config: &Config) -> Result<(), Box<dyn Error>> {
    readiness(config).map(drop)
}

/// What a server that is ready says of itself: a line, and one for each note.
///
/// # Errors
///
/// As [`health`].
pub(super) fn readiness(config: &Config) -> Result<String, Box<dyn Error>> {
    match ask(config, "GET /readyz", "", TIMEOUT)? {
        (200, text) if text.starts_with("ready") => Ok(text),
        (503, why) => Err(format!("not ready: {}", why.trim()).into()),
        _ => Err(not_ours(config)),
    }
}

/// The digest of the file that the server runs with.
///
/// # Errors
///
/// When it does not respond, or does not tell.
pub(super) fn configuration(config: &Config) -> Result<String, Box<dyn Error>> {
    match ask(config, "GET /configuration", "", TIMEOUT)? {
        (200, digest) => Ok(digest.trim().to_owned()),
        _ => Err(not_ours(config)),
    }
}

/// The metrics of the server of a configuration.
///
/// # Errors
///
/// When it does not respond.
pub(super) fn metrics(config: &Config) -> Result<String, Box<dyn Error>> {
    match ask(config, "GET /metrics", "", TIMEOUT)? {
        (200, text) => Ok(text),
        _ => Err(not_ours(config)),
    }
}

/// Makes the server of a configuration read its file anew.
///
/// # Errors
///
/// When it refuses the file, with every mistake, or does not respond.
pub fn reload(config: &Config) -> Result<String, Box<dyn Error>> {
    command(config, "reload", RELOAD_TIMEOUT, "nothing is reloaded")
}

/// Makes the server of a configuration hand over to a new process of the program that is installed now.
///
/// # Errors
///
/// When the new process does not take over, with the reason, or the server does not respond.
pub fn upgrade(config: &Config) -> Result<String, Box<dyn Error>> {
    command(config, "upgrade", UPGRADE_TIMEOUT, "nothing is handed over")
}

/// Whose a token is, by the running server, which judges it as one in a request.
///
/// # Errors
///
/// When the server does not respond, or a part of the request is none of HTTP.
pub fn token_holder(
    config: &Config,
    asked: &ExplainedRequest<'_>,
    token: &str,
) -> Result<TokenHolder, Box<dyn Error>> {
    let ExplainedRequest { method, host, target, client, .. } = asked;
    let is_plain = |text: &str| text.bytes().all(|byte| matches!(byte, 0x21..=0x7e));
    if !is_plain(token) || !is_plain(host) || !is_plain(target) {
        return Err("the token, or the URL, holds what is no visible character of ASCII".into());
    }
    let lines = format!(
        "{ADMIN_HEADER}: 1\r\n{ASKED_METHOD}: {method}\r\n{ASKED_HOST}: {host}\r\n\
         {ASKED_TARGET}: {target}\r\n{ASKED_FROM}: {client}\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: 0\r\n"
    );
    match ask(config, "POST /token-holder", &lines, TIMEOUT)? {
        (200, holder) => Ok(serde_json::from_str(&holder)?),
        (404, _) => Err("the server is of a version that cannot tell, or is starting".into()),
        _ => Err(not_ours(config)),
    }
}

fn command(
    config: &Config,
    name: &str,
    timeout: Duration,
    refused: &str,
) -> Result<String, Box<dyn Error>> {
    let line = format!("{ADMIN_HEADER}: 1\r\nContent-Length: 0\r\n");
    match ask(config, &format!("POST /{name}"), &line, timeout)? {
        (200, done) => Ok(done),
        (422, why) => Err(format!("{refused}:\n{}", why.trim_end()).into()),
        (404, _) => {
            Err(format!("the server is of a version without {name}, or is starting").into())
        }
        _ => Err(not_ours(config)),
    }
}

pub(super) fn not_ours(config: &Config) -> Box<dyn Error> {
    format!("the response from {} is not Doorcode's", reachable(config.proxy.admin)).into()
}

/// The status and body of the answer. Speaks HTTP by hand: a client library would need a runtime and TLS.
fn ask(
    config: &Config,
    what: &str,
    lines: &str,
    timeout: Duration,
) -> Result<(u16, String), Box<dyn Error>> {
    let address = reachable(config.proxy.admin);
    let answer = exchange(address, what, lines, timeout);
    let answer = answer.map_err(|why| match why.kind() {
        // What a read that takes too long is depends on the system.
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            format!("no response from {address} within {} s", timeout.as_secs())
        }
        _ => format!("no response from {address}: {why}"),
    })?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split(' ').next());
    let status = status.and_then(|status| status.parse().ok()).unwrap_or_default();
    Ok((status, body.to_owned()))
}

fn exchange(
    address: SocketAddr,
    what: &str,
    lines: &str,
    timeout: Duration,
) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    let request = format!("{what} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n");
    stream.write_all(request.as_bytes())?;
    let mut response = Vec::new();
    stream.take(MAX_RESPONSE).read_to_end(&mut response)?;
    Ok(String::from_utf8_lossy(&response).into_owned())
}

/// The address of a listener as seen from the same machine: it may listen on all addresses.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
