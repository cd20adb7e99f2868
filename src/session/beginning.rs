use std::net::IpAddr;

use ipnet::IpNet;

use crate::domain::{Host, SessionId};
use crate::store::StoredBeginning;

/// The browser that a session begins in, as far as a request shows it.
#[derive(Clone, Copy, Debug)]
pub struct Browser<'a> {
    pub host: &'a Host,
    /// The `User-Agent` header.
    pub user_agent: Option<&'a str>,
    pub address: IpAddr,
    /// The session that it has now: another one takes its place.
    pub session: Option<SessionId>,
}

impl Browser<'_> {
    /// What is kept of it: enough for a person to tell their sessions apart, and no more.
    pub fn beginning(&self) -> StoredBeginning {
        beginning(self.user_agent, self.address)
    }
}

/// What is kept of where a session begins that is no browser's.
pub fn beginning(user_agent: Option<&str>, address: IpAddr) -> StoredBeginning {
    let device = Device::of(user_agent.unwrap_or_default());
    StoredBeginning { device: device.to_text(), address_block: address_block(address) }
}

/// What runs the browser, in the makers' own names, which no language translates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Device {
    pub browser: Option<&'static str>,
    pub system: Option<&'static str>,
}

/// What the `User-Agent` header holds, and what that is called. The first that fits counts: most
/// browsers claim to be others as well.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
];

/// Between the two names in a store.
const SEPARATOR: char = '|';

impl Device {
    pub fn of(user_agent: &str) -> Self {
        let first = |table: &[(&str, &'static str)]| {
            table.iter().find(|(part, _)| user_agent.contains(part)).map(|(_, name)| *name)
        };
        Self { browser: first(BROWSERS), system: first(SYSTEMS) }
    }

    fn to_text(self) -> String {
        let (browser, system) = (self.browser.unwrap_or_default(), self.system.unwrap_or_default());
        format!("{browser}{SEPARATOR}{system}")
    }

    /// Reads what a store keeps. A name that is in no table any more is not known.
    pub(super) fn from_text(text: &str) -> Self {
        let (browser, system) = text.split_once(SEPARATOR).unwrap_or_default();
        let known = |table: &[(&str, &'static str)], name: &str| {
            table.iter().map(|(_, known)| *known).find(|known| *known == name)
        };
        Self { browser: known(BROWSERS, browser), system: known(SYSTEMS, system) }
    }
}

/// The network that an address is in, about as far as a provider gives them out: an IPv4 /24 or
/// an IPv6 /48. The address itself is not kept.
fn address_block(address: IpAddr) -> String {
    let address = address.to_canonical();
    let length = if address.is_ipv4() { 24 } else { 48 };
    IpNet::new(address, length).map(|net| net.trunc().to_string()).unwrap_or_default()
}
