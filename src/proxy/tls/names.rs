use std::net::IpAddr;

use x509_parser::extensions::GeneralName;
use x509_parser::prelude::X509Certificate;

use crate::domain::Host;

/// The subject alternative names of a certificate (RFC 9525 §6). Browsers do not look at the
/// subject's common name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// In lower case.
    dns: Vec<String>,
    addresses: Vec<IpAddr>,
}

/// How a certificate matches a name; an exact match is preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    Wildcard,
    Exact,
}

impl Names {
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Self {
        let mut names = Self::default();
        let found = certificate.subject_alternative_name().ok().flatten();
        for name in found.iter().flat_map(|found| &found.value.general_names) {
            match name {
                GeneralName::DNSName(name) => names.dns.push(name.to_ascii_lowercase()),
                GeneralName::IPAddress(bytes) => names.addresses.extend(address(bytes)),
                _ => {}
            }
        }
        names
    }

    /// `name`: in lower case.
    pub(super) fn fit(&self, name: &str) -> Option<Fit> {
        if self.dns.iter().any(|known| known == name) {
            return Some(Fit::Exact);
        }
        // A wildcard stands for exactly one whole label (RFC 9525 §6.3).
        let (label, above) = name.split_once('.')?;
        let below = |known: &String| known.strip_prefix("*.") == Some(above);
        (!label.is_empty() && self.dns.iter().any(below)).then_some(Fit::Wildcard)
    }

    pub(super) fn cover(&self, host: &Host) -> bool {
        let literal = host.as_str().trim_start_matches('[').trim_end_matches(']');
        match literal.parse() {
            Ok(address) => self.addresses.contains(&address),
            Err(_) => self.fit(host.as_str()).is_some(),
        }
    }
}

/// Four or sixteen bytes (RFC 5280 §4.2.1.6).
fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}
