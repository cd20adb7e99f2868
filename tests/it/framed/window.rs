use std::time::Duration;

use doorcode::system::{Clock as _, Timestamp};
use url::Url;

use crate::support::browser::{Line, between, code_in, flow_of};
use crate::support::gate::Gate;
use crate::support::http::{Answer, exchange};

/// Where a browser shows pages, which decides what it does with cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A window of its own.
    Window,
    /// A frame in a page of another site: only cookies that are `SameSite=None; Secure; Partitioned`
    /// exist, and no others of this place.
    Frame,
    /// A frame in a page of the same site: both kinds exist.
    FrameOfSameSite,
}

#[derive(Clone)]
struct Kept {
    host: String,
    name: String,
    value: String,
    is_partitioned: bool,
    end: Option<Timestamp>,
}

/// A browser with an empty jar, at one place.
#[derive(Clone)]
pub(super) struct Window<'g> {
    gate: &'g Gate,
    pub(super) place: Place,
    jar: Vec<Kept>,
    /// Every `Set-Cookie` that came: the host and the line, whether it was kept or not.
    pub(super) lines: Vec<(String, String)>,
    /// The paths that were asked for.
    pub(super) journey: Vec<String>,
}

pub(super) struct Shown {
    pub(super) at: Url,
    pub(super) answer: Answer,
}

impl Shown {
    /// A page of ours beside this one.
    fn next(&self, name: &str) -> Url {
        self.at.join(name).expect("a URL")
    }
}

impl<'g> Window<'g> {
    pub(super) fn new(gate: &'g Gate, place: Place) -> Self {
        Self { gate, place, jar: Vec::new(), lines: Vec::new(), journey: Vec::new() }
    }

