//! What judging a request costs: `cargo bench`. Prints nanoseconds for each; asserts nothing.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench prints, may stop, and measures real time"
)]
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use doorcode::domain::Role;
use doorcode::gate::{
    Asked, Caller, IdentityPreset, Map, Passage, PathPattern, Rule, Site, SitePlace, Upstream, Who,
    decide, need, readings,
};
use doorcode::oauth::Issuer;
use http::Method;

const ROUNDS: u32 = 200_000;

fn main() {
    let map = map();
    let targets = [
        ("public", "/public/logo.svg"),
        ("nobody at a protected page", "/orders/17"),
        ("a role's page", "/admin/users"),
        ("every reading", "/a%20b;v=1//c/"),
    ];
    for (name, path) in targets {
        measure(name, || {
            let readings = readings(black_box(path)).expect("a good target");
            black_box(map.locate("shop.example.com", &readings));
            let asked = Asked {
                site: &map.sites()[0],
                method: &Method::GET,
                readings: &readings,
                client: IpAddr::V4(Ipv4Addr::LOCALHOST),
            };
            black_box(need(&asked));
            black_box(decide(&asked, &Caller::Nobody));
        });
    }
}

fn measure(name: &str, mut work: impl FnMut()) {
    (0..ROUNDS / 10).for_each(|_| work());
    let began = Instant::now();
    (0..ROUNDS).for_each(|_| work());
    let each = began.elapsed() / ROUNDS;
    println!("{name:30} {:>8} ns", each.as_nanos());
}

fn map() -> Map {
    let issuer = Issuer::parse("https://auth.example.com", "/.doorcode").expect("an issuer");
    let rule = |path: &str, who| Rule {
        path: PathPattern::parse(path).expect("a path"),
        methods: Vec::new(),
        allow: vec![who],
        from: Vec::new(),
    };
    let admin = Role::parse("admin").expect("a role");
    let site = Site {
        name: "Shop".to_owned(),
        place: SitePlace::parse("https://shop.example.com").expect("a place"),
        upstreams: vec![Upstream::Name("app".to_owned(), 3000)],
        identity: IdentityPreset::Default,
        passage: Passage::default(),
        rules: vec![rule("/public/*", Who::Public), rule("/admin/*", Who::Role(admin))],
    };
    Map::new(issuer, "/.doorcode".to_owned(), vec![site])
}
