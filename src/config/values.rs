//! Parsers of single strings. An error says what is wrong and what would be right.
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

use crate::domain::{
    AcceptedNumbers, ClientId, Country, InvalidPhone, NumberRange, OriginPattern, PhoneNumber, Role,
};
use crate::gate::{Hsts, METHODS, Principal, Upstream, UpstreamProtocol};
use crate::proxy::ListenAddress;

/// Quotes a string of the file in backticks: control characters escaped, cut at 60 characters.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut out = String::from("`");
    for c in text.chars().take(LONGEST) {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out.push_str(if text.chars().nth(LONGEST).is_some() { "…`" } else { "`" });
    out
}

/// The most similar of `known`, if any is similar enough.
pub(super) fn nearest<'k>(text: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let distance = |k: &str| strsim::osa_distance(&text.to_lowercase(), &k.to_lowercase());
    // At most one typo in three letters.
    let near = known.map(|k| (distance(k), k)).filter(|(d, k)| *d <= (k.len() / 3).max(1));
    near.min_by_key(|(d, _)| *d).map(|(_, k)| k)
}

/// `text` is not one of `known`; suggests the most similar, or lists all.
///
/// What begins with `text` is meant rather than what is a typo away: `pt-BR` by `pt`, not `it`.
pub(super) fn unknown(text: &str, what: &str, known: &[&str]) -> String {
    let begins = |k: &&str| k.strip_prefix(text).is_some_and(|rest| rest.starts_with(['-', '_']));
    let longer: Vec<&str> = known.iter().copied().filter(begins).collect();
    let near = nearest(text, known.iter().copied());
    let meant = if longer.is_empty() { near.into_iter().collect() } else { longer };
    let hint = (!meant.is_empty()).then(|| format!("; did you mean `{}`?", meant.join("` or `")));
    let list = || format!("; known: {}", known.join(", "));
    format!("{} is not {what}{}", shown(text), hint.unwrap_or_else(list))
}

const UNITS: &[(char, u64)] = &[('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// `30s`, `5m`, `24h`, `30d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{} is not a duration such as 30s, 5m, 24h or 30d", shown(text));
    let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(*unit)).ok_or_else(wrong)?;
    let digits = text.strip_suffix(*unit).unwrap_or_default();
    // `parse` alone would take a sign.
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    let count = digits.parse::<u64>().ok().filter(|_| plain);
    let total = count.and_then(|count| count.checked_mul(*seconds)).ok_or_else(wrong)?;
    Ok(Duration::from_secs(total))
}

/// The inverse of [`duration`], in the largest unit that fits.
pub(super) fn written(seconds: u64) -> String {
    let unit = UNITS.iter().find(|(_, unit)| seconds > 0 && seconds.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{seconds}s"), |(name, unit)| format!("{}{name}", seconds / unit))
}

const SIZES: &[(&str, u64)] =
    &[("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// `64KiB`, `10MiB`, `1GiB`, in bytes.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("{} is not a size such as 64KiB, 10MiB or 1GiB", shown(text));
    let found = SIZES.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)));
    let (digits, unit) = found.ok_or_else(wrong)?;
    // `parse` alone would take a sign.
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    let count = digits.parse::<u64>().ok().filter(|_| plain);
    count.and_then(|count| count.checked_mul(*unit)).ok_or_else(wrong)
}

/// The inverse of [`size`], in the largest unit that fits.
pub(super) fn size_written(bytes: u64) -> String {
    let unit = SIZES.iter().find(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} bytes"), |(name, unit)| format!("{}{name}", bytes / unit))
}

/// Browsers accept any number; more than two years is probably a mistake.
const MAX_HSTS: u64 = 730 * 86_400;

/// A duration, or `off`.
pub(super) fn hsts(text: &str) -> Result<Hsts, String> {
    if text == "off" {
        return Ok(Hsts::Off);
    }
    let time = duration(text)
        .map_err(|_| format!("{} is neither a duration such as 365d nor off", shown(text)))?;
    let good = time.as_secs() <= MAX_HSTS;
    good.then_some(Hsts::MaxAge(time)).ok_or_else(|| format!("{} is more than 730d", shown(text)))
}

pub(super) fn origin_pattern(text: &str) -> Result<OriginPattern, String> {
    OriginPattern::parse(text).map_err(|why| format!("{} {why}", shown(text)))
}

pub(super) fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let is = shown(text);
        format!("{is} is not an address and port such as 127.0.0.1:8080, 0.0.0.0:80 or [::]:80")
    })
}

pub(super) fn listen_address(text: &str) -> Result<ListenAddress, String> {
    match text.strip_prefix("unix:") {
        Some(path) => unix(path).map(ListenAddress::Unix),
        None => socket(text).map(ListenAddress::Tcp),
    }
}

