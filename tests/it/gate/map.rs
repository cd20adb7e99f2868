use doorcode::gate::{
    Hsts, IdentityMapping, RouteMatch, Site, SiteMap, SiteUrl, Upstream, UpstreamOptions,
    authority, readings,
};
use doorcode::oauth::Issuer;
use http::Request;
use http::request::Parts;

const PREFIX: &str = "/.doorcode";

fn map(public_url: &str, sites: &[&str]) -> SiteMap {
    let site = |url: &&str| Site {
        name: (*url).to_owned(),
        url: SiteUrl::parse(url).unwrap(),
        upstreams: vec![Upstream::Demo],
        identity: IdentityMapping::default(),
        upstream_options: UpstreamOptions::default(),
        allowed_origins: Vec::new(),
        framed_by: doorcode::gate::FramedBy::default(),
        hsts: Hsts::Off,
        client_roots: None,
        personal_access_tokens: false,
        ignore_case: false,
        mode: doorcode::gate::RuleMode::Enforce,
        rules: Vec::new(),
    };
    let issuer = Issuer::parse(public_url, PREFIX).unwrap();
    SiteMap::new(issuer, PREFIX.to_owned(), sites.iter().map(site).collect())
}

/// Where `path` of `host` belongs, in one word; a site is named by its URL.
fn place(map: &SiteMap, host: &str, path: &str) -> String {
    let readings = readings(path).unwrap();
    match map.locate(host, &readings) {
        RouteMatch::UnknownHost => "unknown host".to_owned(),
        RouteMatch::NoSite => "no site".to_owned(),
        RouteMatch::Ambiguous => "disguised".to_owned(),
        RouteMatch::Own(own) => {
            format!("own {:?} issuer={} site={}", own.base, own.issuer, own.site)
        }
        RouteMatch::Site { index, .. } => map.sites()[index].name.clone(),
    }
}

const ROOT: &str = "https://example.com";
const SHOP: &str = "https://example.com/shop";
const DEEP: &str = "https://example.com/shop/deep";
const OTHER: &str = "https://other.example:8443/app";
const OWN: &str = "own \"/.doorcode\" issuer=false site=true";

#[test]
fn the_host_and_the_longest_prefix_find_the_site() {
    let map = map("https://auth.example.com", &[ROOT, DEEP, SHOP, OTHER]);
    for (host, path, expected) in [
        ("example.com", "/", ROOT),
        ("example.com", "/x", ROOT),
        ("example.com", "/shopping", ROOT),
        ("example.com", "/Shop", ROOT),
        ("example.com", "/shop", SHOP),
        ("example.com", "/shop/", SHOP),
        ("example.com", "/shop/x", SHOP),
        ("example.com", "/shop/deeper", SHOP),
        ("example.com", "/shop/deep", DEEP),
        ("example.com", "/shop/deep/x//y;z/%61", DEEP),
        ("other.example:8443", "/app/x", OTHER),
        ("other.example:8443", "/", "no site"),
        ("other.example:8443", "/apple", "no site"),
        ("other.example", "/app", "unknown host"),
        ("example.com:8443", "/", "unknown host"),
        ("www.example.com", "/", "unknown host"),
        ("example.com.", "/", "unknown host"),
        ("", "/", "unknown host"),
        ("auth.example.com", "/", "own \"\" issuer=true site=false"),
        ("auth.example.com", "/login", "own \"\" issuer=true site=false"),
    ] {
        assert_eq!(place(&map, host, path), expected, "{host} {path}");
    }
}

#[test]
fn a_host_with_its_schemes_own_port_is_the_same_host() {
    let map = map("https://auth.example.com", &[ROOT, "http://plain.example"]);
    assert_eq!(place(&map, "example.com:443", "/"), ROOT);
    assert_eq!(place(&map, "plain.example:80", "/"), "http://plain.example");
    assert_eq!(place(&map, "example.com:80", "/"), "unknown host");
    assert_eq!(place(&map, "plain.example:443", "/"), "unknown host");
    assert_eq!(place(&map, "auth.example.com:443", "/"), "own \"\" issuer=true site=false");
}

#[test]
fn our_own_paths_never_reach_a_site_in_any_disguise() {
    let map = map("https://auth.example.com", &[ROOT, SHOP]);
    for path in ["/.doorcode", "/.doorcode/", "/.doorcode/me", "/.doorcode/x//y;z"] {
        assert_eq!(place(&map, "example.com", path), OWN, "{path}");
    }
    for path in [
        "/%2edoorcode/me",
        "/%2Edoorcode",
        "/.%64oorcode/me",
        "/%252edoorcode/me",
        "/.doorcode;x/me",
        "/.doorcode;",
        "/.doorcode%3bx/me",
        "/.doorcode%253b/me",
        "/%2edoorcode;x//me",
    ] {
        assert_eq!(place(&map, "example.com", path), "disguised", "{path}");
    }
    for path in ["//.doorcode/me", "/;/.doorcode/me", "/;x/.doorcode"] {
        assert!(readings(path).is_err(), "{path} would be another host's");
    }
    for path in ["/.doorcodes", "/doorcode", "/x/.doorcode", "/shop/.doorcode/me", "/..doorcode"] {
        let expected = if path.starts_with("/shop") { SHOP } else { ROOT };
        assert_eq!(place(&map, "example.com", path), expected, "{path}");
    }
}

