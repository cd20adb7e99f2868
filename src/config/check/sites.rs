use super::super::reader::Reader;
use super::super::values;
use super::client_certificates::AskingHosts;
use super::framed_by::FramedHosts;
use super::identity;
use super::rules::{self, KnownCallers};
use super::server::{ServerContext, served};
use super::site_urls::{self, SitePlace};
use super::upstream_pool;
use crate::gate::{RuleMode, Site, SiteUrl, Upstream, UpstreamOptions};
use crate::oauth::Issuer;
use crate::proxy::{ClientRoots, ListenAddress};

/// The sites, each with the number of its table, and the hosts whose clients need a certificate. Checks that depend on
/// clients are skipped if one of them is invalid.
pub(super) fn sites(
    reader: &mut Reader<'_>,
    ground: &ServerContext,
    known: KnownCallers<'_>,
) -> Option<(Vec<(usize, Site)>, AskingHosts)> {
    let tables = reader.each("site");
    if tables.is_empty() && !reader.has("site") && reader.each("client").is_empty() {
        let text = "no site and no client is configured; add [[site]] with name, url and upstreams";
        reader.note("site", text);
    }
    let framed = FramedHosts::beside(ground.issuer.as_ref());
    let mut seen = Seen {
        known,
        framed,
        asking: AskingHosts::default(),
        names: Vec::new(),
        places: Vec::new(),
    };
    let read: Vec<_> = tables.iter().map(|table| site(reader, table, ground, &mut seen)).collect();
    let mut sites = Vec::new();
    for (n, of_table) in read.into_iter().enumerate() {
        sites.extend(of_table?.into_iter().map(|site| (n + 1, site)));
    }
    Some((sites, seen.asking))
}

/// Names and places of earlier sites, each with the site's key, and whom rules may name.
struct Seen<'c> {
    known: KnownCallers<'c>,
    asking: AskingHosts,
    framed: FramedHosts,
    names: Vec<(String, String)>,
    places: Vec<(SiteUrl, String)>,
}

fn site(
    reader: &mut Reader<'_>,
    table: &str,
    ground: &ServerContext,
    seen: &mut Seen<'_>,
) -> Option<Vec<Site>> {
    reader.require(table);
    let key = |name: &str| format!("{table}.{name}");
    let name = reader.one(&key("name"), |text| {
        let name = values::name(text)?;
        first(&mut seen.names, &name, table)?;
        Ok(name)
    });
    let places = site_urls::places(reader, table, |place| {
        beside(place, ground)?;
        first(&mut seen.places, place, table)
    });
    // All of a table's places have the same path.
    let place = places.as_ref().and_then(|places| places.first()).map(|place| &place.url);
    let upstreams = upstreams(reader, &key("upstreams"), ground);
    let identity = identity::identity(reader, &key("identity"));
    let passage = passage(reader, table, place, upstreams.as_deref());
    let allowed_origins = reader.all_or_none(&key("allowed_origins"), values::origin_pattern);
    let framed_by = FramedHosts::read(reader, table, places.as_deref(), ground.issuer.as_ref());
    let hsts_key = key("hsts");
    let hsts =
        if reader.has(&hsts_key) { reader.one(&hsts_key, values::hsts) } else { ground.hsts };
    let roots = AskingHosts::read(reader, table, ground.schemes.tls).ok();
    let personal = reader.flag(&key("personal_access_tokens")).unwrap_or(false);
    let ignore_case = reader.flag(&key("ignore_case")).unwrap_or(false);
    let mode_key = key("mode");
    let usual = Some(RuleMode::default());
    let mode = if reader.has(&mode_key) { reader.one(&mode_key, rules::mode) } else { usual };
    let own = place.filter(|place| place.path.is_empty()).and(ground.prefix.as_deref());
    let tables = reader.each(&key("rule"));
    let rules: Vec<_> =
        tables.iter().map(|table| rules::rule(reader, table, own, seen.known)).collect();
    rules::check_order(reader, &tables, &rules, ignore_case);
    let site = Site {
        name: name?,
        url: place?.clone(),
        upstreams: upstreams?,
        identity: identity?,
        upstream_options: passage?,
        allowed_origins: allowed_origins?,
        framed_by: framed_by?,
        hsts: hsts?,
        client_roots: roots.as_ref()?.as_ref().map(ClientRoots::id),
        personal_access_tokens: personal,
        ignore_case,
        mode: mode?,
        rules: rules.into_iter().collect::<Option<_>>()?,
    };
    let site = (&site, roots.as_ref()?.as_ref());
    places?.into_iter().map(|place| at(reader, place, site, seen, table)).collect()
}

