//! A judge of fifty lines, written from the documents, which agrees with the gate, with proxies that ask
//! it, and with what `doorcode explain` says.
use std::net::IpAddr;
use std::time::Duration;

use doorcode::gate::{
    Caller, Decision, PathPattern, Principal, Rule, SiteMap, SiteRequest, decide, readings,
};
use doorcode::oauth::Issuer;
use doorcode::proxy::{ExplainedRequest, Explanation, explain};
use http::Method;

use super::caller::signed_in;
use super::decide::{INSIDE, OUTSIDE, role, site};

const TEN_MINUTES: Duration = Duration::from_mins(10);

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Pass,
    /// Only after a recent login.
    Again,
    SignIn,
    No,
}

#[derive(Clone, Debug)]
pub(crate) struct PlainRule {
    pub(crate) path: String,
    pub(crate) methods: Vec<&'static str>,
    pub(crate) allow: &'static str,
    pub(crate) only_inside: bool,
    /// Within ten minutes.
    pub(crate) fresh: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Plain {
    pub(crate) path: String,
    pub(crate) method: &'static str,
    pub(crate) inside: bool,
    /// `None`: nobody; else their role.
    pub(crate) who: Option<&'static str>,
    /// Whether they logged in an hour ago.
    pub(crate) is_old: bool,
}

/// Segment by segment; `*` is any one, and at the end all that is left.
fn fits(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], []) | (["*"], _) => true,
        ([one, pattern @ ..], [other, path @ ..]) => {
            (*one == "*" || one == other) && fits(pattern, path)
        }
        _ => false,
    }
}

/// The number of the first rule for a path.
fn first(rules: &[PlainRule], asked: &Plain, path: &str) -> Option<usize> {
    let path: Vec<&str> = path.split('/').collect();
    rules.iter().position(|rule| {
        (rule.methods.is_empty() || rule.methods.contains(&asked.method))
            && fits(&rule.path.split('/').collect::<Vec<_>>(), &path)
    })
}

fn judge_path(rules: &[PlainRule], asked: &Plain, path: &str) -> Verdict {
    let first = first(rules, asked, path).map(|n| &rules[n]);
    let allow = first.map_or("signed-in", |rule| rule.allow);
    if first.is_some_and(|rule| rule.only_inside && !asked.inside) {
        return Verdict::No;
    }
    match (allow, asked.who) {
        ("public" | "optional", _) => Verdict::Pass,
        (_, None) => Verdict::SignIn,
        (allow, Some(own)) if allow != "signed-in" && allow != format!("role:{own}") => Verdict::No,
        _ if asked.is_old && first.is_some_and(|rule| rule.fresh) => Verdict::Again,
        _ => Verdict::Pass,
    }
}

/// The worst for the path as it is and without a slash at its end, which some apps take for the same.
pub(crate) fn judge(rules: &[PlainRule], asked: &Plain) -> Verdict {
    let bare = asked.path.trim_end_matches('/');
    let bare = if bare.is_empty() { "/" } else { bare };
    judge_path(rules, asked, &asked.path).max(judge_path(rules, asked, bare))
}

/// A source of numbers that is the same in each run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        // Xorshift (Marsaglia, 2003).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn path(&mut self, segments: &[&str]) -> String {
        let count = self.below(4);
        let picked: Vec<&str> = (0..count).map(|_| self.one(segments)).collect();
        if picked.is_empty() { String::new() } else { format!("/{}", picked.join("/")) }
    }

    pub(crate) fn rules(&mut self) -> Vec<PlainRule> {
        let allowed = ["public", "optional", "signed-in", "role:staff", "role:admin"];
        let methods = [&[][..], &[], &["GET"], &["POST", "PUT"], &["DELETE"]];
        let count = self.below(6);
        let rule = |dice: &mut Self| {
            let end = dice.one(&["", "/*", "/*", "/x"]);
            let path = format!("{}{end}", dice.path(&["a", "b", "*", "x"]));
            let allow = dice.one(&allowed);
            PlainRule {
                path: if path.is_empty() { "/".to_owned() } else { path },
                methods: dice.one(&methods).to_vec(),
                allow,
                only_inside: dice.below(6) == 0,
                fresh: !["public", "optional"].contains(&allow) && dice.below(3) == 0,
            }
        };
        (0..count).map(|_| rule(self)).collect()
    }

    pub(crate) fn asked(&mut self) -> Plain {
        let end = self.one(&["", "", "/", "/x"]);
        let path = format!("{}{end}", self.path(&["a", "b", "x", "long"]));
        Plain {
            path: if path.is_empty() { "/".to_owned() } else { path },
            method: self.one(&["GET", "POST", "PUT", "DELETE", "PROPFIND"]),
            inside: self.below(2) == 0,
            who: self.one(&[None, Some("staff"), Some("other")]),
            is_old: self.below(2) == 0,
        }
    }
}

