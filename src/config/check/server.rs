use std::net::{IpAddr, SocketAddr};

use super::super::reader::Reader;
use super::super::settings::NetworkExposure;
use super::super::values::{self, shown};
use super::listen::{self, ANYBODY};
use super::{forward_auth, tls};
use crate::domain::{Keyring, Origin, ServerSecret, guessable};
use crate::gate::Hsts;
use crate::oauth::Issuer;
use crate::outbound::is_public;
use crate::proxy::{self, ListenAddress};

/// What checks of other sections depend on. `None` if the value is invalid; checks that depend on
/// it are then skipped.
pub(super) struct ServerContext {
    pub(super) prefix: Option<String>,
    pub(super) issuer: Option<Issuer>,
    pub(super) listen: Option<Vec<ListenAddress>>,
    /// `server.tls` is there.
    pub(super) tls: bool,
    /// `server.hsts`.
    pub(super) hsts: Option<Hsts>,
    /// `server.unsafe_development_exposed`.
    pub(super) exposed: bool,
    /// `server.unsafe_shared_origin`.
    pub(super) shared_origin: bool,
    pub(super) schemes: Schemes,
}

/// Which URLs of ours there can be.
#[derive(Clone, Copy)]
pub(super) struct Schemes {
    /// `server.tls` is there: listeners speak no plain http.
    pub(super) tls: bool,
    /// `server.unsafe_private_http`.
    pub(super) private_http: bool,
}

impl ServerContext {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let prefix = reader.one("server.prefix", prefix);
        let listen = reader.all("server.listen", values::listen_address);
        let hsts = reader.one("server.hsts", values::hsts);
        let exposed = reader.flag("server.unsafe_development_exposed").unwrap_or(false);
        let shared_origin = reader.flag("server.unsafe_shared_origin").unwrap_or(false);
        let tls = tls::is_on(reader);
        let schemes = Schemes { tls, private_http: reader.flag(PRIVATE_HTTP).unwrap_or(false) };
        let issuer =
            reader.one("server.public_url", |text| issuer(text, prefix.as_deref(), schemes));
        let ground = Self { prefix, issuer, listen, tls, hsts, exposed, shared_origin, schemes };
        let plain = |issuer: &Issuer| {
            let origin = issuer.origin();
            let is_allowed = schemes.private_http && origin.host().is_private();
            !(origin.is_https() || is_allowed)
        };
        let plain = ground.issuer.as_ref().is_some_and(plain);
        if let Some(why) = ground.refuses_development().filter(|_| plain) {
            reader.note("server.public_url", format!("plain http {why}"));
        }
        ground
    }

    /// Why development features are refused, as the end of a sentence; `None` if they are allowed.
    pub(super) fn refuses_development(&self) -> Option<String> {
        let host = self.issuer.as_ref().map(|issuer| issuer.origin().host());
        let far = host.filter(|host| !host.is_loopback());
        let mut addresses = self.listen.iter().flatten().filter_map(ListenAddress::tcp);
        let open = addresses.find(|address| !address.ip().is_loopback());
        let found = match (self.exposed, far, open) {
            (true, ..) | (_, None, None) => return None,
            (_, Some(host), _) => format!("server.public_url is on {host}"),
            (_, _, Some(address)) => format!("server.listen has {address}"),
        };
        Some(format!(
            "is only allowed on loopback addresses, but {found}; use loopback addresses only (or, in a \
             container, set server.unsafe_development_exposed = true)"
        ))
    }
}

/// Requires https, except for loopback hosts: only there cookies are set without `Secure`.
pub(super) fn secure(origin: &Origin) -> Result<(), String> {
    let good = origin.is_https() || origin.host().is_loopback();
    good.then_some(()).ok_or_else(|| {
        format!("must be https://{}; plain http is only for localhost", origin.host())
    })
}