#[test]
fn a_path_that_some_server_reads_as_outside_of_its_site_is_disguised() {
    let map = map("https://auth.example.com", &[SHOP]);
    assert_eq!(place(&map, "example.com", "/shop/%61;b//c/"), SHOP);
    for path in ["/shop;x", "/shop;x/y", "/shop%3bx", "/sho%70", "/%73hop/x"] {
        // As sent it is not below the site's path, so it is no site's.
        assert_eq!(place(&map, "example.com", path), "no site", "{path}");
    }
}

#[test]
fn pages_under_a_prefix_share_the_host_with_the_site() {
    let map = map("http://localhost:8080/.doorcode", &["http://localhost:8080"]);
    let own = "own \"/.doorcode\" issuer=true site=true";
    assert_eq!(place(&map, "localhost:8080", "/.doorcode/login"), own);
    assert_eq!(place(&map, "localhost:8080", "/login"), "http://localhost:8080");
    assert_eq!(place(&map, "localhost", "/"), "unknown host");
}

#[test]
fn the_way_back_after_login_finds_its_site() {
    let map = map("https://auth.example.com", &[ROOT, SHOP]);
    let site_at = |url: &str, path: &str| {
        let origin = doorcode::domain::Origin::parse(url).unwrap();
        map.site_at(&origin, path).map(|site| site.name.as_str())
    };
    assert_eq!(site_at("https://example.com", "/shop/x"), Some(SHOP));
    assert_eq!(site_at("https://example.com", "/shopping"), Some(ROOT));
    assert_eq!(site_at("http://example.com", "/shop"), None);
    assert_eq!(site_at("https://auth.example.com", "/"), None);
}

fn request(target: &str, hosts: &[&[u8]]) -> Parts {
    let mut request = Request::builder().uri(target);
    for host in hosts {
        request = request.header("host", *host);
    }
    request.body(()).unwrap().into_parts().0
}

#[test]
fn a_request_names_exactly_one_host() {
    for (target, hosts, expected) in [
        ("/", &[&b"example.com"[..]][..], Some("example.com")),
        ("/", &[b"EXAMPLE.com:8080"], Some("example.com:8080")),
        ("/", &[b"[::1]:8080"], Some("[::1]:8080")),
        ("http://example.com/", &[], Some("example.com")),
        ("http://example.com/", &[b"Example.com"], Some("example.com")),
        ("http://example.com/", &[b"other.example"], None),
        ("http://user@example.com/", &[], None),
        ("/", &[], None),
        ("/", &[b""], None),
        ("/", &[b"example.com", b"example.com"], None),
        ("/", &[b"example.com", b"other.example"], None),
        ("/", &[b"example.com, other.example"], None),
        ("/", &[b"user@example.com"], None),
        ("/", &[b"example.com/path"], None),
        ("/", &[b"example.com\\evil.example"], None),
        ("/", &[b"example.com?x"], None),
        ("/", &[b"ex\xc3\xa4mple.com"], None),
        ("/", &[b"example.com%00"], None),
    ] {
        let request = request(target, hosts);
        let found = authority(&request).ok();
        assert_eq!(found.as_deref(), expected, "{target} {hosts:?}");
    }
}

#[test]
fn a_path_that_some_server_reads_as_another_sites_is_disguised() {
    let map = map("https://auth.example.com", &[ROOT, SHOP]);
    for path in ["/sho%70", "/%73hop/x", "/shop;x/y", "/x;/shop;"] {
        let expected = if path.starts_with("/x") { ROOT } else { "disguised" };
        assert_eq!(place(&map, "example.com", path), expected, "{path}");
    }
    assert_eq!(place(&map, "example.com", "/SHOP/x"), ROOT, "case counts");
}

#[test]
fn where_case_is_nothing_a_site_keeps_its_paths_in_any_case() {
    let mut sites = map("https://auth.example.com", &[ROOT, SHOP]).sites().to_vec();
    for site in &mut sites {
        site.ignore_case = true;
    }
    let issuer = Issuer::parse("https://auth.example.com", PREFIX).unwrap();
    let map = SiteMap::new(issuer, PREFIX.to_owned(), sites);
    for path in ["/SHOP", "/Shop/x", "/%53hop/x", "/.Doorcode/me"] {
        assert_eq!(place(&map, "example.com", path), "disguised", "{path}");
    }
    assert_eq!(place(&map, "example.com", "/shop/X"), SHOP);
    assert_eq!(place(&map, "example.com", "/Shopping"), ROOT);
}

#[test]
fn of_hundreds_of_hosts_each_is_found_in_any_case() {
    let hosts: Vec<String> = (0..200).map(|n| format!("app-{n}.example.com")).collect();
    let urls: Vec<String> = hosts.iter().map(|host| format!("https://{host}")).collect();
    let map = map("https://auth.example.com", &urls.iter().map(String::as_str).collect::<Vec<_>>());
    for (host, url) in hosts.iter().zip(&urls) {
        for spelled in [host.clone(), host.to_uppercase(), host.replace("app", "App")] {
            let request = Request::get("/x").header("host", spelled).body(()).unwrap();
            let parts = request.into_parts().0;
            assert_eq!(place(&map, &authority(&parts).unwrap(), "/x"), *url);
        }
    }
    assert_eq!(place(&map, "app-200.example.com", "/x"), "unknown host");
}
