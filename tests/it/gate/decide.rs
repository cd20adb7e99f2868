use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::{ClientId, Country, PhoneNumber, Role, Scope};
use doorcode::gate::{
    Bearer, Caller, CallerNeed, Decision, DenialReason, Hsts, IdentityMapping, PathPattern,
    Principal, Rule, Site, SiteRequest, SiteUrl, Upstream, UpstreamOptions, caller_need, decide,
    readings,
};
use doorcode::oauth::{Subject, VerifiedAccessToken};
use doorcode::system::Timestamp;
use http::Method;
use proptest::prelude::*;

use super::caller::signed_in;
use super::upstream::{all_paths, targets};

const BRITISH: &str = "+447400123456";
pub(super) const INSIDE: &str = "10.1.2.3";
pub(super) const OUTSIDE: &str = "203.0.113.9";

pub(super) fn site(url: &str, rules: Vec<Rule>) -> Site {
    Site {
        name: "Shop".to_owned(),
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
        rules,
    }
}

fn rule(path: &str, allow: &[Principal]) -> Rule {
    let path = PathPattern::parse(path).unwrap();
    Rule { path, methods: Vec::new(), allow: allow.to_vec(), from: Vec::new(), fresh: None }
}

pub(super) fn role(name: &str) -> Principal {
    Principal::Role(Role::parse(name).unwrap())
}

/// A client, by a token of its own.
fn own_token(client: &str) -> Caller {
    let access = VerifiedAccessToken {
        subject: Subject::Client,
        session: None,
        grant: None,
        client: ClientId::parse(client).unwrap(),
        audiences: vec!["https://a.example".to_owned()],
        scope: Scope::default(),
        expires: Timestamp::from_millis(i64::MAX),
    };
    Caller::Token(Bearer { access: Arc::new(access), person: None })
}

/// What becomes of a GET of `path` from `ip`.
fn judged(site: &Site, path: &str, ip: &str, caller: &Caller) -> Decision {
    let readings = readings(path).unwrap();
    let client = ip.parse().unwrap();
    decide(&SiteRequest { site, method: &Method::GET, readings: &readings, client }, caller)
}

#[test]
fn who_passes_which_rule() {
    let person = signed_in(BRITISH, &["staff"]);
    let phone = |text| Principal::Phone(PhoneNumber::parse(text, None).unwrap());
    let country = |text| Principal::Country(Country::parse(text).unwrap());
    let not_allowed = Decision::Refuse(DenialReason::NotAllowed);
    for (allow, nobody, somebody) in [
        (vec![Principal::Public], Decision::Forward, Decision::Forward),
        (vec![Principal::Optional], Decision::Forward, Decision::Forward),
        (vec![Principal::SignedIn], Decision::SignIn, Decision::Forward),
        (vec![role("staff")], Decision::SignIn, Decision::Forward),
        (vec![role("admin")], Decision::SignIn, not_allowed),
        (vec![role("STAFF")], Decision::SignIn, not_allowed),
        (vec![role("admin"), role("staff")], Decision::SignIn, Decision::Forward),
        (vec![phone(BRITISH)], Decision::SignIn, Decision::Forward),
        (vec![phone("+447400123457")], Decision::SignIn, not_allowed),
        (vec![country("GB")], Decision::SignIn, Decision::Forward),
        // The same calling code, another country.
        (vec![country("JE")], Decision::SignIn, not_allowed),
        (vec![], Decision::SignIn, not_allowed),
    ] {
        let site = site("https://a.example", vec![rule("/x", &allow)]);
        assert_eq!(judged(&site, "/x", OUTSIDE, &Caller::Nobody), nobody, "{allow:?}");
        assert_eq!(judged(&site, "/x", OUTSIDE, &person), somebody, "{allow:?}");
    }
}

#[test]
fn a_client_passes_by_its_own_id_and_by_no_likeness_of_it() {
    let client = |id| Principal::Client(ClientId::parse(id).unwrap());
    let not_allowed = Decision::Refuse(DenialReason::NotAllowed);
    for (allow, decision) in [
        (vec![client("spa")], Decision::Forward),
        (vec![role("admin"), client("spa")], Decision::Forward),
        (vec![client("SPA")], not_allowed),
        (vec![client("spa2"), client("sp")], not_allowed),
        (vec![Principal::SignedIn], not_allowed),
    ] {
        let site = site("https://a.example", vec![rule("/x", &allow)]);
        assert_eq!(judged(&site, "/x", OUTSIDE, &own_token("spa")), decision, "{allow:?}");
        let person = signed_in(BRITISH, &["staff"]);
        let persons = if allow == [Principal::SignedIn] { Decision::Forward } else { not_allowed };
        assert_eq!(judged(&site, "/x", OUTSIDE, &person), persons, "{allow:?}");
    }
}

