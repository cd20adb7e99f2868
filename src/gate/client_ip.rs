use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;

/// Whether the socket's peer is a proxy that is believed.
pub fn is_trusted(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|net| net.contains(&peer))
}

/// The address a request comes from: the socket's peer or, when that is a trusted proxy, the
/// rightmost address of `X-Forwarded-For` that is not one.
///
/// An entry that is not an address means that the chain cannot be believed: the peer it is.
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let mut client = peer;
    for header in headers.get_all("x-forwarded-for").iter().rev() {
        let Ok(text) = header.to_str() else { return peer };
        for entry in text.rsplit(',') {
            let Ok(ip) = entry.trim().parse::<IpAddr>() else { return peer };
            client = ip.to_canonical();
            if !is_trusted(client, trusted) {
                return client;
            }
        }
    }
    client
}
