use super::super::reader::Reader;
use super::super::values::shown;
use crate::domain::Origin;
use crate::gate::SiteUrl;

/// Where a table's site is.
pub(super) struct SitePlace {
    pub(super) url: SiteUrl,
    /// That of `hosts`; `None`: `url` has no `*`.
    pub(super) host: Option<String>,
}

/// The places of a site: its `url` or, if that has a `*`, one for each of its `hosts`. `check` judges
/// each of them.
pub(super) fn places(
    reader: &mut Reader<'_>,
    table: &str,
    mut check: impl FnMut(&SiteUrl) -> Result<(), String>,
) -> Option<Vec<SitePlace>> {
    let (url, hosts) = (format!("{table}.url"), format!("{table}.hosts"));
    let has_hosts = reader.has(&hosts);
    let pattern = reader.one(&url, |text| {
        let pattern = UrlPattern::parse(text)?;
        match (&pattern, has_hosts) {
            (UrlPattern::One(place), _) => check(place)?,
            (UrlPattern::Below(above), false) => return Err(above.hosts_are_missing()),
            (UrlPattern::Below(_), true) => {}
        }
        Ok(pattern)
    });
    match pattern {
        None => {
            // Mistakes of the list that do not depend on the pattern.
            reader.all_or_none(&hosts, |text| Ok(text.to_owned()));
            None
        }
        Some(UrlPattern::One(_)) if has_hosts => {
            let text = "has no effect: `url` has no `*`, as in https://*.apps.example.com";
            reader.note(&hosts, text);
            None
        }
        Some(UrlPattern::One(url)) => Some(vec![SitePlace { url, host: None }]),
        Some(UrlPattern::Below(above)) => below(reader, &hosts, &above, check),
    }
}

fn below(
    reader: &mut Reader<'_>,
    key: &str,
    above: &WildcardUrl,
    mut check: impl FnMut(&SiteUrl) -> Result<(), String>,
) -> Option<Vec<SitePlace>> {
    let at: Vec<_> = reader.items(key)?.into_iter().map(|item| item.at).collect();
    let urls = reader.all(key, |text| above.at(text))?;
    let mut places = Vec::new();
    for (url, at) in urls.into_iter().zip(at) {
        let host = url.origin.host().to_string();
        let checked = check(&url).map_err(|why| format!("`{host}` {why}"));
        places.extend(reader.take(at, key, checked).map(|()| SitePlace { url, host: Some(host) }));
    }
    Some(places)
}

/// A `url` of the configuration.
enum UrlPattern {
    One(SiteUrl),
    Below(WildcardUrl),
}

/// A `url` whose host begins with the label `*`, without that label.
struct WildcardUrl {
    above: SiteUrl,
}

impl UrlPattern {
    fn parse(text: &str) -> Result<Self, String> {
        let parse = |text: &str| SiteUrl::parse(text).map_err(|why| why.to_string());
        let whole_label =
            text.split_once("://*.").map(|(scheme, rest)| format!("{scheme}://{rest}"));
        let url = parse(whole_label.as_deref().unwrap_or(text))?;
        let host = url.origin.host().as_str();
        let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
        if host.contains('*') || (whole_label.is_some() && is_address) {
            let text = "has a `*` that is not the whole first label of a name, as in \
                        https://*.apps.example.com";
            return Err(text.to_owned());
        }
        Ok(if whole_label.is_some() {
            Self::Below(WildcardUrl { above: url })
        } else {
            Self::One(url)
        })
    }
}

impl WildcardUrl {
    fn hosts_are_missing(&self) -> String {
        let host = self.above.origin.host();
        format!("has a `*`; list the names that exist: hosts = [\"app.{host}\"]")
    }

    /// The URL of one of the `hosts`.
    fn at(&self, host: &str) -> Result<SiteUrl, String> {
        let SiteUrl { origin: above, path } = &self.above;
        let wrong = || format!("{} is not a host name such as app.{}", shown(host), above.host());
        // Read like a `url`, so that it is compared in the form that browsers send.
        let origin = Origin::parse(&format!("{}://{host}", above.scheme())).map_err(|_| wrong())?;
        let found = origin.host().as_str();
        if host.contains([':', '*']) {
            return Err(wrong());
        }
        let label =
            found.strip_suffix(above.host().as_str()).and_then(|rest| rest.strip_suffix('.'));
        if label.is_none_or(|label| label.is_empty() || label.contains('.')) {
            return Err(format!(
                "{} is not one label below {}: `*` in `url` stands for exactly one",
                shown(host),
                above.host()
            ));
        }
        let port = format!("{}://{found}:{}{path}", above.scheme(), above.port());
        SiteUrl::parse(&port).map_err(|why| format!("{} {why}", shown(host)))
    }
}