#[test]
fn without_a_rule_somebody_must_be_signed_in() {
    let site = site("https://a.example", vec![rule("/public/*", &[Principal::Public])]);
    let person = signed_in(BRITISH, &[]);
    for path in ["/", "/publicity", "/Public/x", "/x/public/y"] {
        assert_eq!(judged(&site, path, OUTSIDE, &Caller::Nobody), Decision::SignIn, "{path}");
        assert_eq!(judged(&site, path, OUTSIDE, &person), Decision::Forward, "{path}");
    }
    for path in ["/public", "/public/", "/public/x/y"] {
        assert_eq!(judged(&site, path, OUTSIDE, &Caller::Nobody), Decision::Forward, "{path}");
    }
}

#[test]
fn of_all_readings_the_one_that_asks_for_the_latest_login_decides() {
    let fresh = |path, minutes| {
        let fresh = Some(Duration::from_mins(minutes));
        Rule { fresh, ..rule(path, &[Principal::SignedIn]) }
    };
    let person = signed_in(BRITISH, &[]);
    for rules in [
        vec![fresh("/a/pay", 5), fresh("/*", 60)],
        vec![fresh("/a/pay", 60), fresh("/*", 5)],
        vec![fresh("/a/pay", 5)],
    ] {
        let site = site("https://a.example", rules);
        let decision = judged(&site, "/a//pay", OUTSIDE, &person);
        assert_eq!(decision, Decision::ForwardIfFresh(Duration::from_mins(5)));
    }
}

#[test]
fn an_open_rule_does_not_open_what_is_written_in_its_disguise() {
    let rules = vec![rule("/admin/*", &[role("admin")]), rule("/*", &[Principal::Public])];
    let site = site("https://a.example/shop", rules);
    for path in [
        "/shop/admin",
        "/shop/admin/",
        "/shop//admin",
        "/shop/%61dmin",
        "/shop/%2561dmin/x",
        "/shop/admin;x",
        "/shop/;/admin",
        "/shop;x/admin",
        "/shop/admin%3bx",
        "/shop/admin%253bx",
        "/shop/;x/%61dmin%3b/",
        "/shop//admin//",
    ] {
        assert_eq!(judged(&site, path, OUTSIDE, &Caller::Nobody), Decision::SignIn, "{path}");
    }
    assert_eq!(judged(&site, "/shop/administration", OUTSIDE, &Caller::Nobody), Decision::Forward);
}

#[test]
fn a_network_is_a_further_condition_and_never_a_pass() {
    let mut staff = rule("/staff", &[Principal::SignedIn]);
    staff.from = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
    let site = site("https://a.example", vec![staff]);
    let person = signed_in(BRITISH, &[]);
    let refused = Decision::Refuse(DenialReason::Network);
    assert_eq!(judged(&site, "/staff", INSIDE, &Caller::Nobody), Decision::SignIn);
    assert_eq!(judged(&site, "/staff", INSIDE, &person), Decision::Forward);
    assert_eq!(judged(&site, "/staff", "fd00::1", &person), Decision::Forward);
    assert_eq!(judged(&site, "/staff", OUTSIDE, &person), refused);
    assert_eq!(judged(&site, "/staff", OUTSIDE, &Caller::Nobody), refused);
    assert_eq!(judged(&site, "/staff", "::1", &person), refused);
}

#[test]
fn a_session_is_looked_for_unless_every_reading_is_public() {
    let rules = vec![
        rule("/open/private", &[Principal::SignedIn]),
        rule("/open/told", &[Principal::Optional]),
        rule("/open/*", &[Principal::Public]),
    ];
    let site = site("https://a.example", rules);
    for (path, expected) in [
        ("/open/x", CallerNeed::Nobody),
        ("/open//x;y", CallerNeed::Nobody),
        ("/open/told", CallerNeed::Caller),
        ("/open/private", CallerNeed::Caller),
        ("/open/%70rivate", CallerNeed::Caller),
        ("/", CallerNeed::Caller),
    ] {
        let readings = readings(path).unwrap();
        let client = OUTSIDE.parse().unwrap();
        let asked = SiteRequest { site: &site, method: &Method::GET, readings: &readings, client };
        assert_eq!(caller_need(&asked), expected, "{path}");
    }
}

