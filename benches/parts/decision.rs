//! Deciding on a request: parsing its target, locating its site, applying the rules.
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use doorcode::domain::Role;
use doorcode::gate::{
    Caller, Hsts, IdentityMapping, PathPattern, Principal, Rule, Site, SiteMap, SiteRequest,
    SiteUrl, Upstream, UpstreamOptions, UpstreamProtocol, caller_need, decide, readings,
};
use doorcode::oauth::Issuer;
use http::Method;

use super::measure;

const ROUNDS: u32 = 200_000;

pub(crate) fn run(signed_in: &Caller) {
    let map = map();
    let nobody = Caller::Nobody;
    let cases = [
        ("decision: public", "/public/logo.svg", &nobody),
        ("decision: signed in", "/orders/17", signed_in),
        ("decision: nobody, protected page", "/orders/17", &nobody),
        ("decision: a role's page", "/admin/users", signed_in),
        ("decision: every reading", "/a%20b;v=1//c/", signed_in),
    ];
    for (name, path, caller) in cases {
        measure(name, 0..ROUNDS, |_| {
            let readings = readings(black_box(path)).expect("a good target");
            black_box(map.locate("shop.example.com", &readings));
            let asked = SiteRequest {
                site: &map.sites()[0],
                method: &Method::GET,
                readings: &readings,
                client: IpAddr::V4(Ipv4Addr::LOCALHOST),
            };
            black_box(caller_need(&asked));
            black_box(decide(&asked, caller));
        });
    }
}

fn map() -> SiteMap {
    let issuer = Issuer::parse("https://auth.example.com", "/.doorcode").expect("an issuer");
    let rule = |path: &str, who| Rule {
        path: PathPattern::parse(path).expect("a path"),
        methods: Vec::new(),
        allow: vec![who],
        from: Vec::new(),
        fresh: None,
    };
    let admin = Role::parse("admin").expect("a role");
    let site = Site {
        framed_by: doorcode::gate::FramedBy::default(),
        name: "Shop".to_owned(),
        url: SiteUrl::parse("https://shop.example.com").expect("a place"),
        upstreams: vec![Upstream::Name("app".to_owned(), 3000, UpstreamProtocol::Http)],
        identity: IdentityMapping::default(),
        upstream_options: UpstreamOptions::default(),
        allowed_origins: Vec::new(),
        hsts: Hsts::Off,
        client_roots: None,
        personal_access_tokens: false,
        ignore_case: false,
        mode: doorcode::gate::RuleMode::Enforce,
        rules: vec![rule("/public/*", Principal::Public), rule("/admin/*", Principal::Role(admin))],
    };
    SiteMap::new(issuer, "/.doorcode".to_owned(), vec![site])
}
