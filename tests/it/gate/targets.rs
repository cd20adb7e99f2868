//! A hundred thousand generated targets against servers of five kinds.
use std::net::{IpAddr, Ipv4Addr};

use doorcode::app::{APP_KINDS, AppKind};
use doorcode::domain::Role;
use doorcode::gate::{
    Caller, Decision, Hsts, IdentityMapping, PathPattern, Principal, RouteMatch, Rule, Site,
    SiteMap, SiteRequest, SiteUrl, Upstream, UpstreamOptions, decide, readings,
};
use doorcode::oauth::Issuer;
use http::Method;

use super::caller::signed_in;
use crate::support::targets::{Targets, is_below};

const MANY: usize = 100_000;
const HOST: &str = "a.example";

/// A map of one site with one rule; the rest of the site needs a login.
fn map(path: &str, who: &Principal, ignore_case: bool) -> SiteMap {
    let rule = |path: &str, who| Rule {
        path: PathPattern::parse(path).unwrap(),
        methods: Vec::new(),
        allow: vec![who],
        from: Vec::new(),
        fresh: None,
    };
    let mut rules = vec![rule(path, who.clone())];
    if matches!(who, Principal::Role(_)) {
        rules.push(rule("/*", Principal::Public));
    }
    let site = Site {
        framed_by: doorcode::gate::FramedBy::default(),
        name: "Shop".to_owned(),
        url: SiteUrl::parse("https://a.example").unwrap(),
        upstreams: vec![Upstream::Demo],
        identity: IdentityMapping::default(),
        upstream_options: UpstreamOptions::default(),
        allowed_origins: Vec::new(),
        hsts: Hsts::Off,
        client_roots: None,
        personal_access_tokens: false,
        ignore_case,
        mode: doorcode::gate::RuleMode::Enforce,
        rules,
    };
    let issuer = Issuer::parse("https://auth.example", "/.doorcode").unwrap();
    SiteMap::new(issuer, "/.doorcode".to_owned(), vec![site])
}

/// Whether the target goes on to the app.
fn passes(map: &SiteMap, target: &str, caller: &Caller) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    let Ok(readings) = readings(path) else { return false };
    let RouteMatch::Site { index, .. } = map.locate(HOST, &readings) else { return false };
    assert_eq!(readings.iter().next(), Some(path), "what is judged is what is sent");
    let (site, client) = (&map.sites()[index], IpAddr::V4(Ipv4Addr::LOCALHOST));
    let asked = SiteRequest { site, method: &Method::GET, readings: &readings, client };
    decide(&asked, caller) == Decision::Forward
}

#[test]
fn no_server_reaches_by_a_generated_target_what_a_rule_refuses() {
    let admin = Principal::Role(Role::parse("admin").unwrap());
    let bob = signed_in("+447400123456", &["staff"]);
    let stranger = Caller::Nobody;
    let mut passed = [0; 3];
    for ignore_case in [false, true] {
        let public = map("/public/*", &Principal::Public, ignore_case);
        let guarded = map("/admin/*", &admin, ignore_case);
        for target in Targets::new().take(MANY) {
            let found = [
                passes(&public, &target, &stranger),
                passes(&guarded, &target, &stranger),
                passes(&guarded, &target, &bob),
            ];
            // Where case counts, an app that does not count it is the operator's mistake.
            let kinds =
                APP_KINDS.into_iter().filter(|kind| ignore_case || *kind != AppKind::CaseFolding);
            for kind in kinds {
                let path = kind.path(&target);
                let path = if ignore_case { path.to_lowercase() } else { path };
                let said = format!("{kind:?} reads {target} as {path}");
                assert!(!found[0] || is_below(&path, "/public"), "{said}");
                assert!(!(found[1] || found[2]) || !is_below(&path, "/admin"), "{said}");
                let own = is_below(&path, "/.doorcode");
                assert!(found == [false; 3] || !own, "{said}, which is ours");
            }
            for (count, passed) in passed.iter_mut().zip(found) {
                *count += usize::from(passed);
            }
        }
    }
    // A gate that refuses everything would hold all of the above.
    assert!(passed.iter().all(|passed| *passed > MANY / 10), "{passed:?} of {MANY} twice");
}
