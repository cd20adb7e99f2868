//! All attacks of one attacker on one site.
use std::collections::HashSet;
use std::error::Error;

use http::{HeaderName, HeaderValue, Method};

use super::TOPIC;
use super::filled::Values;
use super::judge::{Attacker, Judge};
use super::recorder::{Arrival, Recorder};
use super::shapes::{self, MARK};
use super::target_gate::has_session;
use super::wire::Wire;
use crate::app::doctor::report::{Grade, Report};
use crate::gate::PathPattern;

/// Paths that are attacked on one site: each costs some hundred requests.
const MOST_PATHS: usize = 12;
/// Breaches that a finding tells in full.
const MOST_TOLD: usize = 5;
/// A name that no site has.
const NO_PAGE: &str = "doorcode-attack";

pub(super) struct Campaign<'a> {
    judge: Judge<'a>,
    /// Of all sites: what is sent to one may reach another.
    judges: &'a [Judge<'a>],
    who: Attacker,
    /// The line with the attacker's session, or nothing.
    cookie: &'a str,
    /// Whether the attacker is a trusted proxy, whose request ids are taken.
    is_trusted: bool,
    wire: Wire,
    recorder: &'a Recorder,
}

/// A path of the site, and a method that its rule is for.
#[derive(Clone)]
struct Page {
    /// Relative to the site.
    path: String,
    method: Method,
}

/// What came of a table of shapes.
#[derive(Default)]
struct Tally {
    sent: usize,
    arrived: usize,
    breaches: Vec<String>,
}

/// A request and how the report shows it.
struct Shot {
    bytes: String,
    shown: String,
    /// May hold more than one request.
    is_whole: bool,
}