/// Proxies that an operator trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrustedProxy {
    Network(IpNet),
    /// Whoever connects to a Unix socket.
    UnixSocket,
}

impl TrustedProxy {
    pub(super) const fn network(&self) -> Option<IpNet> {
        match self {
            Self::Network(net) => Some(*net),
            Self::UnixSocket => None,
        }
    }
}

/// A network, or `unix`.
pub(super) fn trusted_proxy(text: &str) -> Result<TrustedProxy, String> {
    if text == "unix" {
        Ok(TrustedProxy::UnixSocket)
    } else {
        network(text).map(TrustedProxy::Network)
    }
}

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.into());
    }
    let wrong =
        || format!("{} is not a network such as 10.0.0.0/8, 192.0.2.7 or fd00::/8", shown(text));
    let net: IpNet = text.parse().map_err(|_| wrong())?;
    let start = net.trunc();
    (net == start)
        .then_some(net)
        .ok_or_else(|| format!("{} is an address inside a network; write {start}", shown(text)))
}

pub(super) fn country(text: &str) -> Result<Country, String> {
    let upper = text.to_uppercase();
    Country::parse(text).map_err(|_| match Country::parse(&upper) {
        Ok(_) => format!("{} is not in capital letters; write {upper}", shown(text)),
        Err(_) => format!("{} is not the two letters of a country, such as GB", shown(text)),
    })
}

/// A country that numbers are compared with.
pub(super) fn country_of_numbers(text: &str) -> Result<Country, String> {
    let country = country(text)?;
    country.numbered_as().map_or(Ok(country), |other| {
        let (is, other) = (shown(text), other.as_str());
        Err(format!("{is} has the numbers of {other}, which cannot be told apart; write {other}"))
    })
}

/// A range of `numbers.accept`.
pub(super) fn number_range(text: &str) -> Result<NumberRange, String> {
    text.parse().map_err(|why| format!("{} is {why}", shown(text)))
}

pub(super) fn phone(text: &str, accepted: &AcceptedNumbers) -> Result<PhoneNumber, String> {
    match accepted.parse(text, None) {
        Ok(number) if number.e164() == text => Ok(number),
        Ok(meant) if PhoneNumber::is_e164(text) => Err(format!(
            "{} is another form of a mobile number; write {}",
            shown(text),
            meant.e164()
        )),
        Ok(meant) => Err(format!("{} is not in E.164; write {}", shown(text), meant.e164())),
        Err(why) => {
            let new = match why {
                InvalidPhone::NoSuchNumber => {
                    "; ranges that are too new are added by numbers.accept"
                }
                _ => "",
            };
            Err(format!("{} is not a number such as +12025550123: {why}{new}", shown(text)))
        }
    }
}

pub(super) fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).map_err(|why| format!("{} cannot be a role: {why}", shown(text)))
}

pub(super) fn client(text: &str) -> Result<ClientId, String> {
    ClientId::parse(text).map_err(|why| format!("{} {why}", shown(text)))
}

/// The name of an app or brand on pages.
pub(super) fn name(text: &str) -> Result<String, String> {
    let good = (1..=40).contains(&text.chars().count())
        && !text.trim().is_empty()
        && !text.chars().any(char::is_control);
    good.then(|| text.to_owned())
        .ok_or_else(|| format!("{} is not a name of 1 to 40 characters in one line", shown(text)))
}

pub(super) fn method(text: &str) -> Result<http::Method, String> {
    let known: Vec<&str> = METHODS.split(", ").collect();
    let upper = text.to_ascii_uppercase();
    if text != upper && known.contains(&upper.as_str()) {
        return Err(format!("{} is not in capital letters; write {upper}", shown(text)));
    }
    if ["TRACE", "CONNECT"].contains(&upper.as_str()) {
        return Err(format!("{upper} is never forwarded, so no rule can apply to it"));
    }
    let method = known.contains(&text).then(|| text.parse().ok()).flatten();
    method.ok_or_else(|| unknown(text, "a method", &known))
}

const WORDS: &[(&str, Principal)] = &[
    ("public", Principal::Public),
    ("optional", Principal::Optional),
    ("signed-in", Principal::SignedIn),
];

type ReadWho = fn(&str, &AcceptedNumbers) -> Result<Principal, String>;

const KINDS: &[(&str, ReadWho)] = &[
    ("role:", |text, _| role(text).map(Principal::Role)),
    ("phone:", |text, accepted| phone(text, accepted).map(Principal::Phone)),
    ("country:", |text, _| country_of_numbers(text).map(Principal::Country)),
    ("client:", |text, _| client(text).map(Principal::Client)),
];