/// The site of a table at one of its places.
fn at(
    reader: &mut Reader<'_>,
    place: SitePlace,
    (site, roots): (&Site, Option<&ClientRoots>),
    seen: &mut Seen<'_>,
    table: &str,
) -> Option<Site> {
    let SitePlace { url, host } = place;
    let mut site = Site { url, ..site.clone() };
    if let Some(host) = host {
        site.name = format!("{} ({host})", site.name);
        let free = first(&mut seen.names, &site.name, table);
        let free = free.map_err(|why| format!("`{}` {why}", site.name));
        reader.take(None, &format!("{table}.hosts"), free)?;
    }
    seen.asking.add(reader, table, &site, roots)?;
    seen.framed.add(reader, table, &site)?;
    Some(site)
}

/// None at all where another proxy forwards the requests.
fn upstreams(reader: &mut Reader<'_>, key: &str, ground: &ServerContext) -> Option<Vec<Upstream>> {
    if !reader.has(key) && reader.has("forward_auth") {
        return Some(Vec::new());
    }
    reader.all(key, |text| upstream(text, ground))
}

/// Refuses what says how requests are forwarded, for a site whose requests another proxy forwards.
/// Returns whether there was nothing to refuse.
fn no_keys_of_forwarding(reader: &mut Reader<'_>, table: &str) -> bool {
    let keys = ["max_body", "timeout", "send_host", "strip_prefix", "upstream"];
    let keys = keys.map(|name| format!("{table}.{name}"));
    let found: Vec<_> = keys.iter().filter(|key| reader.has(key)).collect();
    for key in &found {
        reader.note(key, "has no effect without upstreams: the other proxy forwards the requests");
    }
    found.is_empty()
}

/// `place`, `upstreams`: `None` if they are invalid.
fn passage(
    reader: &mut Reader<'_>,
    table: &str,
    place: Option<&SiteUrl>,
    upstreams: Option<&[Upstream]>,
) -> Option<UpstreamOptions> {
    let key = |name: &str| format!("{table}.{name}");
    let is_forwarded_here = upstreams.is_none_or(|all| !all.is_empty());
    let has_effect = is_forwarded_here || no_keys_of_forwarding(reader, table);
    let usual = UpstreamOptions::default();
    let (body, timeout) = (key("max_body"), key("timeout"));
    let (host, strip) = (key("send_host"), key("strip_prefix"));
    let max_body = if reader.has(&body) { reader.size(&body) } else { Some(usual.max_body) };
    let timeout =
        if reader.has(&timeout) { reader.duration(&timeout) } else { Some(usual.timeout) };
    let send_host =
        if reader.has(&host) { reader.one(&host, values::host).map(Some) } else { Some(None) };
    let pool = upstream_pool::options(reader, &key("upstream"), upstreams);
    let strip_prefix = if reader.has(&strip) { reader.flag(&strip) } else { Some(false) };
    if strip_prefix == Some(true) && place.is_some_and(|place| place.path.is_empty()) {
        reader.note(&strip, "has no effect: the url of the site has no path");
        return None;
    }
    has_effect.then_some(UpstreamOptions {
        max_body: max_body?,
        timeout: timeout?,
        send_host: send_host?,
        strip_prefix: strip_prefix?,
        pool: pool?,
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
    served(&place.origin, ground.schemes)?;
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
    match &upstream {
        Upstream::Demo => match ground.refuses_development() {
            Some(why) => Err(format!("`demo` {why}")),
            None => Ok(upstream),
        },
        Upstream::Address(to, _) if listen().any(|at| at.tcp() == Some(*to)) => {
            Err(format!("{to} is Doorcode itself (server.listen), not an app behind it"))
        }
        Upstream::Unix(to) if listen().any(|at| *at == ListenAddress::Unix(to.clone())) => {
            let to = to.display();
            Err(format!("unix:{to} is Doorcode itself (server.listen), not an app behind it"))
        }
        _ => Ok(upstream),
    }
}