impl<'a> Campaign<'a> {
    pub(super) const fn new(
        (judge, judges): (Judge<'a>, &'a [Judge<'a>]),
        (who, cookie, is_trusted): (Attacker, &'a str, bool),
        (wire, recorder): (Wire, &'a Recorder),
    ) -> Self {
        Self { judge, judges, who, cookie, is_trusted, wire, recorder }
    }

    pub(super) async fn run(&self, report: &mut Report<'_>) -> Result<(), Box<dyn Error>> {
        let pages = self.pages();
        let is_open = |page: &&Page| self.judge.is_open(self.who, &page.method, &page.path);
        let (open, kept): (Vec<_>, Vec<_>) = pages.iter().partition(is_open);
        self.tell_open(&open, report).await?;
        let by_get = open.iter().find(|page| page.method == Method::GET);
        let values = |kept: &str| self.values(kept, by_get.map(|page| page.path.as_str()));
        let mut attacks = vec![("own paths", self.own_paths(&values("/")).await?)];
        let mut on_kept: [(&str, Tally); 3] = [
            ("paths", Tally::default()),
            ("methods", Tally::default()),
            ("headers", Tally::default()),
        ];
        for page in kept.iter().take(MOST_PATHS) {
            let values = values(&page.path);
            self.targets(page, &values, &mut on_kept[0].1).await?;
            self.methods(&values, &mut on_kept[1].1).await?;
            self.lines(page, &values, &mut on_kept[2].1).await?;
        }
        attacks.extend(on_kept);
        if let Some(open) = by_get {
            let kept = kept.first().map_or("/", |page| page.path.as_str());
            let values = values(kept);
            attacks.push(("hosts", self.hosts(&values).await?));
            attacks.push(("framing", self.smuggled(&values).await?));
            attacks.push(("identity", self.forged(open).await?));
        }
        if self.who == Attacker::SignedIn
            && let Some(page) = self.needs_login(&open)
        {
            attacks.push(("other sites", self.foreign(page).await?));
        }
        for (what, tally) in attacks {
            self.tell(what, &tally, report);
        }
        if kept.len() > MOST_PATHS {
            let text = format!("{} of {} paths were attacked", MOST_PATHS, kept.len());
            report.add(Grade::Note, TOPIC, text);
        }
        Ok(())
    }

    /// A page for each rule, and one that no rule is for.
    fn pages(&self) -> Vec<Page> {
        let mut pages = Vec::new();
        for rule in &self.judge.site.rules {
            let method = rule.methods.first().cloned().unwrap_or(Method::GET);
            for path in examples(&rule.path) {
                pages.push(Page { path, method: method.clone() });
            }
        }
        pages.push(Page { path: format!("/{NO_PAGE}"), method: Method::GET });
        let mut known = HashSet::new();
        pages.retain(|page| known.insert((page.path.clone(), page.method.clone())));
        pages
    }

    fn needs_login<'p>(&self, open: &[&'p Page]) -> Option<&'p Page> {
        let is_closed =
            |page: &&&Page| !self.judge.is_open(Attacker::Nobody, &page.method, &page.path);
        open.iter().find(is_closed).copied()
    }

    fn values(&self, kept: &str, open: Option<&str>) -> Values {
        let full = |path: &str| format!("{}{path}", self.judge.site.url.path);
        Values {
            kept: full(kept),
            open: full(open.unwrap_or("/")),
            host: self.judge.site.url.origin.authority(),
            own: self.judge.prefix.to_owned(),
            allowed: self.judge.allowed_address(),
            cookie: self.cookie.to_owned(),
        }
    }

    /// Requests as they are meant: what the rules have for the attacker, as the app sees it.
    async fn tell_open(
        &self,
        open: &[&Page],
        report: &mut Report<'_>,
    ) -> Result<(), Box<dyn Error>> {
        let mut told = Vec::new();
        for page in open {
            let values = self.values(&page.path, None);
            let arrived = self.fire(&self.shot(page.method.as_str(), "{P}", "", &values)).await?;
            if arrived.is_empty() {
                let text = format!(
                    "{} {} is refused, although its rule lets {} pass",
                    page.method,
                    values.kept,
                    self.who.in_words()
                );
                report.add(Grade::Note, TOPIC, text);
            } else {
                told.push(format!("{} {}", page.method, values.kept));
            }
        }
        let list = if told.is_empty() { "nothing".to_owned() } else { told.join(", ") };
        report.add(Grade::Fine, TOPIC, format!("{}, the app gets: {list}", self.who.in_words()));
        Ok(())
    }

    async fn targets(&self, page: &Page, values: &Values, tally: &mut Tally) -> Done {
        for shape in shapes::TARGETS {
            let shot = self.shot(page.method.as_str(), shape, "", values);
            self.attack(&shot, tally, |arrival| self.breach(arrival)).await?;
        }
        Ok(())
    }

    async fn own_paths(&self, values: &Values) -> Result<Tally, Box<dyn Error>> {
        let mut tally = Tally::default();
        for shape in shapes::OWN {
            let shot = self.shot("GET", shape, "", values);
            self.attack(&shot, &mut tally, |arrival| self.breach(arrival)).await?;
        }
        Ok(tally)
    }

    async fn methods(&self, values: &Values, tally: &mut Tally) -> Done {
        for method in shapes::METHODS {
            let shot = self.shot(method, "{P}", "", values);
            self.attack(&shot, tally, |arrival| self.breach(arrival)).await?;
        }
        Ok(())
    }

    async fn lines(&self, page: &Page, values: &Values, tally: &mut Tally) -> Done {
        // What a trusted proxy says of its client is believed, and `{N}` is a client.
        let is_believed = |line: &&&str| self.is_trusted && line.contains("{N}");
        for line in shapes::LINES.iter().filter(|line| !is_believed(line)) {
            let shot = self.shot(page.method.as_str(), "{P}", &format!("{line}\r\n"), values);
            self.attack(&shot, tally, |arrival| self.breach(arrival)).await?;
        }
        Ok(())
    }

    async fn hosts(&self, values: &Values) -> Result<Tally, Box<dyn Error>> {
        let mut tally = Tally::default();
        for lines in shapes::HOSTS {
            let lines = if lines.is_empty() { String::new() } else { format!("{lines}\r\n") };
            let head = format!("GET {{Q}} HTTP/1.1\r\n{lines}{{A}}Connection: close\r\n\r\n");
            let shot =
                Shot { bytes: values.fill(&head), shown: values.fill(&lines), is_whole: false };
            let any = |_: &Arrival| Some("of a request that is not for the site's host".to_owned());
            self.attack(&shot, &mut tally, any).await?;
        }
        Ok(tally)
    }

    async fn smuggled(&self, values: &Values) -> Result<Tally, Box<dyn Error>> {
        let mut tally = Tally::default();
        for shape in shapes::SMUGGLED {
            let bytes = values.fill(shape);
            let shown = bytes.split("\r\n\r\n").next().unwrap_or_default().to_owned();
            let inner = |arrival: &Arrival| {
                let is_inner = arrival.headers.contains_key("x-inner");
                (is_inner && self.breach(arrival).is_some())
                    .then(|| "from inside another request".to_owned())
            };
            self.attack(&Shot { bytes, shown, is_whole: true }, &mut tally, inner).await?;
        }
        Ok(tally)
    }

    /// What an app is told of its caller is not what the caller says.
    async fn forged(&self, open: &Page) -> Result<Tally, Box<dyn Error>> {
        let mut tally = Tally::default();
        let values = self.values(&open.path, None);
        let shot = |lines: &str| self.shot("GET", "{P}", lines, &values);
        let plain = self.fire(&shot("")).await?;
        let known = shapes::NAMES.iter().filter_map(|name| name.parse::<HeaderName>().ok());
        let names: Vec<_> = known.chain(self.judge.site.identity.names().cloned()).collect();
        let told =
            |name: &HeaderName| plain.iter().any(|arrival| arrival.headers.contains_key(name));
        for name in &names {
            for spelling in shapes::spellings(name) {
                let lines = format!("{spelling}: {MARK}\r\n");
                self.attack(&shot(&lines), &mut tally, |arrival| self.marked(arrival)).await?;
            }
            let lines = format!("Connection: close, {name}\r\n");
            let lost = |arrival: &Arrival| {
                (told(name) && !arrival.headers.contains_key(name))
                    .then(|| format!("without {name}, which Doorcode had set"))
            };
            self.attack(&shot(&lines), &mut tally, lost).await?;
        }
        for name in ["__Host-doorcode-x", "doorcode-x", "__host-Doorcode", "DOORCODE"] {
            let lines = format!("Cookie: app=1; {name}={MARK}\r\n");
            self.attack(&shot(&lines), &mut tally, |arrival| self.marked(arrival)).await?;
        }
        Ok(tally)
    }

    async fn foreign(&self, page: &Page) -> Result<Tally, Box<dyn Error>> {
        let mut tally = Tally::default();
        let values = self.values(&page.path, None);
        for (method, lines) in shapes::FOREIGN {
            let shot = self.shot(method, "{P}", &format!("{lines}\r\n"), &values);
            let any = |_: &Arrival| Some("of a page of another site".to_owned());
            self.attack(&shot, &mut tally, any).await?;
        }
        Ok(tally)
    }

    fn breach(&self, arrival: &Arrival) -> Option<String> {
        let judge = self.judges.get(arrival.site).unwrap_or(&self.judge);
        judge.breach(self.who, &arrival.method, &arrival.target)
    }

    fn marked(&self, arrival: &Arrival) -> Option<String> {
        let holds_mark =
            |value: &[u8]| value.windows(MARK.len()).any(|part| part == MARK.as_bytes());
        let is_forged = |(name, value): &(&HeaderName, &HeaderValue)| {
            holds_mark(value.as_bytes()) && !(self.is_trusted && *name == "x-request-id")
        };
        let forged = arrival.headers.iter().find(is_forged);
        if let Some((name, _)) = forged {
            return Some(format!("with what the client wrote into {name}"));
        }
        has_session(&arrival.headers, self.cookie).then(|| "with the session's cookie".to_owned())
    }

    fn shot(&self, method: &str, target: &str, lines: &str, values: &Values) -> Shot {
        let (target, lines) = (values.fill(target), values.fill(lines));
        let end = if lines.to_ascii_lowercase().contains("connection:") {
            ""
        } else {
            "Connection: close\r\n"
        };
        let (host, cookie) = (&values.host, self.cookie);
        let bytes =
            format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{cookie}{lines}{end}\r\n");
        Shot { bytes, shown: format!("{method} {target}\r\n{lines}"), is_whole: false }
    }

    async fn attack(
        &self,
        shot: &Shot,
        tally: &mut Tally,
        judge: impl Fn(&Arrival) -> Option<String>,
    ) -> Done {
        let arrivals = self.fire(shot).await?;
        tally.sent += 1;
        tally.arrived += arrivals.len();
        let breaches = arrivals.iter().filter_map(|arrival| Some((arrival, judge(arrival)?)));
        tally.breaches.extend(breaches.map(|(Arrival { method, target, .. }, why)| {
            let shown = shot.shown.trim_end().escape_debug().to_string().replace("\\r\\n", " | ");
            format!("{shown} reached the app as {method} {target}: {why}")
        }));
        Ok(())
    }

    /// Sends a request and returns what of it reached the app.
    async fn fire(&self, shot: &Shot) -> Result<Vec<Arrival>, Box<dyn Error>> {
        let bytes = shot.bytes.as_bytes();
        if shot.is_whole {
            self.wire.send_and_watch(bytes).await?;
        } else {
            self.wire.send(bytes).await?;
        }
        Ok(self.recorder.take())
    }

    fn tell(&self, what: &str, tally: &Tally, report: &mut Report<'_>) {
        let Tally { sent, arrived, breaches } = tally;
        let who = self.who.in_words();
        if *sent == 0 {
            return;
        }
        if breaches.is_empty() {
            let text = format!(
                "{what}, {who}: {sent} requests, {arrived} reached the app, none that must not"
            );
            return report.add(Grade::Fine, TOPIC, text);
        }
        let count = breaches.len();
        let mut text =
            format!("{what}, {who}: {count} of {sent} requests reached the app and must not");
        for breach in breaches.iter().take(MOST_TOLD) {
            text = format!("{text}\n{breach}");
        }
        if count > MOST_TOLD {
            text = format!("{text}\n… and {} more", count - MOST_TOLD);
        }
        report.add(Grade::Failed, TOPIC, text);
    }
}

type Done = Result<(), Box<dyn Error>>;

/// Paths that a pattern matches.
fn examples(pattern: &PathPattern) -> Vec<String> {
    let text = pattern.to_string();
    let named = |path: &str| {
        path.split('/')
            .map(|part| if part == "*" { "any" } else { part })
            .collect::<Vec<_>>()
            .join("/")
    };
    match text.strip_suffix("/*") {
        Some("") => vec![format!("/{NO_PAGE}")],
        Some(base) => vec![format!("{}/{NO_PAGE}", named(base)), named(base)],
        None => vec![named(&text)],
    }
}
