//! A browser as far as a gate can tell: its own cookies, forms, redirects. Loads no scripts.
use std::sync::Arc;
use std::time::Duration;

use doorcode::system::{Clock, Timestamp};

use super::http::{Answer, exchange};
use super::twilio::FakeTwilio;

#[derive(Clone, Debug)]
struct Cookie {
    name: String,
    value: String,
    path: String,
    secure: bool,
    expires: Option<Timestamp>,
}

/// Somebody's browser, on its way to one host.
#[derive(Clone)]
pub(crate) struct Browser {
    /// Where its requests go, in turn: to the nodes behind a balancer.
    ports: Vec<u16>,
    turn: usize,
    https: bool,
    /// As in the address bar, with the port.
    pub(crate) authority: String,
    clock: Arc<dyn Clock>,
    jar: Vec<Cookie>,
    pub(crate) language: String,
    /// Its address, as a proxy before the gate tells it.
    pub(crate) address: Option<String>,
}

/// A header line to send beside a browser's own.
pub(crate) type Line<'a> = (&'a str, &'a str);

/// What a browser sends for a websocket, but for its `Origin`.
pub(crate) const WEBSOCKET: [Line<'static>; 5] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-Fetch-Mode", "websocket"),
];

impl Browser {
    /// At `origin`, which is served on `port`: directly, or behind something that speaks TLS.
    pub(crate) fn new(origin: &str, port: u16, clock: Arc<dyn Clock>) -> Self {
        let (scheme, authority) = origin.split_once("://").expect("an origin");
        let (https, authority) = (scheme == "https", authority.to_owned());
        let language = "en-GB,en;q=0.9".to_owned();
        let (ports, jar) = (vec![port], Vec::new());
        Self { ports, turn: 0, https, authority, clock, jar, language, address: None }
    }

    /// Before a balancer that sends each request to the next of these.
    pub(crate) fn balanced(self, ports: &[u16]) -> Self {
        Self { ports: ports.to_vec(), ..self }
    }

    /// Its next requests go to this one.
    pub(crate) fn go_by(&mut self, port: u16) {
        self.ports = vec![port];
    }

    pub(crate) fn origin(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    /// The value of a cookie that is kept.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let now = self.clock.now();
        let kept = self.jar.iter().find(|cookie| cookie.name == name && cookie.is_kept(now));
        kept.map(|cookie| cookie.value.clone())
    }

    #[track_caller]
    pub(crate) fn session(&self) -> String {
        self.cookie("doorcode").expect("a session cookie")
    }

    pub(crate) fn keep_cookie(&mut self, name: &str, value: &str) {
        self.store(&format!("{name}={value}; Path=/"));
    }

    /// A whole request with this browser's cookies, byte for byte as it would go out.
    pub(crate) fn request(
        &self,
        method: &str,
        target: &str,
        lines: &[Line<'_>],
        form: Option<&[Line<'_>]>,
    ) -> Vec<u8> {
        let body = form.map(encoded).unwrap_or_default();
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.authority);
        let mut add = |name: &str, value: &str| {
            if !lines.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
                head.extend([name, ": ", value, "\r\n"]);
            }
        };
        add("User-Agent", "Story");
        add("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        add("Accept-Language", &self.language);
        if let Some(address) = &self.address {
            add("X-Forwarded-For", address);
        }
        add("Sec-Fetch-Mode", "navigate");
        add("Sec-Fetch-Site", "same-origin");
        if let Some(cookies) = self.cookies(target) {
            add("Cookie", &cookies);
        }
        if form.is_some() {
            add("Origin", &self.origin());
            add("Content-Type", "application/x-www-form-urlencoded");
            add("Content-Length", &body.len().to_string());
        }
        // An empty value stands for "do not send this one".
        for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
            head.extend([name, ": ", value, "\r\n"]);
        }
        format!("{head}\r\n{body}").into_bytes()
    }

