use std::time::Duration;

use super::super::reader::Reader;
use super::super::values;
use crate::domain::Secret;
use crate::gate::{
    Balance, ClientCertificate, HealthCheck, PathPattern, PoolOptions, Upstream, UpstreamTls,
};
use crate::proxy::{UpstreamTlsPart, check_upstream_tls};

const BALANCES: [(&str, Balance); 3] = [
    ("round-robin", Balance::RoundRobin),
    ("least-connections", Balance::LeastConnections),
    ("session", Balance::Session),
];

const HEALTH_INTERVAL: Duration = Duration::from_secs(5);

/// `site.upstream`, the table at `table`. `upstreams`: `None` if they are invalid.
pub(super) fn options(
    reader: &mut Reader<'_>,
    table: &str,
    upstreams: Option<&[Upstream]>,
) -> Option<PoolOptions> {
    let key = |name: &str| format!("{table}.{name}");
    let usual = PoolOptions::default();
    let balance = match reader.has(&key("balance")) {
        true => reader.one(&key("balance"), balance),
        false => Some(usual.balance),
    };
    let health = health(reader, &key("health"));
    let connect_timeout = time(reader, &key("connect_timeout"), Some(usual.connect_timeout));
    let first_byte_timeout = time(reader, &key("first_byte_timeout"), None);
    let total_timeout = time(reader, &key("total_timeout"), None);
    let idle_timeout = time(reader, &key("idle_timeout"), Some(usual.idle_timeout));
    let tls = tls(reader, table, upstreams);
    Some(PoolOptions {
        balance: balance?,
        health: health?,
        connect_timeout: connect_timeout??,
        first_byte_timeout: first_byte_timeout?,
        total_timeout: total_timeout?,
        idle_timeout: idle_timeout??,
        tls: tls?,
    })
}

/// `None` if the key is wrong.
fn time(reader: &Reader<'_>, key: &str, usual: Option<Duration>) -> Option<Option<Duration>> {
    if reader.has(key) { reader.duration(key).map(Some) } else { Some(usual) }
}

fn balance(text: &str) -> Result<Balance, String> {
    let found = BALANCES.iter().find(|(name, _)| *name == text).map(|(_, balance)| *balance);
    found.ok_or_else(|| values::unknown(text, "a way to balance", &BALANCES.map(|(name, _)| name)))
}

/// `None` if a key is wrong, `Some(None)` without the table.
fn health(reader: &mut Reader<'_>, table: &str) -> Option<Option<HealthCheck>> {
    if !reader.has(table) {
        return Some(None);
    }
    let key = |name: &str| format!("{table}.{name}");
    let path = match reader.has(&key("path")) {
        true => reader.one(&key("path"), path),
        false => Some("/".to_owned()),
    };
    let status = match reader.has(&key("status")) {
        true => reader.integer(&key("status")).and_then(|status| u16::try_from(status).ok()),
        false => Some(200),
    };
    let interval = time(reader, &key("interval"), Some(HEALTH_INTERVAL));
    let check = HealthCheck { path: path?, status: status?, interval: interval?? };
    reader.is_table(table).then_some(Some(check))
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
) -> Option<UpstreamTls> {
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
    let server_name = optional(reader, &key("server_name"), server_name)?;
    if !is_good || !reader.purpose().reads_certificates() {
        return is_good.then(|| UpstreamTls { server_name, ..UpstreamTls::default() });
    }
    let base = reader.base().to_owned();
    let read = |text: &str| {
        let path = base.join(text);
        std::fs::read_to_string(&path)
            .map_err(|why| format!("cannot read {}: {why}", path.display()))
    };
    let ca = optional(reader, &key("ca"), read);
    let chain = optional(reader, &key("client_certificate"), read);
    let own = optional(reader, &key("client_key"), |text| read(text).map(Secret::new));
    let client = chain?.zip(own?).map(|(chain, key)| ClientCertificate { chain, key });
    let tls = UpstreamTls { ca: ca?, client, server_name };
    if is_used && let Err(why) = check_upstream_tls(&tls) {
        let at = match why.part {
            UpstreamTlsPart::Ca | UpstreamTlsPart::System => "ca",
            UpstreamTlsPart::ClientCertificate => names[2],
            UpstreamTlsPart::ClientKey => names[3],
        };
        reader.note(&key(at), why.to_string());
        return None;
    }
    Some(tls)
}

/// `None` if the key is wrong.
fn optional<T>(
    reader: &mut Reader<'_>,
    key: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Option<Option<T>> {
    if reader.has(key) { reader.one(key, read).map(Some) } else { Some(None) }
}

/// A name or address that a certificate may have.
fn server_name(text: &str) -> Result<String, String> {
    let wrong = || format!("{} is not a host name such as app.internal", values::shown(text));
    let is_address = text.parse::<std::net::IpAddr>().is_ok();
    (is_address || values::is_host_name(text)).then(|| text.to_ascii_lowercase()).ok_or_else(wrong)
}
