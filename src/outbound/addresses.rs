use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use crate::domain::Origin;

/// Which addresses requests to one host may go to: public ones, and those that the operator listed.
///
/// A host that is written as a loopback one (`localhost`, 127.0.0.0/8, `[::1]`) is meant to be this
/// machine, and is left alone. A name that merely resolves to a private address is refused: whoever
/// answers for the name would otherwise send our credentials around the private network.
#[derive(Clone, Debug)]
pub struct AddressRule {
    host: String,
    is_loopback: bool,
    allowed: Vec<IpNet>,
}

/// Every address of the host is refused.
#[derive(Debug, thiserror::Error)]
#[error("the host has private addresses only, which are not listed as allowed")]
pub(super) struct PrivateAddress;

impl AddressRule {
    /// The rule for requests to the host of `url`. `allowed`: networks that are not public.
    pub fn new(url: &Url, allowed: Vec<IpNet>) -> Self {
        let host = url.host_str().unwrap_or_default().to_owned();
        let is_loopback = Origin::of(url).is_ok_and(|origin| origin.host().is_loopback());
        Self { host, is_loopback, allowed }
    }

    /// For tests: judges `localhost` as any other name.
    #[cfg(test)]
    pub(super) fn strict(host: &str, allowed: Vec<IpNet>) -> Self {
        Self { host: host.to_owned(), is_loopback: false, allowed }
    }

    /// Whether `url` has no address in the place of its host, or one that is allowed. Names are
    /// judged when they are resolved.
    pub fn admits(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        self.is_loopback || literal.parse().map_or(true, |ip| self.allows(ip))
    }

    /// The addresses of a host, by the operating system, without those that are refused.
    ///
    /// # Errors
    ///
    /// When the name cannot be resolved.
    pub(super) async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let found = tokio::net::lookup_host((host, port)).await?;
        Ok(found.filter(|address| self.is_loopback || self.allows(address.ip())).collect())
    }

    fn allows(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        is_public(ip) || self.allowed.iter().any(|net| net.contains(&ip))
    }
}

/// Resolves by the operating system, and leaves out the addresses that the rule refuses.
impl Resolve for AddressRule {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = self.clone();
        Box::pin(async move {
            // Another name is that of a proxy in `HTTPS_PROXY`, which the operator chose.
            let is_ours = name.as_str().eq_ignore_ascii_case(&rule.host);
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let is_judged = is_ours && !rule.is_loopback;
            let kept: Vec<SocketAddr> =
                found.filter(|address| !is_judged || rule.allows(address.ip())).collect();
            if kept.is_empty() {
                return Err(Box::new(PrivateAddress) as Box<dyn Error + Send + Sync>);
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

/// Whether an address may be one of a public service: none of IANA's special-purpose registries
/// (RFC 6890) that lead to this machine, to its own network, or nowhere.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [first, second, third, _] = ip.octets();
    // RFC 6598, carriers' NAT. Clouds have services of their own there.
    let shared = first == 100 && (64..128).contains(&second);
    // RFC 6890 §2.2.2, protocol assignments, and RFC 2544, benchmarks.
    let assigned = (first, second, third) == (192, 0, 0) || (first == 198 && second & 0xfe == 18);
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || first == 0
        || first >= 240
        || shared
        || assigned)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let parts = ip.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match parts {
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) lead to the IPv4 address inside.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            is_public_v4(embedded(high, low))
        }
        // Global unicast is 2000::/3 (RFC 4291 §2.4).
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        let rows = [
            ("8.8.8.8", true),
            ("100.63.0.1", true),
            ("2600:1901::1", true),
            ("2002:808:808::1", true),
            ("64:ff9b::8.8.8.8", true),
            ("127.0.0.1", false),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("172.31.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.100.100.200", false),
            ("192.0.0.8", false),
            ("198.19.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:10.0.0.1", false),
            ("64:ff9b::10.0.0.1", false),
            ("2002:a00:1::1", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("ff02::1", false),
        ];
        for (ip, public) in rows {
            assert_eq!(is_public(ip.parse().unwrap()), public, "{ip}");
        }
    }

    #[test]
    fn literal_addresses_pass_if_they_are_public_listed_or_meant_to_be_this_machine() {
        let rule = |url: &str, allowed: &[&str]| {
            let url = Url::parse(url).unwrap();
            let allowed = allowed.iter().map(|net| net.parse().unwrap()).collect();
            AddressRule::new(&url, allowed).admits(&url)
        };
        assert!(rule("https://8.8.8.8/", &[]) && rule("https://sms.example.com/", &[]));
        assert!(!rule("https://10.0.0.1/", &[]) && !rule("https://[fd00::1]/", &[]));
        assert!(
            rule("https://10.0.0.1/", &["10.0.0.0/8"]) && rule("https://[fd00::1]/", &["fd00::/8"])
        );
        assert!(!rule("https://[::ffff:10.0.0.1]/", &[]));
        assert!(rule("http://127.0.0.1:1/", &[]) && rule("http://localhost:1/", &[]));
    }
}