/// The same for URLs of ours.
pub(super) fn served(origin: &Origin, schemes: Schemes) -> Result<(), String> {
    let host = origin.host();
    if schemes.tls && !origin.is_https() {
        return Err(format!("must be https://{host}: with server.tls every address speaks TLS"));
    }
    match secure(origin) {
        Err(_) if schemes.private_http && host.is_private() => Ok(()),
        Err(why) if schemes.private_http => Err(format!(
            "{why} and, by {PRIVATE_HTTP}, for addresses and names of private networks"
        )),
        Err(why) if host.is_private() => {
            Err(format!("{why} (or, on a private network, set {PRIVATE_HTTP} = true)"))
        }
        secure => secure,
    }
}

/// `prefix`: `None` if it is invalid; the path is then not checked.
fn issuer(text: &str, prefix: Option<&str>, schemes: Schemes) -> Result<Issuer, String> {
    let any = || url::Url::parse(text).map(|url| url.path().trim_end_matches('/').to_owned());
    let prefix = prefix.map_or_else(|| any().unwrap_or_default(), ToOwned::to_owned);
    let issuer = Issuer::parse(text, &prefix).map_err(|why| why.to_string())?;
    served(issuer.origin(), schemes)?;
    Ok(issuer)
}

fn prefix(text: &str) -> Result<String, String> {
    let segment = text.strip_prefix('/').unwrap_or_default();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._~-".contains(&b);
    let good = segment.bytes().all(plain) && !["", ".", ".."].contains(&segment);
    good.then(|| text.to_owned()).ok_or_else(|| {
        let is = shown(text);
        format!("{is} is not one plain path segment (a-z A-Z 0-9 . _ ~ -) such as /.doorcode")
    })
}

/// `None` if it is created at the first start, or if a mistake was noted.
pub(super) fn secrets(reader: &mut Reader<'_>) -> Option<Keyring> {
    const KEY: &str = "server.secret";
    if !reader.purpose().reads_secret(KEY) {
        return None;
    }
    let secrets = reader.secrets(KEY)?;
    if let [newest, older] = secrets.as_slice()
        && newest.reveal() == older.reveal()
    {
        reader.note(KEY, "names the same secret twice");
        return None;
    }
    let strong = |text: &str| ServerSecret::new(text).map_err(|why| why.to_string());
    let items = reader.items(KEY)?;
    let mut good = Vec::new();
    for (secret, item) in secrets.iter().zip(items) {
        let strength = || match guessable(secret.reveal()) {
            Some(why) => {
                Err(format!("{} {why}; make one with `openssl rand -base64 32`", shown(&item.text)))
            }
            None => Ok(()),
        };
        let secret = strong(secret.reveal())
            .map_err(|why| format!("{} {why}", shown(&item.text)))
            .and_then(|secret| strength().map(|()| secret));
        good.push(reader.take(item.at, KEY, secret));
    }
    let mut good = good.into_iter().collect::<Option<Vec<_>>>()?.into_iter();
    good.next().map(|newest| Keyring::new(newest, good.collect()))
}

const PRIVATE_HTTP: &str = "server.unsafe_private_http";
const ADMIN_EXPOSED: &str = "admin.unsafe_exposed";

/// Whether a listener at this address is open to other networks: it is on all addresses, or on one of
/// the internet.
fn is_exposed(ip: IpAddr) -> bool {
    ip.to_canonical().is_unspecified() || is_public(ip)
}

/// What the settings open that an `unsafe_…` key allows.
pub(super) fn exposure(
    reader: &Reader<'_>,
    settings: Option<&proxy::ProxySettings>,
) -> NetworkExposure {
    let set = |key| reader.flag(key).unwrap_or(false);
    let anybody =
        |settings: &proxy::ProxySettings| settings.trusted_proxies.iter().any(values::is_anybody);
    let admin = |settings: &proxy::ProxySettings| is_exposed(settings.admin.ip());
    NetworkExposure {
        anybody_trusted: set(ANYBODY) && settings.is_some_and(anybody),
        private_http: set(PRIVATE_HTTP),
        admin: set(ADMIN_EXPOSED) && settings.is_some_and(admin),
    }
}

