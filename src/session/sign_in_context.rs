use std::net::IpAddr;

use ipnet::IpNet;

use crate::domain::{Host, SessionId};
use crate::store::SignInContext;

/// The browser that a session begins in, as known from its request.
#[derive(Clone, Copy, Debug)]
pub struct Browser<'a> {
    pub host: &'a Host,
    /// The `User-Agent` header.
    pub user_agent: Option<&'a str>,
    pub address: IpAddr,
    /// The session that it has now, which the new one replaces.
    pub session: Option<SessionId>,
}

impl Browser<'_> {
    /// What is stored of it: enough for users to tell their sessions apart, and no more.
    pub fn sign_in_context(&self) -> SignInContext {
        sign_in_context(self.user_agent, self.address)
    }
}

/// What is stored of the request that a session begins with.
pub fn sign_in_context(user_agent: Option<&str>, address: IpAddr) -> SignInContext {
    let device = Device::of(user_agent.unwrap_or_default());
    SignInContext { device: device.to_text(), address_block: address_block(address) }
}

/// Browser and operating system, as product names, which are not translated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Device {
    pub browser: Option<&'static str>,
    pub system: Option<&'static str>,
}

/// Part of the `User-Agent` header and the product's name. The first match counts: most browsers
/// claim to be others as well.
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

/// Separates the two names in the store.
const SEPARATOR: char = '|';

impl Device {
    pub fn of(user_agent: &str) -> Self {
        Self {
            browser: first_match(BROWSERS, user_agent),
            system: first_match(SYSTEMS, user_agent),
        }
    }

    fn to_text(self) -> String {
        let (browser, system) = (self.browser.unwrap_or_default(), self.system.unwrap_or_default());
        format!("{browser}{SEPARATOR}{system}")
    }

    /// Parses the stored form. A name that is no longer in the table is ignored.
    pub(super) fn from_text(text: &str) -> Self {
        let (browser, system) = text.split_once(SEPARATOR).unwrap_or_default();
        Self { browser: by_name(BROWSERS, browser), system: by_name(SYSTEMS, system) }
    }
}

fn first_match(table: &[(&str, &'static str)], user_agent: &str) -> Option<&'static str> {
    table.iter().find(|(part, _)| user_agent.contains(part)).map(|(_, name)| *name)
}

fn by_name(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().map(|(_, known)| *known).find(|known| *known == name)
}

/// The network of an address, about the size that a provider assigns: an IPv4 /24 or an IPv6 /48.
/// The address itself is not stored.
pub fn address_block(address: IpAddr) -> String {
    let address = address.to_canonical();
    let length = if address.is_ipv4() { 24 } else { 48 };
    IpNet::new(address, length).map(|net| net.trunc().to_string()).unwrap_or_default()
}