    /// One request and its answer; no redirect is followed.
    pub(crate) fn send(
        &mut self,
        method: &str,
        target: &str,
        lines: &[Line<'_>],
        form: Option<&[Line<'_>]>,
    ) -> Answer {
        let port = self.ports[self.turn % self.ports.len()];
        self.turn += 1;
        let answer = exchange(port, &self.request(method, target, lines, form));
        self.take_cookies(&answer);
        answer
    }

    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.send("GET", target, &[], None)
    }

    pub(crate) fn post(&mut self, target: &str, form: &[Line<'_>]) -> Answer {
        self.send("POST", target, &[], Some(form))
    }

    /// Goes to a page, wherever that leads on this host.
    #[track_caller]
    pub(crate) fn visit(&mut self, target: &str) -> Answer {
        let answer = self.get(target);
        self.follow(answer)
    }

    /// Follows redirects to the answer that is none.
    #[track_caller]
    pub(crate) fn follow(&mut self, answer: Answer) -> Answer {
        let mut answer = answer;
        for _ in 0..10 {
            if !(300..400).contains(&answer.status) {
                return answer;
            }
            let target = self.here(answer.location());
            answer = self.get(&target);
        }
        panic!("redirects without end: {answer}");
    }

    /// The target on this host that a `Location` names.
    #[track_caller]
    pub(crate) fn here(&self, location: &str) -> String {
        let target = location.strip_prefix(&self.origin()).unwrap_or(location);
        assert!(target.starts_with('/'), "{location} leads away from {}", self.authority);
        target.to_owned()
    }

    /// Types a number on the page that asks for one and goes on to what comes next.
    #[track_caller]
    pub(crate) fn give_number(&mut self, page: &Answer, phone: &str) -> Answer {
        let answer = self.post("/.doorcode/login", &[("flow", &flow_of(page)), ("phone", phone)]);
        self.follow(answer)
    }

    /// Types a code on the page that asks for one. The answer is the redirect.
    #[track_caller]
    pub(crate) fn give_code(&mut self, page: &Answer, code: &str) -> Answer {
        self.post("/.doorcode/code", &[("flow", &flow_of(page)), ("code", code)])
    }

    /// Types a code and shows the page that comes of it.
    #[track_caller]
    pub(crate) fn guess(&mut self, page: &Answer, code: &str) -> Answer {
        let answer = self.give_code(page, code).is(303);
        self.follow(answer).is(200)
    }

    /// Asks for the code once more, and shows the page that comes of it.
    #[track_caller]
    pub(crate) fn resend(&mut self, page: &Answer) -> Answer {
        let answer = self.post("/.doorcode/resend", &[("flow", &flow_of(page))]).is(303);
        self.follow(answer)
    }

    /// From the answer to a right code by way of `done` and `resume` to the page asked for.
    #[track_caller]
    pub(crate) fn finish(&mut self, answer: Answer) -> Answer {
        let done = self.follow(answer).is(200).says("http-equiv=\"refresh\"");
        let page = done.text();
        let resume = between(&page, "content=\"0;url=", "\"").to_owned();
        self.visit(&resume)
    }

    /// Asks for a page, and signs in with `phone` on the way.
    #[track_caller]
    pub(crate) fn sign_in(&mut self, target: &str, phone: &str, texts: &FakeTwilio) -> Answer {
        let before = texts.messages().len();
        let number = self.visit(target).is(200).says("name=\"phone\"");
        let page = self.give_number(&number, phone).is(200).says("name=\"code\"");
        let text = texts.text(before + 1);
        let answer = self.give_code(&page, &code_in(&text.body)).is(303);
        self.finish(answer)
    }

    pub(crate) fn take_cookies(&mut self, answer: &Answer) {
        for line in answer.all("set-cookie") {
            self.store(line);
        }
    }

    /// RFC 6265 §5.3, as far as one host needs it.
    fn store(&mut self, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie");
        let (mut path, mut secure, mut expires) = ("/".to_owned(), false, None);
        for part in parts {
            let (key, text) = part.split_once('=').unwrap_or((part, ""));
            match key.to_ascii_lowercase().as_str() {
                "path" => text.clone_into(&mut path),
                "secure" => secure = true,
                "max-age" => {
                    let seconds = text.parse().expect("seconds");
                    expires = Some(self.clock.now() + Duration::from_secs(seconds));
                }
                _ => {}
            }
        }
        self.jar.retain(|cookie| cookie.name != name || cookie.path != path);
        let (name, value) = (name.to_owned(), value.to_owned());
        self.jar.push(Cookie { name, value, path, secure, expires });
    }

    fn cookies(&self, target: &str) -> Option<String> {
        let now = self.clock.now();
        let path = target.split('?').next().unwrap_or_default();
        let goes = |cookie: &&Cookie| {
            let safe = self.https || !cookie.secure;
            safe && cookie.is_kept(now) && path.starts_with(&cookie.path)
        };
        let pairs: Vec<String> = self
            .jar
            .iter()
            .filter(goes)
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

impl Cookie {
    fn is_kept(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}

fn encoded(form: &[Line<'_>]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// What stands between two marks of a page.
#[track_caller]
pub(crate) fn between<'p>(page: &'p str, from: &str, to: &str) -> &'p str {
    let rest = page.split_once(from).map(|(_, rest)| rest);
    let found = rest.and_then(|rest| rest.split_once(to)).map(|(found, _)| found);
    found.unwrap_or_else(|| panic!("nothing between `{from}` and `{to}` in {page}"))
}

/// The sealed text in a page's form.
#[track_caller]
pub(crate) fn flow_of(page: &Answer) -> String {
    between(&page.text(), "name=\"flow\" value=\"", "\"").to_owned()
}

/// How long the button that asks for the code again waits.
#[track_caller]
pub(crate) fn wait_on(page: &Answer) -> Duration {
    Duration::from_secs(between(&page.text(), "data-after=\"", "\"").parse().expect("seconds"))
}

/// The code in a text, by the line that browsers read it from.
#[track_caller]
pub(crate) fn code_in(text: &str) -> String {
    let last = text.lines().last().and_then(|line| line.split_once('#'));
    last.map_or_else(|| panic!("no code in {text}"), |(_, code)| code.to_owned())
}

/// A code of the same length that is not `code`, another one for every `n`.
pub(crate) fn unlike(code: &str, n: u64) -> String {
    let right: u64 = code.parse().expect("digits");
    let modulus = 10_u64.pow(u32::try_from(code.len()).expect("a short code"));
    format!("{:0width$}", (right + 1 + n) % modulus, width = code.len())
}
