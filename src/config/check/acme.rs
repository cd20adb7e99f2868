//! `[acme]`: certificates from an authority.
use super::super::reader::Reader;
use super::super::small_file;
use super::super::values::{is_host_name, shown};
use super::server::ServerContext;
use super::tls;
use crate::acme::{AcmeDirectory, AcmeFolder, AcmeSettings, ChallengeKind, Roots};
use crate::domain::Host;
use crate::gate::Site;
use crate::proxy::{ListenAddress, ProxySettings};

/// Ports that authorities connect to (RFC 8555 §8.3, RFC 8737 §3).
const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// `None`: a mistake was noted; `Some(None)`: certificates are files, or there are none. `sites`: each with
/// the number of its table.
#[expect(clippy::option_option, reason = "as the other sections, of a value that may be absent")]
pub(super) fn acme(
    reader: &mut Reader<'_>,
    ground: &ServerContext,
    proxy: Option<&ProxySettings>,
    sites: Option<&Vec<(usize, Site)>>,
) -> Option<Option<AcmeSettings>> {
    if !tls::is_acme(reader) {
        if reader.has_more_than_defaults("acme") {
            reader.note("acme", "has no effect without `tls = \"acme\"` in [server]");
            return None;
        }
        return Some(None);
    }
    reader.require("acme");
    let contact = reader.one("acme.contact", contact);
    let agreed = reader.flag("acme.terms_agreed");
    if agreed == Some(false) {
        reader.note("acme.terms_agreed", "is false: an authority issues nothing without");
    }
    let folder = reader.one("acme.folder", |text| Ok(text.to_owned()));
    let folder = folder.map(|text| reader.path(&text));
    if let Some(folder) = folder.as_ref().filter(|_| reader.purpose().reads_certificates()) {
        let examined = AcmeFolder::examine(folder).map_err(|why| why.to_string());
        reader.take(None, "acme.folder", examined);
    }
    let directory = reader.one("acme.directory", directory);
    let roots = roots(reader);
    let challenges = proxy.map(challenges);
    if challenges.as_ref().is_some_and(Vec::is_empty) {
        let text = "is \"acme\", but an authority can ask nowhere whose hosts these are: \
                    server.listen has no address and port, and there is no server.redirect_listen";
        reader.note("server.tls", text);
    }
    let is_public = directory.as_ref().is_some_and(AcmeDirectory::is_public);
    check_hosts(reader, ground, sites, is_public);
    Some(Some(AcmeSettings {
        contact: contact?,
        folder: folder?,
        directory: directory?,
        roots: roots?,
        challenges: challenges?,
    }))
}

/// With or without `mailto:`. No more than one, and nothing that a URL would have to escape.
fn contact(text: &str) -> Result<String, String> {
    let address = text.strip_prefix("mailto:").unwrap_or(text);
    let good = address.split_once('@').is_some_and(|(name, host)| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+-".contains(&b);
        !name.is_empty() && name.bytes().all(plain) && is_host_name(host) && host.contains('.')
    });
    let wrong = || format!("{} is not a mail address such as mailto:ops@example.com", shown(text));
    good.then(|| format!("mailto:{address}")).ok_or_else(wrong)
}

fn directory(text: &str) -> Result<AcmeDirectory, String> {
    AcmeDirectory::parse(text).ok_or_else(|| {
        let is = shown(text);
        format!("{is} is not production, staging or the https URL of an authority's directory")
    })
}

#[expect(clippy::option_option, reason = "as `acme`")]
fn roots(reader: &mut Reader<'_>) -> Option<Option<Roots>> {
    const KEY: &str = "acme.roots";
    if !reader.has(KEY) || !reader.purpose().reads_certificates() {
        return Some(None);
    }
    let base = reader.base();
    let read = reader.one(KEY, |text| {
        let path = base.join(text);
        let text = small_file::read_text(&path)
            .map_err(|why| format!("cannot read {}: {why}", path.display()))?;
        let none = || format!("{} has no certificate in PEM, or a broken one", path.display());
        Roots::parse(&text).ok_or_else(none)
    });
    read.map(Some)
}

/// The ways to answer an authority, that of a usual port first.
fn challenges(proxy: &ProxySettings) -> Vec<ChallengeKind> {
    let addresses: Vec<_> = proxy.listen.iter().filter_map(ListenAddress::tcp).collect();
    let has_tls = (!addresses.is_empty()).then_some(ChallengeKind::TlsAlpn);
    let has_http = (!proxy.redirect_listen.is_empty()).then_some(ChallengeKind::Http);
    let is_usual = addresses.iter().any(|address| address.port() == HTTPS_PORT);
    let is_http = proxy.redirect_listen.iter().any(|address| address.port() == HTTP_PORT);
    let mut kinds: Vec<_> = [has_tls, has_http].into_iter().flatten().collect();
    if is_http && !is_usual {
        kinds.reverse();
    }
    kinds
}

/// Notes hosts that no authority issues for. `is_public`: the authority serves the internet.
fn check_hosts(
    reader: &mut Reader<'_>,
    ground: &ServerContext,
    sites: Option<&Vec<(usize, Site)>>,
    is_public: bool,
) {
    let issuer = ground.issuer.as_ref().map(|issuer| issuer.origin().host());
    let issuer = issuer.map(|host| ("server.public_url".to_owned(), host));
    let sites = sites.into_iter().flatten();
    let sites = sites.map(|(n, site)| (format!("site[{n}].url"), site.url.origin.host()));
    let mut seen: Vec<&Host> = Vec::new();
    for (key, host) in issuer.into_iter().chain(sites) {
        if seen.contains(&host) {
            continue;
        }
        seen.push(host);
        if let Some(why) = refused(host, is_public) {
            reader.note(&key, format!("{host} {why}"));
        }
    }
}

fn refused(host: &Host, is_public: bool) -> Option<&'static str> {
    let name = host.as_str();
    if !is_host_name(name) || name.contains('_') {
        return Some("is not a host name, and `tls = \"acme\"` gets certificates for names only");
    }
    if is_public && (host.is_loopback() || host.is_private()) {
        return Some(
            "is no public name, and acme.directory is an authority of the internet; name one of your \
             network, or list certificates in server.tls",
        );
    }
    None
}
