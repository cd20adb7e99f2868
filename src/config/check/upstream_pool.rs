use std::time::Duration;

use super::super::reader::Reader;
use super::super::small_file;
use super::super::values;
use crate::domain::Secret;
use crate::gate::{
    Balance, HealthCheck, PathPattern, PoolOptions, ShownCertificate, Upstream, UpstreamTls,
};
use crate::proxy::{UpstreamTlsPart, check_upstream_tls};

const BALANCES: [(&str, Balance); 3] = [
    ("round-robin", Balance::RoundRobin),
    ("least-connections", Balance::LeastConnections),
    ("session", Balance::Session),
];

const HEALTH_INTERVAL: Duration = Duration::from_secs(5);

/// A mistake was noted.
struct Mistaken;

/// `site.upstream`, the table at `table`. `upstreams`: `None` if they are invalid.
pub(super) fn options(
    reader: &mut Reader<'_>,
    table: &str,
    upstreams: Option<&[Upstream]>,
) -> Option<PoolOptions> {
    let key = |name: &str| format!("{table}.{name}");
    let usual = PoolOptions::default();
    let balance = optional(reader, &key("balance"), balance);
    let health = health(reader, &key("health"));
    let connect_timeout = time(reader, &key("connect_timeout"));
    let first_byte_timeout = time(reader, &key("first_byte_timeout"));
    let total_timeout = time(reader, &key("total_timeout"));
    let idle_timeout = time(reader, &key("idle_timeout"));
    let tls = tls(reader, table, upstreams);
    Some(PoolOptions {
        balance: balance.ok()?.unwrap_or(usual.balance),
        health: health.ok()?,
        connect_timeout: connect_timeout.ok()?.unwrap_or(usual.connect_timeout),
        first_byte_timeout: first_byte_timeout.ok()?,
        total_timeout: total_timeout.ok()?,
        idle_timeout: idle_timeout.ok()?.unwrap_or(usual.idle_timeout),
        tls: tls.ok()?,
    })
}

fn time(reader: &Reader<'_>, key: &str) -> Result<Option<Duration>, Mistaken> {
    if reader.has(key) { reader.duration(key).map(Some).ok_or(Mistaken) } else { Ok(None) }
}

fn balance(text: &str) -> Result<Balance, String> {
    let found = BALANCES.iter().find(|(name, _)| *name == text).map(|(_, balance)| *balance);
    found.ok_or_else(|| values::unknown(text, "a way to balance", &BALANCES.map(|(name, _)| name)))
}

/// `None` without the table.
fn health(reader: &mut Reader<'_>, table: &str) -> Result<Option<HealthCheck>, Mistaken> {
    if !reader.has(table) {
        return Ok(None);
    }
    let key = |name: &str| format!("{table}.{name}");
    let path = optional(reader, &key("path"), path);
    let status =
        if reader.has(&key("status")) { reader.integer(&key("status")) } else { Some(200) };
    let status = status.and_then(|status| u16::try_from(status).ok()).ok_or(Mistaken);
    let interval = time(reader, &key("interval"));
    let check = HealthCheck {
        path: path?.unwrap_or_else(|| "/".to_owned()),
        status: status?,
        interval: interval?.unwrap_or(HEALTH_INTERVAL),
    };
    if reader.is_table(table) { Ok(Some(check)) } else { Err(Mistaken) }
}

/// A path with an optional query.
fn path(text: &str) -> Result<String, String> {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let is_plain = query.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    if !is_plain || path.contains('*') || PathPattern::parse(path).is_err() {
        return Err(format!("{} is not a path such as /healthz", values::shown(text)));
    }
    Ok(text.to_owned())
}

/// Reads the files, and checks that they can be used.
fn tls(
    reader: &mut Reader<'_>,
    table: &str,
    upstreams: Option<&[Upstream]>,
) -> Result<UpstreamTls, Mistaken> {
    let key = |name: &str| format!("{table}.{name}");
    let names = ["ca", "server_name", "client_certificate", "client_key"];
    let is_used = upstreams.is_none_or(|all| all.iter().any(|one| one.protocol().is_tls()));
    let mut is_good = true;
    for key in names.map(key) {
        if !is_used && reader.has(&key) {
            reader.note(&key, "has no effect: no upstream begins with https:// or h2://");
            is_good = false;
        }
    }
    for (one, other) in [(names[2], names[3]), (names[3], names[2])] {
        if reader.has(&key(one)) && !reader.has(&key(other)) {
            reader.note(&key(one), format!("needs {other} beside it"));
            is_good = false;
        }
    }
    let server_name = optional(reader, &key("server_name"), server_name);
    if !is_good || !reader.purpose().reads_certificates() {
        let tls = UpstreamTls { server_name: server_name?, ..UpstreamTls::default() };
        return if is_good { Ok(tls) } else { Err(Mistaken) };
    }
    let base = reader.base().to_owned();
    let read = |text: &str| {
        let path = base.join(text);
        small_file::read_text(&path).map_err(|why| format!("cannot read {}: {why}", path.display()))
    };
    let ca = optional(reader, &key("ca"), read);
    let chain = optional(reader, &key("client_certificate"), read);
    let own = optional(reader, &key("client_key"), |text| read(text).map(Secret::new));
    // What cannot be read hides none of the others' mistakes.
    let is_read = ca.is_ok() && chain.is_ok() && own.is_ok() && server_name.is_ok();
    let client = chain.unwrap_or_default().zip(own.unwrap_or_default());
    let tls = UpstreamTls {
        ca: ca.unwrap_or_default(),
        client: client.map(|(chain, key)| ShownCertificate { chain, key }),
        server_name: server_name.unwrap_or_default(),
    };
    let wrong = if is_used { check_upstream_tls(&tls) } else { Vec::new() };
    for why in &wrong {
        let at = match why.part {
            UpstreamTlsPart::Ca | UpstreamTlsPart::System => "ca",
            UpstreamTlsPart::ClientCertificate => names[2],
            UpstreamTlsPart::ClientKey => names[3],
        };
        reader.note(&key(at), why.to_string());
    }
    if wrong.is_empty() && is_read { Ok(tls) } else { Err(Mistaken) }
}

/// `None` without the key.
fn optional<T>(
    reader: &mut Reader<'_>,
    key: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, Mistaken> {
    if reader.has(key) { reader.one(key, read).map(Some).ok_or(Mistaken) } else { Ok(None) }
}

/// A name or address that a certificate may have.
fn server_name(text: &str) -> Result<String, String> {
    let wrong = || format!("{} is not a host name such as app.internal", values::shown(text));
    let is_address = text.parse::<std::net::IpAddr>().is_ok();
    (is_address || values::is_host_name(text)).then(|| text.to_ascii_lowercase()).ok_or_else(wrong)
}