fn real(rule: &PlainRule) -> Rule {
    let allow = match rule.allow {
        "public" => Principal::Public,
        "optional" => Principal::Optional,
        "signed-in" => Principal::SignedIn,
        name => role(name.strip_prefix("role:").unwrap()),
    };
    Rule {
        path: PathPattern::parse(&rule.path).unwrap_or_else(|_| panic!("{}", rule.path)),
        methods: rule.methods.iter().map(|method| method.parse::<Method>().unwrap()).collect(),
        allow: vec![allow],
        from: if rule.only_inside { vec!["10.0.0.0/8".parse().unwrap()] } else { Vec::new() },
        fresh: rule.fresh.then_some(TEN_MINUTES),
    }
}

fn verdict(decision: Decision, is_old: bool) -> Verdict {
    match decision {
        Decision::Forward => Verdict::Pass,
        Decision::ForwardIfFresh(max_age) => {
            assert_eq!(max_age, TEN_MINUTES);
            if is_old { Verdict::Again } else { Verdict::Pass }
        }
        Decision::SignIn => Verdict::SignIn,
        Decision::Refuse(_) => Verdict::No,
    }
}

/// `explain` says the same, of each reading and of all together.
fn compare(
    map: &SiteMap,
    rules: &[PlainRule],
    asked: &Plain,
    request: &SiteRequest<'_>,
    caller: &Caller,
) {
    let explained = ExplainedRequest {
        method: request.method,
        host: "a.example",
        target: &asked.path,
        client: request.client,
        caller: caller.judged(),
    };
    let Explanation::Site(explained) = explain(map, &explained) else { panic!("{asked:?}") };
    let expected = judge(rules, asked);
    assert_eq!(verdict(explained.decision, asked.is_old), expected, "{rules:#?} {asked:?}");
    let of_new = judge(rules, &Plain { is_old: false, ..asked.clone() });
    assert_eq!(explained.is_forwarded(), of_new == Verdict::Pass, "{rules:#?} {asked:?}");
    let bare = asked.path.trim_end_matches('/');
    let paths: Vec<&str> = explained.judgements.iter().map(|one| &*one.path).collect();
    let bare = if bare.is_empty() { "/" } else { bare };
    let both: &[&str] = if bare == asked.path { &[bare] } else { &[&asked.path, bare] };
    assert_eq!(paths, both, "{asked:?}");
    for one in &explained.judgements {
        assert_eq!(one.rule, first(rules, asked, &one.path), "{rules:#?} {asked:?} {one:?}");
        let own = judge_path(rules, asked, &one.path);
        assert_eq!(verdict(one.decision, asked.is_old), own, "{rules:#?} {asked:?} {one:?}");
    }
}

#[test]
fn a_hundred_thousand_requests_are_judged_as_the_documents_say() {
    let people = ["staff", "other"].map(|role| (role, signed_in("+447400123456", &[role])));
    let mut dice = Dice(2_463_534_242);
    let mut seen = [0_usize; 4];
    for _ in 0..20_000 {
        let rules = dice.rules();
        let site = site("https://a.example", rules.iter().map(real).collect());
        let issuer = Issuer::parse("https://login.example", "/.doorcode").unwrap();
        let map = SiteMap::new(issuer, "/.doorcode".to_owned(), vec![site.clone()]);
        for _ in 0..5 {
            let asked = dice.asked();
            let expected = judge(&rules, &asked);
            let caller = asked.who.map_or(Caller::Nobody, |who| {
                people.iter().find(|(role, _)| *role == who).unwrap().1.clone()
            });
            let client: IpAddr = if asked.inside { INSIDE } else { OUTSIDE }.parse().unwrap();
            let method: Method = asked.method.parse().unwrap();
            let readings = readings(&asked.path).unwrap();
            let request = SiteRequest { site: &site, method: &method, readings: &readings, client };
            let judged = verdict(decide(&request, &caller), asked.is_old);
            compare(&map, &rules, &asked, &request, &caller);
            assert_eq!(judged, expected, "{rules:#?} {asked:?}");
            seen[judged as usize] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count > 500), "one-sided: {seen:?}");
}
