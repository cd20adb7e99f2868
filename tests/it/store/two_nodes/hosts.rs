//! A site on another host than the login.
use super::{Nodes, Unusual};
use crate::support::browser::{Browser, between, code_in, flow_of};
use crate::support::http::{Answer, exchange};
use crate::support::settings::ADA;

const ISSUER: &str = "http://auth.localhost:8087";
const WIKI: &str = "http://wiki.localhost:8087";
/// A site whose app is not there: who is told so was let in.
const SITE: (&str, &str) = (
    "[[site]]\nname = \"Shop\"\n",
    r#"[[site]]
name = "Wiki"
url = "http://wiki.localhost:8087"
upstreams = ["127.0.0.1:1"]
[[site]]
name = "Shop"
"#,
);

/// The login pages are at the origin of another site.
const SHARED: (&str, &str) = ("[server]\n", "[server]\nunsafe_shared_origin = true\n");
const UNUSUAL: Unusual<'_> = Unusual { origin: Some(ISSUER), changes: &[SITE, SHARED] };

/// One browser that goes to both hosts, each of its requests to the other node.
#[derive(Clone)]
struct Journey {
    /// Its cookies of the issuer and of the wiki.
    hosts: [Browser; 2],
    ports: [u16; 2],
    turn: usize,
    /// Where the last request went.
    at: usize,
    /// Every address that it was led to.
    seen: Vec<String>,
}

impl Journey {
    fn new(nodes: &Nodes) -> Self {
        let clock = nodes.first().clock.clone();
        let hosts = [ISSUER, WIKI].map(|origin| Browser::new(origin, 0, clock.clone()));
        Self { hosts, ports: nodes.ports(), turn: 0, at: 0, seen: Vec::new() }
    }

    fn host(&mut self) -> &mut Browser {
        let host = &mut self.hosts[self.at];
        host.go_by(self.ports[self.turn % 2]);
        self.turn += 1;
        host
    }

    fn get(&mut self, url: &str) -> Answer {
        let hosts = [ISSUER, WIKI].map(|origin| url.strip_prefix(origin));
        let named = hosts.iter().position(Option::is_some);
        self.at = named.unwrap_or(self.at);
        let target = hosts[self.at].unwrap_or(url).to_owned();
        self.host().get(&target)
    }

    fn follow(&mut self, mut answer: Answer) -> Answer {
        while answer.status == 303 {
            let to = answer.location().to_owned();
            assert!(self.seen.len() < 30, "round and round: {:?}", self.seen);
            self.seen.push(to.clone());
            answer = self.get(&to);
        }
        answer
    }

    fn visit(&mut self, url: &str) -> Answer {
        let answer = self.get(url);
        self.follow(answer)
    }

    fn post(&mut self, target: &str, page: &Answer, field: (&str, &str)) -> Answer {
        let flow = flow_of(page);
        let answer = self.host().post(target, &[("flow", &flow), field]);
        self.follow(answer)
    }
}

#[test]
fn every_hop_to_a_site_on_another_host_may_be_on_the_other_node() {
    Nodes::each_with(UNUSUAL, |nodes| {
        let mut me = Journey::new(nodes);
        let number = me.visit(&format!("{WIKI}/pages/7?a=b")).is(200).says("name=\"phone\"");
        let page = me.post("/.doorcode/login", &number, ("phone", ADA)).is(200);
        let code = code_in(&nodes.first().texts.text(1).body);
        let done = me.post("/.doorcode/code", &page, ("code", &code)).is(200);
        let resume = between(&done.text(), "content=\"0;url=", "\"").to_owned();
        me.visit(&resume).is(502);
        assert!(me.seen.last().is_some_and(|url| url.ends_with("/pages/7?a=b")), "{:?}", me.seen);
        for _ in nodes.ports() {
            me.get(&format!("{WIKI}/pages/8")).is(502);
        }
        assert_eq!(nodes.first().texts.messages().len(), 1);
        me.get(&format!("{ISSUER}/.doorcode/account")).is(200);
    });
}

#[test]
fn a_ticket_that_is_handed_in_on_both_nodes_at_once_works_once() {
    Nodes::each_with(UNUSUAL, |nodes| {
        let mut me = Journey::new(nodes);
        let number = me.visit(&format!("{ISSUER}/orders")).is(200);
        let page = me.post("/.doorcode/login", &number, ("phone", ADA)).is(200);
        let code = code_in(&nodes.first().texts.text(1).body);
        me.post("/.doorcode/code", &page, ("code", &code)).is(200);
        // As far as the redirect with the ticket.
        let mut answer = me.get(&format!("{WIKI}/pages/1"));
        while !answer.location().contains("/.doorcode/callback?") {
            let to = answer.location().to_owned();
            answer = me.get(&to);
        }
        let target = answer.location().strip_prefix(WIKI).expect("at the wiki").to_owned();
        let request = me.hosts[1].request("GET", &target, &[], None);
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let ask = |n: usize| {
                let (port, request) = (nodes.ports()[n % 2], &request);
                scope.spawn(move || exchange(port, request))
            };
            let asked: Vec<_> = (0..20).map(ask).collect();
            asked.into_iter().map(|asked| asked.join().expect("an answer")).collect()
        });
        let sessions = answers.iter().filter(|answer| {
            answer.all("set-cookie").iter().any(|cookie| cookie.starts_with("doorcode="))
        });
        assert_eq!(sessions.count(), 1, "{answers:?}");
    });
}