/// A rule as plain data, for the evaluator below.
#[derive(Clone, Debug)]
struct Plain {
    path: &'static str,
    methods: Vec<Method>,
    allow: Vec<Principal>,
    inside_only: bool,
}

impl Plain {
    fn rule(&self) -> Rule {
        let from = if self.inside_only { vec!["10.0.0.0/8".parse().unwrap()] } else { Vec::new() };
        Rule { methods: self.methods.clone(), from, ..rule(self.path, &self.allow) }
    }

    fn names(&self, path: &str, method: &Method) -> bool {
        let below = |folder: &str| path.starts_with(folder) || format!("{path}/") == folder;
        let path_fits = path == self.path || self.path.strip_suffix('*').is_some_and(below);
        path_fits && (self.methods.is_empty() || self.methods.contains(method))
    }
}

/// Whether these rules, asked about just this path, let the caller through, who is nobody or
/// has one role.
fn lets_pass(
    rules: &[Plain],
    path: &str,
    method: &Method,
    inside: bool,
    caller: Option<&str>,
) -> bool {
    let Some(first) = rules.iter().find(|rule| rule.names(path, method)) else {
        return caller.is_some();
    };
    let admits = |who: &Principal| match who {
        Principal::Public | Principal::Optional => true,
        Principal::SignedIn => caller.is_some(),
        Principal::Role(wanted) => caller == Some(wanted.as_str()),
        Principal::Phone(_) | Principal::Country(_) | Principal::Client(_) => {
            unreachable!("not among the rules made here")
        }
    };
    (inside || !first.inside_only) && first.allow.iter().any(admits)
}

fn plain_rules() -> impl Strategy<Value = Vec<Plain>> {
    const PATHS: &[&str] = &[
        "/",
        "/*",
        "/a",
        "/a/",
        "/a/*",
        "/b",
        "/a/b",
        "/a/b/*",
        "/b/a/*",
        "/admin",
        "/admin/*",
        "/a/admin/*",
        "/a/a/*",
        "/a/b/c",
        "/ab/*",
        "/c/*",
    ];
    let methods = prop_oneof![
        4 => Just(vec![]),
        1 => Just(vec![Method::GET]),
        1 => Just(vec![Method::POST, Method::PUT]),
    ];
    let who = prop_oneof![
        3 => Just(Principal::Public),
        1 => Just(Principal::Optional),
        2 => Just(Principal::SignedIn),
        2 => Just(role("admin")),
    ];
    let rule = (
        prop::sample::select(PATHS),
        methods,
        prop::collection::vec(who, 1..3),
        prop::bool::weighted(0.2),
    );
    let rule = rule.prop_map(|(path, methods, allow, inside_only)| Plain {
        path,
        methods,
        allow,
        inside_only,
    });
    prop::collection::vec(rule, 0..6)
}

#[test]
fn what_any_upstream_would_read_as_refused_is_not_forwarded() {
    let callers = [
        (None, Caller::Nobody),
        // A client that acts for itself may no more than anybody, where no rule names it.
        (None, own_token("spa")),
        (Some("staff"), signed_in(BRITISH, &["staff"])),
        (Some("admin"), signed_in(BRITISH, &["admin"])),
    ];
    let given = (plain_rules(), targets(), prop::bool::ANY, prop::bool::ANY);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(2_000)
    });
    let result = runner.run(&given, |(plain, target, inside, posts)| {
        let Ok(readings) = readings(&target) else { return Ok(()) };
        let site = site("https://a.example", plain.iter().map(Plain::rule).collect());
        let client: IpAddr = if inside { INSIDE } else { OUTSIDE }.parse().unwrap();
        let method = if posts { Method::POST } else { Method::GET };
        let asked = SiteRequest { site: &site, method: &method, readings: &readings, client };
        for (roles, caller) in &callers {
            let forwarded = decide(&asked, caller) == Decision::Forward;
            let passes = |path: &str| lets_pass(&plain, path, &method, inside, *roles);
            for path in all_paths(&target) {
                prop_assert!(!forwarded || passes(&path), "{:?} let {:?} pass", path, roles);
            }
            // Nothing else is refused: all readings let it pass, so it passes.
            prop_assert_eq!(forwarded, readings.iter().all(passes));
            if caller_need(&asked) == CallerNeed::Nobody {
                let other = decide(&asked, &Caller::Nobody) == Decision::Forward;
                prop_assert_eq!(forwarded, other, "who calls matters after all");
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
