use ipnet::IpNet;

use super::Found;
use crate::config::settings::Config;
use crate::proxy::{self, ListenAddress};
use crate::system::Timestamp;

pub(super) fn unsafe_keys(config: &Config) -> Found {
    let table = [
        (
            config.development_exposed,
            "server.unsafe_development_exposed",
            "is set: development features may be reachable from other machines",
        ),
        (
            config.network.anybody_trusted,
            "server.unsafe_trusted_proxies",
            "is set: whoever can connect may claim any address",
        ),
        (
            config.shared_origin,
            "server.unsafe_shared_origin",
            "is set: scripts of an app may sign its visitors in to sites on other hosts",
        ),
        (
            config.network.private_http,
            "server.unsafe_private_http",
            "is set: over plain http, whoever is on the network can read codes, sessions and phone numbers",
        ),
        (
            config.network.admin,
            "admin.unsafe_exposed",
            "is set: metrics and health checks may be reachable from other machines",
        ),
        (
            config.test_numbers_exposed,
            "login.unsafe_test_numbers_exposed",
            "is set: anyone who knows the code of a test number can sign in",
        ),
    ];
    let set = table.into_iter().filter(|(on, ..)| *on);
    set.map(|(_, key, text)| (key.to_owned(), text.to_owned())).collect()
}

/// A Unix socket that is open to everybody on the machine.
pub(super) fn open_sockets(config: &Config) -> Found {
    let is_unix = |address: &ListenAddress| address.tcp().is_none();
    let is_open = config.proxy.socket_mode & 0o002 != 0 && config.proxy.listen.iter().any(is_unix);
    let text = "lets every user of this machine connect, who can then claim any address; keep others out \
        of the folder of the socket, or use 0660";
    let warned = is_open.then(|| ("server.socket_mode".to_owned(), text.to_owned()));
    warned.into_iter().collect()
}

/// Behind a proxy that is not trusted all visitors have one address. Only a proxy can speak https for a
/// server without TLS.
pub(super) fn no_trusted_proxies(config: &Config) -> Found {
    let proxy = &config.proxy;
    let https = config.issuer.origin().is_https();
    let by_address = proxy.listen.iter().any(|address| address.tcp().is_some());
    let trusts_nobody = by_address && proxy.trusted_proxies.is_empty();
    let forgotten = https && proxy.tls.is_empty() && config.acme.is_none() && trusts_nobody;
    let text = "is empty, but something else speaks https before this server: all visitors have its \
        address, so that limits per address and rules with `from` take them for one; list it, such as \
        [\"127.0.0.1\"]";
    let warned = forgotten && !config.is_local();
    warned.then(|| ("server.trusted_proxies".to_owned(), text.to_owned())).into_iter().collect()
}

/// Peers are compared as IPv4 where they are (RFC 4291 §2.5.5.2).
fn is_mapped(net: &IpNet) -> bool {
    matches!(net, IpNet::V6(net) if net.prefix_len() >= 96 && net.addr().to_ipv4_mapped().is_some())
}

pub(super) fn proxies_without_effect(config: &Config) -> Found {
    let mapped = config.proxy.trusted_proxies.iter().filter(|net| is_mapped(net));
    let text = |net| format!("{net} has no effect: addresses of IPv4 are compared as such");
    mapped.map(|net| ("server.trusted_proxies".to_owned(), text(net))).collect()
}

/// Networks that are open to many others: wider than one owner's, and not private.
pub(super) fn wide_proxies(config: &Config) -> Found {
    const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];
    let is_private = |net: &IpNet| {
        PRIVATE.into_iter().any(|all| all.parse().is_ok_and(|all: IpNet| all.contains(net)))
    };
    let is_wide = |net: &&IpNet| matches!(net, IpNet::V4(v4) if (8..16).contains(&v4.prefix_len()));
    let wide = config.proxy.trusted_proxies.iter().filter(is_wide).filter(|net| !is_private(net));
    let text = |net: &IpNet| {
        format!(
            "{net} is no private network: anyone in it may claim any address; list your proxies only"
        )
    };
    wide.map(|net| ("server.trusted_proxies".to_owned(), text(net))).collect()
}

pub(super) fn networks_without_effect(config: &Config) -> Found {
    let mut found = Found::new();
    for (key, rule) in super::rules::all(config) {
        for net in &rule.from {
            let text = match net {
                net if net.prefix_len() == 0 => "is every address: it restricts nobody of its kind",
                net if is_mapped(net) => "has no effect: addresses of IPv4 are compared as such",
                _ => continue,
            };
            found.push((format!("{key}.from"), format!("{net} {text}")));
        }
    }
    found
}

/// Why browsers will refuse a certificate of `server.tls` although it can be loaded.
pub(super) fn certificates(config: &Config, now: Timestamp) -> Found {
    proxy::certificate_warnings(&config.proxy.tls, &config.hosts(), now)
}
