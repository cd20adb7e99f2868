//! Unix sockets to listen on, and the proxies that are believed.
use std::net::SocketAddr;

use ipnet::IpNet;

use super::super::reader::Reader;
use super::super::values::{self, TrustedProxy, shown};
use crate::gate::ForwardAuthSettings;
use crate::proxy::ListenAddress;

pub(super) const ANYBODY: &str = "server.unsafe_trusted_proxies";
const LISTEN: &str = "server.listen";
const TRUSTED: &str = "server.trusted_proxies";
const MODE: &str = "server.socket_mode";

pub(super) fn trusted_proxies(reader: &mut Reader<'_>) -> Option<Vec<TrustedProxy>> {
    let trusts_anybody = reader.flag(ANYBODY).unwrap_or(false);
    let trusted_proxies = reader.all(TRUSTED, |text| {
        let trusted = values::trusted_proxy(text)?;
        match trusted.network() {
            Some(net) if values::is_anybody(&net) && !trusts_anybody => Err(format!(
                "{net} is wider than any private network: anyone in it may claim any address, which \
                 bypasses limits per address and rules with `from`; list your proxies only (or, where \
                 nobody else can connect, set {ANYBODY} = true)"
            )),
            _ => Ok(trusted),
        }
    });
    let listed = trusted_proxies.iter().flatten();
    let networks: Vec<IpNet> = listed.filter_map(TrustedProxy::network).collect();
    let joined = IpNet::aggregate(&networks);
    if let Some(net) = joined.iter().find(|net| values::is_anybody(net)).filter(|_| !trusts_anybody)
    {
        reader.note(
            TRUSTED,
            format!(
                "the networks make {net} together, which is wider than any private network: list your \
                 proxies only (or, where nobody else can connect, set {ANYBODY} = true)"
            ),
        );
    }
    trusted_proxies
}

/// The networks of both lists: whose questions are answered is believed too.
pub(super) fn networks(trusted: &[TrustedProxy], asking: &ForwardAuthSettings) -> Vec<IpNet> {
    trusted.iter().filter_map(TrustedProxy::network).chain(asking.from.iter().copied()).collect()
}

/// Whoever connects to a Unix socket has no address, so that only what a trusted proxy tells can
/// stand for one.
pub(super) fn check_unix_sockets(
    reader: &mut Reader<'_>,
    trusted: Option<&[TrustedProxy]>,
    asking: Option<&ForwardAuthSettings>,
) {
    let (Some(trusted), Some(asking)) = (trusted, asking) else { return };
    let items = reader.items(LISTEN).unwrap_or_default();
    let socket = items
        .into_iter()
        .find(|item| matches!(values::listen_address(&item.text), Ok(ListenAddress::Unix(_))));
    let is_trusted = trusted.contains(&TrustedProxy::UnixSocket);
    match socket {
        Some(socket) if !is_trusted && !asking.from_unix_socket => {
            let text = format!(
                "{}: who connects there has no address; add \"unix\" to {TRUSTED}, and let your proxy \
                 send X-Forwarded-For",
                shown(&socket.text)
            );
            reader.note_at(socket.at, LISTEN, text);
        }
        None if is_trusted || asking.from_unix_socket => {
            let key = if is_trusted { TRUSTED } else { "forward_auth.from" };
            reader.note(key, format!("`unix` has no effect: {LISTEN} has no Unix socket"));
        }
        _ => {}
    }
}

const REDIRECT: &str = "server.redirect_listen";

/// `taken`: the other listeners. `leads_to_https`: whether there is any such page.
pub(super) fn redirect_listen(
    reader: &mut Reader<'_>,
    taken: &[SocketAddr],
    leads_to_https: bool,
) -> Option<Vec<SocketAddr>> {
    let addresses = reader.all_or_none(REDIRECT, |text| {
        let address = values::socket(text)?;
        if address.port() != 0 && taken.contains(&address) {
            return Err(format!("{address} is in server.listen or admin.listen too"));
        }
        Ok(address)
    })?;
    if !addresses.is_empty() && !leads_to_https {
        reader.note(REDIRECT, "leads nowhere: server.public_url is not https");
        return None;
    }
    Some(addresses)
}

/// Load balancers that speak the PROXY protocol.
pub(super) fn balancers(reader: &mut Reader<'_>) -> Option<Vec<IpNet>> {
    reader.all_or_none("server.proxy_protocol_from", |text| {
        let net = values::network(text)?;
        if values::is_anybody(&net) {
            return Err(format!(
                "{net} is wider than any private network: anyone in it could claim any address; list \
                 your load balancers only"
            ));
        }
        Ok(net)
    })
}

/// Owner, group, everybody: who may read and write.
const MODES: [(&str, u32); 3] = [("0600", 0o600), ("0660", 0o660), ("0666", 0o666)];

pub(super) fn socket_mode(reader: &mut Reader<'_>) -> Option<u32> {
    reader.one(MODE, |text| {
        let found = MODES.iter().find(|(name, _)| *name == text);
        let known: Vec<&str> = MODES.iter().map(|(name, _)| *name).collect();
        found.map(|(_, mode)| *mode).ok_or_else(|| values::unknown(text, "such a mode", &known))
    })
}
