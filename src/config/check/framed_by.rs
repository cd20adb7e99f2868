use super::super::reader::Reader;
use super::super::values::shown;
use super::site_urls::SitePlace;
use crate::domain::{Host, Origin};
use crate::gate::{FramedBy, Site};
use crate::oauth::Issuer;

/// Who may frame the sites of each host.
#[derive(Default)]
pub(super) struct FramedHosts {
    /// That of the login pages.
    issuer: Option<Host>,
    lists: Vec<(Host, FramedBy)>,
}

impl FramedHosts {
    /// `issuer`: `None` if it is invalid.
    pub(super) fn beside(issuer: Option<&Issuer>) -> Self {
        let issuer = issuer.map(|issuer| issuer.origin().host().clone());
        Self { issuer, lists: Vec::new() }
    }

    /// Reads `framed_by` of a site's table. `places`, `issuer`: `None` if they are invalid.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        table: &str,
        places: Option<&[SitePlace]>,
        issuer: Option<&Issuer>,
    ) -> Option<FramedBy> {
        let key = format!("{table}.framed_by");
        if !reader.has(&key) {
            return Some(FramedBy::default());
        }
        let places = places.unwrap_or_default();
        let origins = reader.all(&key, |text| {
            let origin = framing_origin(text)?;
            if places.iter().any(|place| place.url.origin == origin) {
                let why = "is the site itself; name the origins of other pages that show it";
                return Err(format!("{} {why}", shown(text)));
            }
            Ok(origin)
        });
        let plain = places.iter().any(|place| !place.url.origin.is_https());
        let own = issuer.is_some_and(|issuer| !issuer.origin().is_https());
        if plain || own {
            let what = if plain { "the url of the site" } else { "server.public_url" };
            let text = format!(
                "needs https in {what}: browsers accept cookies in frames of other sites only with \
                 `Secure`"
            );
            reader.note(&key, &text);
            return None;
        }
        origins.map(FramedBy::new)
    }

    /// Notes who may frame `site`. Sites of one host share the cookies of a frame, and one on the host of
    /// the login pages shares those of every login.
    pub(super) fn add(&mut self, reader: &mut Reader<'_>, table: &str, site: &Site) -> Option<()> {
        if site.framed_by.is_empty() {
            return Some(());
        }
        let host = site.url.origin.host();
        let is_login = |host: &Host| self.issuer.as_ref() == Some(host);
        let shares = |other: &Host| other == host || is_login(other) || is_login(host);
        let differs = |(other, list): &&(Host, FramedBy)| shares(other) && *list != site.framed_by;
        if let Some((other, _)) = self.lists.iter().find(differs) {
            let text = format!(
                "differs from that of the site on {other}, which shares cookies with it; list the \
                 same origins for both"
            );
            reader.note(&format!("{table}.framed_by"), &text);
            return None;
        }
        self.lists.push((host.clone(), site.framed_by.clone()));
        Some(())
    }
}

fn framing_origin(text: &str) -> Result<Origin, String> {
    let said = |why: &str| Err(format!("{} {why}", shown(text)));
    if text.contains('*') {
        return said("has a `*`; name each origin whose pages may show the site");
    }
    match Origin::parse(text) {
        Ok(origin) if origin.is_https() => Ok(origin),
        Ok(_) => said("must be https: a plain page can be changed on its way"),
        Err(_) => said("is not an origin such as https://portal.example.net"),
    }
}
