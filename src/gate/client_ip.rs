use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

use crate::domain::Peer;

/// Whether the socket's peer is one of the `trusted_proxies`.
pub fn is_trusted_proxy(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|net| net.contains(&peer))
}

/// The same of any peer. The configuration has a Unix socket only where whoever can connect to it is
/// trusted.
pub fn is_trusted_peer(peer: Peer, trusted: &[IpNet]) -> bool {
    peer.address().is_none_or(|address| is_trusted_proxy(address, trusted))
}

/// [`client_ip`] for any peer. `None`: a proxy on a Unix socket tells no address, and has none itself.
pub fn client_of(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    match peer {
        Peer::Address(address) => Some(client_ip(address, headers, trusted)),
        Peer::UnixSocket => forwarded_for(headers, trusted),
    }
}

/// The address a request comes from: the socket's peer or, when that is a trusted proxy, the
/// rightmost address of `X-Forwarded-For` that is not one.
///
/// Some proxies write the port too, or the brackets of RFC 7239 §6: `203.0.113.9:5678`,
/// `[2001:db8::9]`, `[2001:db8::9]:5678`. Any other entry that is not an address invalidates the
/// whole chain: then it is the peer.
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_trusted_proxy(peer, trusted) {
        return peer;
    }
    forwarded_for(headers, trusted).unwrap_or(peer)
}

/// `None`: there is no chain, or it is invalid.
fn forwarded_for(headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut client = None;
    for header in headers.get_all("x-forwarded-for").iter().rev() {
        for entry in header.to_str().ok()?.rsplit(',') {
            let ip = address(entry.trim())?.to_canonical();
            if !is_trusted_proxy(ip, trusted) {
                return Some(ip);
            }
            client = Some(ip);
        }
    }
    client
}

/// Appends an address. IPv4 without `std::fmt`, which would cost more than all other forwarding
/// headers of a request together.
pub fn push_ip(text: &mut String, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            let mut digits = itoa::Buffer::new();
            for (place, octet) in address.octets().into_iter().enumerate() {
                text.push_str(if place == 0 { "" } else { "." });
                text.push_str(digits.format(octet));
            }
        }
        // Writing to a `String` cannot fail.
        IpAddr::V6(_) => drop(write!(text, "{address}")),
    }
}

fn address(entry: &str) -> Option<IpAddr> {
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let plain = entry.parse::<IpAddr>().ok().or_else(|| bracketed().map(IpAddr::V6));
    // An IPv6 address with a port is in brackets, so no part of a bare one is taken for a port.
    plain.or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()))
}
