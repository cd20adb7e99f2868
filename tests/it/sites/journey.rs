use std::sync::Arc;

use crate::support::browser::{Browser, between, code_in, flow_of};
use crate::support::gate::Gate;
use crate::support::http::Answer;

/// One person's browser, which goes from host to host.
pub(super) struct Journey<'g> {
    gate: &'g Gate,
    issuer: String,
    hosts: Vec<Browser>,
}

impl<'g> Journey<'g> {
    /// `issuer`: the origin of the login pages.
    pub(super) fn new(gate: &'g Gate, issuer: &str) -> Self {
        Self { gate, issuer: issuer.to_owned(), hosts: Vec::new() }
    }

    /// This browser at an origin.
    pub(super) fn at(&mut self, origin: &str) -> &mut Browser {
        let known = self.hosts.iter().position(|browser| browser.origin() == origin);
        let place = known.unwrap_or_else(|| {
            let clock = Arc::clone(&self.gate.clock);
            self.hosts.push(Browser::new(origin, self.gate.port, clock));
            self.hosts.len() - 1
        });
        &mut self.hosts[place]
    }

    /// Goes to a URL and follows redirects, to whatever host: the last origin and answer.
    pub(super) fn visit(&mut self, url: &str) -> (String, Answer) {
        let answer = self.get(url);
        self.follow(&origin_of(url), answer)
    }

    fn get(&mut self, url: &str) -> Answer {
        let origin = origin_of(url);
        let target = url.strip_prefix(&origin).expect("a target").to_owned();
        self.at(&origin).get(&target)
    }

    fn follow(&mut self, origin: &str, mut answer: Answer) -> (String, Answer) {
        let mut origin = origin.to_owned();
        for _ in 0..12 {
            if !(300..400).contains(&answer.status) {
                return (origin, answer);
            }
            let location = answer.location();
            let next = if location.starts_with('/') {
                format!("{origin}{location}")
            } else {
                location.to_owned()
            };
            origin = origin_of(&next);
            answer = self.get(&next);
        }
        panic!("redirects without end: {answer}");
    }

    /// Asks for a page, and signs in on the way.
    pub(super) fn sign_in(&mut self, url: &str, phone: &str) -> (String, Answer) {
        let issuer = self.issuer.clone();
        let before = self.gate.texts.messages().len();
        let (at, number) = self.visit(url);
        assert_eq!(at, issuer, "the login pages are there only");
        let number = number.is(200).says("name=\"phone\"");
        let form = [("flow", &*flow_of(&number)), ("phone", phone)];
        let answer = self.at(&issuer).post("/login", &form);
        let (_, page) = self.follow(&issuer, answer);
        let code = code_in(&self.gate.texts.text(before + 1).body);
        let form = [("flow", &*flow_of(&page)), ("code", &*code)];
        let answer = self.at(&issuer).post("/code", &form).is(303);
        let (_, done) = self.follow(&issuer, answer);
        let resume = between(&done.text(), "content=\"0;url=", "\"").replace("&amp;", "&");
        self.visit(&format!("{issuer}{resume}"))
    }
}

fn origin_of(url: &str) -> String {
    url::Url::parse(url).expect("a URL").origin().ascii_serialization()
}
