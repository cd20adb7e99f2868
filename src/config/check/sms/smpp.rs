use url::Url;

use super::super::super::reader::Reader;
use super::super::super::values::shown;
use super::SmsContext;
use super::address::public;
use super::sender::sender;
use crate::delivery::sms::ProviderSettings;
use crate::delivery::sms::smpp::SmppSettings;
use crate::domain::Origin;
use crate::outbound::is_public;

const PASSWORD: &str = "sms.smpp.password";

/// `system_id`, `password` and `system_type` without the octet that ends them (SMPP 3.4 §4.1.5).
const LONGEST_ID: usize = 15;
const LONGEST_PASSWORD: usize = 8;
const LONGEST_TYPE: usize = 12;

pub(super) fn read(reader: &mut Reader<'_>, context: &SmsContext<'_>) -> Option<ProviderSettings> {
    reader.require("sms.smpp");
    let server = reader.one("sms.smpp.url", |text| server(text, context));
    let system_id = reader.one("sms.smpp.system_id", |text| octets(text, LONGEST_ID));
    let password = super::secret(reader, PASSWORD).and_then(|secret| {
        if !reader.purpose().reads_secret(PASSWORD) {
            return Some(secret);
        }
        let good = octets(secret.reveal(), LONGEST_PASSWORD);
        // Not quoted.
        let good = good.map_err(|_| format!("refers to no password of 1 to {LONGEST_PASSWORD} printable ASCII characters, which is all that SMPP has room for"));
        reader.take(None, PASSWORD, good).map(|_| secret)
    });
    let system_type = if reader.has("sms.smpp.system_type") {
        reader.one("sms.smpp.system_type", |text| octets(text, LONGEST_TYPE))
    } else {
        Some(String::new())
    };
    let from = reader.one("sms.smpp.from", sender);
    let enquire_link = reader.duration("sms.smpp.enquire_link");
    Some(ProviderSettings::Smpp(SmppSettings {
        server: server?,
        system_id: system_id?,
        password: password?,
        system_type: system_type?,
        from: from?,
        enquire_link: enquire_link?,
    }))
}

/// Printable ASCII, of which there are so many octets at most.
fn octets(text: &str, longest: usize) -> Result<String, String> {
    let good = (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    good.then(|| text.to_owned())
        .ok_or_else(|| format!("{} is not 1 to {longest} printable ASCII characters", shown(text)))
}

/// The host and port of an SMSC, with the schemes of HTTP in the place of those of SMPP.
fn server(text: &str, context: &SmsContext<'_>) -> Result<Url, String> {
    let wrong = || "is not a URL such as smpps://smsc.example.com:3550".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let scheme = match url.scheme() {
        "smpp" => "http",
        "smpps" => "https",
        _ => return Err(wrong()),
    };
    let port = url.port().ok_or("has no port, and SMSCs have no usual one")?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none();
    if !bare {
        return Err("may not have a user, path, query or fragment".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    let server = Url::parse(&format!("{scheme}://{host}:{port}/")).map_err(|_| wrong())?;
    public(&server, context.allowed)?;
    if scheme == "http" && !is_protected(&server) {
        return Err("sends password and codes in the clear: use smpps, or write an address of this machine or of a network in sms.allow_private".to_owned());
    }
    Ok(server)
}

/// Whether it is this machine, or an address of a private network. A name may lead elsewhere.
fn is_protected(server: &Url) -> bool {
    let is_here = Origin::of(server).is_ok_and(|origin| origin.host().is_loopback());
    let address = match server.host() {
        Some(url::Host::Ipv4(ip)) => Some(ip.into()),
        Some(url::Host::Ipv6(ip)) => Some(ip.into()),
        Some(url::Host::Domain(_)) | None => None,
    };
    is_here || address.is_some_and(|ip| !is_public(ip))
}