    /// One request; no redirect is followed. Lines replace the browser's own; an empty one leaves it out.
    pub(super) fn send(
        &mut self,
        method: &str,
        url: &str,
        lines: &[Line<'_>],
        form: Option<&[Line<'_>]>,
    ) -> Shown {
        let at = Url::parse(url).expect("a URL");
        self.journey.push(at.path().to_owned());
        let bytes = self.request(method, &at, lines, form);
        let answer = exchange(self.gate.port, &bytes);
        let host = at.host_str().expect("a host").to_owned();
        for line in answer.all("set-cookie") {
            self.lines.push((host.clone(), line.to_owned()));
            self.keep(&host, line);
        }
        Shown { at, answer }
    }

    fn request(
        &self,
        method: &str,
        at: &Url,
        lines: &[Line<'_>],
        form: Option<&[Line<'_>]>,
    ) -> Vec<u8> {
        let body = form.map(|form| {
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
        });
        let host = at.host_str().expect("a host");
        let now = self.gate.clock.now();
        let sent: Vec<_> = self
            .jar
            .iter()
            .filter(|kept| kept.host == host && kept.end.is_none_or(|end| now < end))
            .map(|kept| format!("{}={}", kept.name, kept.value))
            .collect();
        let dest = if self.place == Place::Window { "document" } else { "iframe" };
        let origin = at.origin().ascii_serialization();
        let (cookies, length) =
            (sent.join("; "), body.as_deref().unwrap_or_default().len().to_string());
        let mut own = vec![
            ("Accept", "text/html,*/*;q=0.8"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Site", if body.is_some() { "same-origin" } else { "cross-site" }),
            ("Sec-Fetch-Dest", dest),
            ("Cookie", cookies.as_str()),
        ];
        if body.is_some() {
            own.extend([
                ("Origin", origin.as_str()),
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Content-Length", length.as_str()),
            ]);
        }
        own.retain(|(name, _)| !lines.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)));
        own.extend(lines);
        let target = &at[url::Position::BeforePath..url::Position::AfterQuery];
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
        for (name, value) in own.iter().filter(|(_, value)| !value.is_empty()) {
            head.extend([name, ": ", value, "\r\n"]);
        }
        format!("{head}\r\n{}", body.unwrap_or_default()).into_bytes()
    }

    fn keep(&mut self, host: &str, line: &str) {
        let cookie = cookie::Cookie::parse(line.to_owned()).expect("a cookie");
        let is_partitioned = line.ends_with("; Secure; HttpOnly; SameSite=None; Partitioned");
        if self.place == Place::Frame && !is_partitioned {
            return;
        }
        let (name, value) = cookie.name_value();
        let age = cookie.max_age().map(|age| age.whole_seconds().unsigned_abs());
        let end = age.map(|age| self.gate.clock.now() + Duration::from_secs(age));
        self.jar.retain(|kept| {
            (kept.host.as_str(), kept.name.as_str(), kept.is_partitioned)
                != (host, name, is_partitioned)
        });
        let (host, name, value) = (host.to_owned(), name.to_owned(), value.to_owned());
        self.jar.push(Kept { host, name, value, is_partitioned, end });
    }

    pub(super) fn get(&mut self, url: &str) -> Shown {
        self.send("GET", url, &[], None)
    }

    pub(super) fn visit(&mut self, url: &str) -> Shown {
        let shown = self.get(url);
        self.follow(shown)
    }

    pub(super) fn post(&mut self, url: &str, form: &[Line<'_>]) -> Shown {
        let shown = self.send("POST", url, &[], Some(form));
        self.follow(shown)
    }

    pub(super) fn follow(&mut self, mut shown: Shown) -> Shown {
        for _ in 0..12 {
            if !(300..400).contains(&shown.answer.status) {
                return shown;
            }
            let next = shown.at.join(shown.answer.location()).expect("a URL");
            shown = self.get(next.as_str());
        }
        panic!("redirects without end: {}", shown.answer);
    }

    /// On the page that asks for a number: to the one that asks for the code.
    pub(super) fn give_number(&mut self, page: &Shown, phone: &str) -> Shown {
        let flow = flow_of(&page.answer);
        self.post(page.next("login").as_str(), &[("flow", &flow), ("phone", phone)])
    }

    /// On the page that asks for the code: to the last page of the login.
    pub(super) fn give_code(&mut self, page: &Shown) -> Shown {
        let texts = self.gate.texts.messages();
        let code = code_in(&texts.last().expect("a text").body);
        let flow = flow_of(&page.answer);
        self.post(page.next("code").as_str(), &[("flow", &flow), ("code", &code)])
    }

    /// From the last page of a login to where that leads.
    pub(super) fn go_on(&mut self, done: &Shown) -> Shown {
        let resume = between(&done.answer.text(), "content=\"0;url=", "\"").replace("&amp;", "&");
        self.visit(done.at.join(&resume).expect("a URL").as_str())
    }

    /// From a page to itself, signed in.
    pub(super) fn sign_in(&mut self, url: &str, phone: &str) -> Shown {
        let number = self.visit(url);
        let code = self.give_number(&number, phone);
        let done = self.give_code(&code);
        self.go_on(&done)
    }

    /// Whether a host knows who is here.
    pub(super) fn is_known(&mut self, origin: &str, prefix: &str) -> bool {
        let lines = [
            ("Sec-Fetch-Mode", "cors"),
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Dest", "empty"),
        ];
        match self.send("GET", &format!("{origin}{prefix}/me"), &lines, None).answer.status {
            200 => true,
            401 => false,
            other => panic!("{other}"),
        }
    }

    /// The names of the cookies of a host that are left.
    pub(super) fn names(&self, origin: &str) -> Vec<&str> {
        let now = self.gate.clock.now();
        let of = |kept: &&Kept| {
            origin.ends_with(&format!("//{}", kept.host)) && kept.end.is_none_or(|end| now < end)
        };
        self.jar.iter().filter(of).map(|kept| kept.name.as_str()).collect()
    }

    /// The cookies of another place are none of this one.
    pub(super) fn value(&self, origin: &str, name: &str) -> Option<&str> {
        let host = origin.trim_start_matches("https://");
        let kept = self.jar.iter().find(|kept| kept.host == host && kept.name == name);
        kept.map(|kept| kept.value.as_str())
    }
}