pub(super) fn settings(
    reader: &mut Reader<'_>,
    ground: &ServerContext,
) -> Option<proxy::ProxySettings> {
    let trusted_proxies = listen::trusted_proxies(reader);
    let admin_exposed = reader.flag(ADMIN_EXPOSED).unwrap_or(false);
    let admin = reader.one("admin.listen", |text| {
        let address = values::socket(text)?;
        if is_exposed(address.ip()) && !admin_exposed {
            return Err(format!(
                "{address} can be reached by others, who could read metrics; use 127.0.0.1:{} or an \
                 address of a private network (or, where a firewall or a container's network keeps \
                 others out, set {ADMIN_EXPOSED} = true)",
                address.port()
            ));
        }
        Ok(address)
    });
    let (connections, exchanges) = (connections(reader), exchanges(reader));
    let h2c = reader.flag("server.h2c");
    let tls = tls::certificates(reader);
    let forward_auth = forward_auth::forward_auth(reader);
    let socket_mode = listen::socket_mode(reader);
    let addresses = ground.listen.iter().flatten().filter_map(ListenAddress::tcp);
    let taken: Vec<SocketAddr> = addresses.chain(admin).collect();
    let is_https = |issuer: &Issuer| issuer.origin().is_https();
    let leads_to_https = ground.issuer.as_ref().is_none_or(is_https);
    let redirect_listen = listen::redirect_listen(reader, &taken, leads_to_https);
    let proxy_protocol_from = listen::balancers(reader);
    listen::check_unix_sockets(reader, trusted_proxies.as_deref(), forward_auth.as_ref());
    if ground.tls && h2c == Some(true) {
        reader.note(
            "server.h2c",
            "applies to listeners without TLS only; with server.tls, HTTP/2 needs no setting",
        );
    }
    let listen = ground.listen.as_deref().unwrap_or_default();
    if let Some(admin) =
        admin.filter(|admin| admin.port() != 0 && listen.contains(&ListenAddress::Tcp(*admin)))
    {
        let key = if reader.has("admin.listen") { "admin.listen" } else { "server.listen" };
        reader.note(key, format!("{admin} is in both server.listen and admin.listen"));
    }
    Some(proxy::ProxySettings {
        listen: ground.listen.clone()?,
        admin: admin?,
        socket_mode: socket_mode?,
        redirect_listen: redirect_listen?,
        proxy_protocol_from: proxy_protocol_from?,
        trusted_proxies: listen::networks(&trusted_proxies?, forward_auth.as_ref()?),
        forward_auth: forward_auth?,
        connections: connections?,
        exchanges: exchanges?,
        tls: tls?,
        // Those of sites are added.
        client_roots: Vec::new(),
        h2c: h2c?,
        hsts: ground.hsts?,
        drain_delay: reader.duration("server.drain_delay")?,
        upgrade_drain: reader.duration("server.upgrade_drain")?,
    })
}

fn connections(reader: &mut Reader<'_>) -> Option<proxy::ConnectionLimits> {
    let counts = counts(reader, "server.connections", "server.connections_per_address");
    let idle = reader.duration("server.idle");
    let least_rate = reader.integer("server.least_rate").and_then(|rate| u64::try_from(rate).ok());
    let (total, per_address) = counts?;
    Some(proxy::ConnectionLimits { total, per_address, idle: idle?, least_rate: least_rate? })
}

fn exchanges(reader: &mut Reader<'_>) -> Option<proxy::ExchangeLimits> {
    let counts = counts(reader, "server.exchanges", "server.exchanges_per_address");
    counts.map(|(total, per_address)| proxy::ExchangeLimits { total, per_address })
}

/// A limit in all, and that of one address.
fn counts(
    reader: &mut Reader<'_>,
    of_all: &'static str,
    of_one: &'static str,
) -> Option<(usize, usize)> {
    let count = |key| reader.integer(key).and_then(|count| usize::try_from(count).ok());
    let (in_all, per_address) = (count(of_all), count(of_one));
    // A lower total than the default per address is not a mistake.
    if let (Some(all), Some(one), true) = (in_all, per_address, reader.has(of_one))
        && one > all
    {
        let what = of_all.rsplit('.').next().unwrap_or_default();
        let text =
            format!("one address may have {one} {what}, but the total is only {all} ({of_all})");
        reader.note(of_one, text);
    }
    Some((in_all?, per_address?))
}