/// One word of `allow`.
pub(super) fn who(text: &str, accepted: &AcceptedNumbers) -> Result<Principal, String> {
    if let Some((_, who)) = WORDS.iter().find(|(word, _)| *word == text) {
        return Ok(who.clone());
    }
    let kind = KINDS.iter().find_map(|(kind, read)| Some(read(text.strip_prefix(kind)?, accepted)));
    kind.unwrap_or_else(|| {
        let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        let hint = nearest(text, words.into_iter()).map(|word| format!("; did you mean `{word}`?"));
        Err(hint.map_or_else(
            || format!("{} is not one of public, optional, signed-in, role:NAME, phone:+NUMBER, country:GB, client:ID", shown(text)),
            |hint| format!("{} is not a known word{hint}", shown(text)),
        ))
    })
}

pub(super) fn upstream(text: &str) -> Result<Upstream, String> {
    if text == "demo" {
        return Ok(Upstream::Demo);
    }
    if let Some(path) = text.strip_prefix("unix:") {
        return unix(path).map(Upstream::Unix);
    }
    let (protocol, place) = protocol(text)?;
    let wrong = || {
        let is = shown(text);
        format!("{is} is not a host and port such as 127.0.0.1:3000, [::1]:3000 or app.internal:80")
    };
    let address =
        || place.parse().ok().map(|at: SocketAddr| (Upstream::Address(at, protocol), at.port()));
    let name = || {
        let (host, port) = place.rsplit_once(':').filter(|(host, _)| is_host_name(host))?;
        let port: u16 = port.parse().ok()?;
        Some((Upstream::Name(host.to_ascii_lowercase(), port, protocol), port))
    };
    // Nothing listens on port 0.
    let found = address().or_else(name).filter(|(_, port)| *port != 0);
    found.map(|(upstream, _)| upstream).ok_or_else(wrong)
}

/// The protocol that an upstream begins with, and the rest.
fn protocol(text: &str) -> Result<(UpstreamProtocol, &str), String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok((UpstreamProtocol::Http, text));
    };
    let place = rest.trim_end_matches('/');
    match scheme {
        "https" => Ok((UpstreamProtocol::Https, place)),
        "h2" => Ok((UpstreamProtocol::Http2, place)),
        "h2c" => Ok((UpstreamProtocol::Http2Plain, place)),
        "http" => Err(format!("is a URL; write host and port only, {}", shown(place))),
        _ => Err(format!(
            "{} begins with none of https://, h2:// (HTTP/2 over TLS) and h2c:// (without); plain \
             HTTP/1.1 has no scheme: {}",
            shown(text),
            shown(place)
        )),
    }
}

/// The longest path of a Unix socket: `sun_path` of Linux has 108 bytes, the last of them zero.
const MAX_SOCKET_PATH: usize = 107;

fn unix(path: &str) -> Result<std::path::PathBuf, String> {
    let wrong = |why: &str| Err(format!("{} {why}, such as unix:/run/app.sock", shown(path)));
    if !path.starts_with('/') || path.starts_with("//") {
        return wrong("is not the absolute path of a socket");
    }
    if path.ends_with('/') || path.bytes().any(|b| b.is_ascii_control()) {
        return wrong("is not the path of a socket");
    }
    if path.len() > MAX_SOCKET_PATH {
        return wrong("is longer than the 107 bytes that the path of a socket may have");
    }
    Ok(path.into())
}

/// A value of `Host`: a host name or address, with an optional port.
pub(super) fn host(text: &str) -> Result<http::HeaderValue, String> {
    let wrong = || {
        let is = shown(text);
        format!("{is} is not a host such as app.internal or app.internal:3000")
    };
    let authority: http::uri::Authority = text.parse().map_err(|_| wrong())?;
    let address = || authority.host().trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let port = text.len() == authority.host().len() || authority.port_u16().is_some_and(|p| p != 0);
    let good = port && (address() || is_host_name(authority.host()));
    let value = good.then(|| http::HeaderValue::from_str(text).ok()).flatten();
    value.ok_or_else(wrong)
}

/// RFC 1123 §2.1, plus `_`, which container networks use. A last label of digits only would be an
/// address.
pub(super) fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253 && host.split('.').all(label) && !last.bytes().all(|b| b.is_ascii_digit())
}

/// Networks of IPv6 that every address of IPv4 has an address in: 6to4 (RFC 3056) and NAT64 (RFC 6052).
const ALL_OF_IPV4: [&str; 2] = ["2002::/16", "64:ff9b::/96"];

/// Whether a network is wider than any private one: `10.0.0.0/8` and `fc00::/7`.
pub(super) fn is_anybody(net: &IpNet) -> bool {
    let holds_all = |all: &str| all.parse().is_ok_and(|all: IpNet| net.contains(&all));
    match net {
        IpNet::V4(net) => net.prefix_len() < 8,
        IpNet::V6(net) => net.prefix_len() < 7 || ALL_OF_IPV4.into_iter().any(holds_all),
    }
}
