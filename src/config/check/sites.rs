use super::super::reader::Reader;
use super::super::values;
use super::identity;
use super::rules;
use super::server::{ServerContext, served};
use crate::gate::{Site, SiteUrl, Upstream, UpstreamOptions};
use crate::oauth::{Clients, Issuer};

/// `clients`: `None` if one of them is invalid; checks that depend on them are then skipped.
pub(super) fn sites(
    reader: &mut Reader<'_>,
    ground: &ServerContext,
    clients: Option<&Clients>,
) -> Option<Vec<Site>> {
    let tables = reader.each("site");
    if tables.is_empty() && !reader.has("site") && reader.each("client").is_empty() {
        let text = "no site and no client is configured; add [[site]] with name, url and upstreams";
        reader.note("site", text);
    }
    let mut seen = Seen { clients, ..Seen::default() };
    let sites: Vec<_> = tables.iter().map(|table| site(reader, table, ground, &mut seen)).collect();
    sites.into_iter().collect()
}

/// Names and places of earlier sites, each with the site's key, and the clients.
#[derive(Default)]
struct Seen<'c> {
    clients: Option<&'c Clients>,
    names: Vec<(String, String)>,
    places: Vec<(SiteUrl, String)>,
}

fn site(
    reader: &mut Reader<'_>,
    table: &str,
    ground: &ServerContext,
    seen: &mut Seen<'_>,
) -> Option<Site> {
    reader.require(table);
    let key = |name: &str| format!("{table}.{name}");
    let name = reader.one(&key("name"), |text| {
        let name = values::name(text)?;
        first(&mut seen.names, &name, table)?;
        Ok(name)
    });
    let place = reader.one(&key("url"), |text| {
        let place = SiteUrl::parse(text).map_err(|why| why.to_string())?;
        beside(&place, ground)?;
        first(&mut seen.places, &place, table)?;
        Ok(place)
    });
    let upstreams = upstreams(reader, &key("upstreams"), ground);
    let identity = identity::identity(reader, &key("identity"));
    let passage = passage(reader, table, place.as_ref());
    let allowed_origins = reader.all_or_none(&key("allowed_origins"), values::origin_pattern);
    let hsts_key = key("hsts");
    let hsts =
        if reader.has(&hsts_key) { reader.one(&hsts_key, values::hsts) } else { ground.hsts };
    let personal = reader.flag(&key("personal_access_tokens")).unwrap_or(false);
    let ignore_case = reader.flag(&key("ignore_case")).unwrap_or(false);
    let own = place.as_ref().filter(|place| place.path.is_empty()).and(ground.prefix.as_deref());
    let tables = reader.each(&key("rule"));
    let rules: Vec<_> =
        tables.iter().map(|table| rules::rule(reader, table, own, seen.clients)).collect();
    rules::check_order(reader, &tables, &rules, ignore_case);
    Some(Site {
        name: name?,
        url: place?,
        upstreams: upstreams?,
        identity: identity?,
        upstream_options: passage?,
        allowed_origins: allowed_origins?,
        hsts: hsts?,
        personal_access_tokens: personal,
        ignore_case,
        rules: rules.into_iter().collect::<Option<_>>()?,
    })
}

/// None at all where another proxy forwards the requests.
fn upstreams(reader: &mut Reader<'_>, key: &str, ground: &ServerContext) -> Option<Vec<Upstream>> {
    if !reader.has(key) && reader.has("forward_auth") {
        return Some(Vec::new());
    }
    reader.all(key, |text| upstream(text, ground))
}

/// `place`: `None` if it is invalid.
fn passage(
    reader: &mut Reader<'_>,
    table: &str,
    place: Option<&SiteUrl>,
) -> Option<UpstreamOptions> {
    let key = |name: &str| format!("{table}.{name}");
    let usual = UpstreamOptions::default();
    let (body, timeout) = (key("max_body"), key("timeout"));
    let (host, strip) = (key("send_host"), key("strip_prefix"));
    let max_body = if reader.has(&body) { reader.size(&body) } else { Some(usual.max_body) };
    let timeout =
        if reader.has(&timeout) { reader.duration(&timeout) } else { Some(usual.timeout) };
    let send_host =
        if reader.has(&host) { reader.one(&host, values::host).map(Some) } else { Some(None) };
    let strip_prefix = if reader.has(&strip) { reader.flag(&strip) } else { Some(false) };
    if strip_prefix == Some(true) && place.is_some_and(|place| place.path.is_empty()) {
        reader.note(&strip, "has no effect: the url of the site has no path");
        return None;
    }
    Some(UpstreamOptions {
        max_body: max_body?,
        timeout: timeout?,
        send_host: send_host?,
        strip_prefix: strip_prefix?,
    })
}

fn first<T: PartialEq + Clone>(
    seen: &mut Vec<(T, String)>,
    value: &T,
    table: &str,
) -> Result<(), String> {
    if let Some((_, other)) = seen.iter().find(|(found, _)| found == value) {
        return Err(format!("is already used by {other}; each site needs its own"));
    }
    seen.push((value.clone(), table.to_owned()));
    Ok(())
}

/// Checks the place of a site against Doorcode's own URLs.
fn beside(place: &SiteUrl, ground: &ServerContext) -> Result<(), String> {
    served(&place.origin, ground.tls)?;
    let segment = place.path.split('/').nth(1).unwrap_or_default();
    let prefix =
        ground.prefix.as_deref().filter(|prefix| prefix.strip_prefix('/') == Some(segment));
    if let Some(prefix) = prefix {
        return Err(format!("is below {prefix}, which is reserved for Doorcode (server.prefix)"));
    }
    ground.issuer.as_ref().map_or(Ok(()), |issuer| beside_issuer(place, issuer, ground))
}

fn beside_issuer(place: &SiteUrl, issuer: &Issuer, ground: &ServerContext) -> Result<(), String> {
    let (site, own) = (&place.origin, issuer.origin());
    if site.host() != own.host() {
        return beside_shared_origin(issuer, ground);
    }
    if site.is_https() != own.is_https() {
        return Err(format!(
            "must be {}, like server.public_url: they share a cookie",
            own.scheme()
        ));
    }
    if site == own && issuer.base().is_empty() {
        let prefix = ground.prefix.as_deref().unwrap_or_default();
        return Err(format!(
            "is the same origin as server.public_url, where every path belongs to Doorcode; give \
             server.public_url the path {prefix} or another port"
        ));
    }
    Ok(())
}

/// Checks whether sessions may be handed over from `issuer` to another host.
fn beside_shared_origin(issuer: &Issuer, ground: &ServerContext) -> Result<(), String> {
    if issuer.base().is_empty() || ground.shared_origin {
        return Ok(());
    }
    Err(format!(
        "is on another host than server.public_url, whose path {} puts the login pages into the \
         origin of an app: that app's scripts could then sign its visitors in here; give \
         server.public_url a host of its own (or set server.unsafe_shared_origin = true)",
        issuer.base()
    ))
}

fn upstream(text: &str, ground: &ServerContext) -> Result<Upstream, String> {
    let upstream = values::upstream(text)?;
    let listen = || ground.listen.iter().flatten();
    match upstream {
        Upstream::Demo => match ground.refuses_development() {
            Some(why) => Err(format!("`demo` {why}")),
            None => Ok(upstream),
        },
        Upstream::Address(to) if listen().any(|at| *at == to) => {
            Err(format!("{to} is Doorcode itself (server.listen), not an app behind it"))
        }
        _ => Ok(upstream),
    }
}
