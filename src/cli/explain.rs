//! `doorcode explain`: what becomes of a request, in words.
use std::error::Error;
use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use http::Method;

use super::asked::AskedArguments;
use super::context::{FINE, STOPPED, TokenHolderOf};
use crate::config::Config;
use crate::domain::{ClientId, PhoneNumber, Role};
use crate::gate::{Decision, DenialReason, JudgedCaller, Judgement, Rule, RuleMode, Site, SiteMap};
use crate::proxy::{self, ExplainedRequest, ExplainedSite, Explanation, TokenHolder};
use crate::users::{Directory, Roles};

/// Whoever is not said to be somewhere else: in a network for documents (RFC 5737).
const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Columns of what stands before a text.
const KEY_WIDTH: usize = 10;

/// Who calls.
#[derive(Default)]
struct AskedCaller {
    person: Option<(PhoneNumber, Roles)>,
    client: Option<ClientId>,
    /// Why the token is refused.
    refused: Option<String>,
}

/// The text, and the exit code.
///
/// # Errors
/// When the server does not say whose the token is.
pub(super) fn explain(
    config: &Config,
    asked: &AskedArguments,
    (token, holder): (Option<&str>, &TokenHolderOf),
) -> Result<(String, u8), Box<dyn Error>> {
    let map = SiteMap::new(config.issuer.clone(), config.prefix.clone(), config.sites.clone());
    let mut request = ExplainedRequest {
        method: &asked.method,
        host: &asked.url.host,
        target: &asked.url.target,
        client: asked.from.unwrap_or(NOWHERE),
        caller: JudgedCaller::default(),
    };
    let caller = match token {
        Some(token) => AskedCaller::of_token(config, holder(config, &request, token)?)?,
        None => AskedCaller::of_phone(config, asked),
    };
    let person = caller.person.as_ref().map(|(phone, roles)| (phone, roles));
    request.caller = JudgedCaller { person, client: caller.client.as_ref() };
    let mut told = Told::default();
    told.asked(&request, asked);
    if let Some(why) = caller.refused {
        told.line("decision", format_args!("refused (401): {why}"));
        return Ok((told.0, STOPPED));
    }
    let explanation = proxy::explain(&map, &request);
    told.explanation(config, (asked, &request), &explanation);
    let passes = match &explanation {
        Explanation::Own => true,
        Explanation::Site(explained) => explained.is_forwarded(),
        _ => false,
    };
    Ok((told.0, if passes { FINE } else { STOPPED }))
}

impl AskedCaller {
    /// With the roles of the file and of the command line.
    fn of_phone(config: &Config, asked: &AskedArguments) -> Self {
        let given = Roles::new(asked.role.iter().cloned().collect());
        let directory = Directory::new(config.users.clone());
        let accepted = &config.login.accepted_numbers;
        let phone = asked.phone.clone().map(|phone| accepted.recognize(phone));
        let person = phone.map(|phone| {
            let roles = directory.roles(&phone, &given);
            (phone, roles)
        });
        Self { person, ..Self::default() }
    }

    fn of_token(config: &Config, holder: TokenHolder) -> Result<Self, Box<dyn Error>> {
        let TokenHolder { phone, roles, client, refused } = holder;
        let phone = phone.as_deref().map(PhoneNumber::from_store).transpose()?;
        let phone = phone.map(|phone| config.login.accepted_numbers.recognize(phone));
        let roles = roles.iter().map(|role| Role::parse(role)).collect::<Result<_, _>>()?;
        let client = client.as_deref().map(ClientId::parse).transpose()?;
        Ok(Self { person: phone.map(|phone| (phone, Roles::new(roles))), client, refused })
    }
}

/// What is printed.
#[derive(Default)]
struct Told(String);

impl Told {
    fn line(&mut self, key: &str, what: impl Display) {
        self.wrapped(0, key, &what.to_string());
    }

    /// A line about a rule.
    fn indented(&mut self, key: &str, what: impl Display) {
        self.wrapped(4, key, &what.to_string());
    }

    /// A line, broken between words where it does not fit in [`WIDTH`].
    fn wrapped(&mut self, indent: usize, key: &str, text: &str) {
        let start = indent + KEY_WIDTH;
        let pad = " ".repeat(KEY_WIDTH.saturating_sub(key.len()));
        self.0.extend([&" ".repeat(indent), key, &pad]);
        let mut column = start;
        for word in text.split(' ') {
            let width = word.chars().count();
            if column > start && column + 1 + width > WIDTH {
                self.0.extend(["\n", &" ".repeat(start)]);
                column = start;
            } else if column > start {
                self.0.push(' ');
                column += 1;
            }
            self.0.push_str(word);
            column += width;
        }
        self.0.push('\n');
    }

    fn heading(&mut self, text: &str) {
        self.0.extend(["\n", text, ":\n"]);
    }

    fn item(&mut self, text: &str) {
        self.0.extend(["  ", text, "\n"]);
    }

    fn asked(&mut self, request: &ExplainedRequest<'_>, asked: &AskedArguments) {
        let ExplainedRequest { method, host, target, client, caller } = request;
        self.line("request", format_args!("{method} {target}"));
        self.line("host", host);
        let unsaid = if asked.from.is_none() { ", as --from names none" } else { "" };
        self.line("from", format_args!("{client}{unsaid}"));
        match caller.person {
            None if caller.client.is_some() => self.line("caller", "no person"),
            None if asked.token.is_some() => {
                self.line("caller", "nobody: the token is none that counts here");
            }
            None => self.line("caller", "nobody, as --phone names none"),
            Some((phone, roles)) => {
                self.line("caller", phone.e164());
                let roles: Vec<&str> = roles.iter().map(Role::as_str).collect();
                let none = if roles.is_empty() { "none" } else { "" };
                self.line("roles", format_args!("{none}{}", roles.join(", ")));
            }
        }
        if let Some(client) = caller.client {
            self.line("client", client);
        }
    }

    fn explanation(
        &mut self,
        config: &Config,
        (asked, request): (&AskedArguments, &ExplainedRequest<'_>),
        explanation: &Explanation<'_>,
    ) {
        match explanation {
            Explanation::BadHead { status } => {
                let why = match status {
                    405 => "the method is none that is passed on",
                    431 => "the head is too long",
                    _ => "the head is malformed",
                };
                self.line("decision", format_args!("refused ({status}): {why}"));
            }
            Explanation::BadTarget { why } => {
                self.line("decision", format_args!("refused (400): {why}"));
            }
            Explanation::Ambiguous { readings } => {
                self.heading("Readings of the path");
                for path in readings {
                    self.item(path);
                }
                self.0.push('\n');
                let text = "refused (400): not all readings lie in the same site, or one is a path of Doorcode's own";
                self.line("decision", text);
            }
            Explanation::UnknownHost => {
                self.line("decision", "refused (404): no site has this host and port");
            }
            Explanation::NoSite => {
                self.line("decision", "refused (404): no site of this host has this path");
            }
            Explanation::Own => {
                self.line("decision", "a path of Doorcode's own, which no rule is for");
            }
            Explanation::Site(explained) => {
                self.site(config, explained);
                self.notes(&notes(config, (asked, request), explained.site));
                self.passed_on(explained, request.caller);
            }
        }
    }

    fn site(&mut self, config: &Config, explained: &ExplainedSite<'_>) {
        let ExplainedSite { site, judgements, decision, .. } = explained;
        let table = config.table_of(&site.url).unwrap_or_default();
        let place = config.place_of(&table);
        self.line("site", format_args!("{}, {table} at {place}", site.name));
        self.line("url", &site.url);
        self.heading("Readings of the path, each with the rule that decides");
        let mut told: Vec<&Judgement<'_>> = Vec::new();
        for judgement in judgements {
            let is_same = |other: &&Judgement<'_>| {
                other.rule == judgement.rule && other.decision == judgement.decision
            };
            if told.iter().any(is_same) {
                continue;
            }
            told.push(judgement);
            for alike in judgements.iter().filter(is_same) {
                self.item(&alike.path);
            }
            let rule = judgement.rule.and_then(|n| Some((n, site.rules.get(n)?)));
            self.rule(config, &table, rule);
            self.indented("decides", in_words(judgement.decision));
        }
        self.0.push('\n');
        self.decision(site, *decision);
    }

    fn rule(&mut self, config: &Config, table: &str, rule: Option<(usize, &Rule)>) {
        let Some((n, rule)) = rule else {
            return self.indented("rule", "none: signed-in callers pass");
        };
        let key = format!("{table}.rule[{}]", n + 1);
        self.indented("rule", format_args!("{key} at {}", config.place_of(&key)));
        self.indented("path", &rule.path);
        if !rule.methods.is_empty() {
            self.indented("methods", joined(&rule.methods));
        }
        self.indented("allow", joined(&rule.allow));
        if !rule.from.is_empty() {
            self.indented("from", joined(&rule.from));
        }
        if let Some(fresh) = rule.fresh {
            self.indented("fresh", Age(fresh));
        }
    }

    fn decision(&mut self, site: &Site, decision: Decision) {
        if site.mode == RuleMode::Enforce || decision == Decision::Forward {
            return self.line("decision", in_words(decision));
        }
        self.line("decision", "passes, since the mode of the site is `report`; else:");
        self.line("", in_words(decision));
    }

    fn notes(&mut self, notes: &[String]) {
        for note in notes {
            self.line("note", note);
        }
    }

    fn passed_on(&mut self, explained: &ExplainedSite<'_>, caller: JudgedCaller<'_>) {
        if let Some(head) = &explained.head {
            self.heading("The app gets, besides what else the client sends");
            for line in String::from_utf8_lossy(head).trim_end().lines() {
                self.item(line);
            }
        } else if explained.is_forwarded() {
            self.heading("The proxy that asks is told to pass on");
            for (name, value) in explained.site.identity.described(caller) {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                self.item(&format!("{name}: {value}"));
            }
        }
    }
}

/// What was not looked at, and may change the outcome.
fn notes(
    config: &Config,
    (asked, request): (&AskedArguments, &ExplainedRequest<'_>),
    site: &Site,
) -> Vec<String> {
    let mut notes = Vec::new();
    let (origin, scheme) = (&site.url.origin, asked.url.scheme);
    if origin.scheme() != scheme {
        let why = "an address of server.redirect_listen leads there";
        notes.push(format!("the site is at {origin}; of {scheme}, {why}"));
    }
    if site.upstreams.is_empty() {
        notes.push("judged for the proxy that asks; Doorcode itself answers 404".to_owned());
    }
    let table = config.table_of(&site.url).unwrap_or_default();
    if config.has(&format!("{table}.client_certificates")) {
        notes.push("without a client certificate, 403 (client_certificates)".to_owned());
    }
    if *request.method == Method::OPTIONS {
        notes.push("a CORS preflight is answered by Doorcode unless the path is public".to_owned());
    }
    // A session, which a browser sends by itself.
    if asked.phone.is_some() && !request.method.is_safe() {
        let origins = if site.allowed_origins.is_empty() { "" } else { ", or of allowed_origins" };
        notes.push(format!("a page has to be of {origin}{origins}; else 403"));
        if !site.framed_by.is_empty() {
            let text = "it has to say where it comes from, by Origin or Sec-Fetch-Site (framed_by)";
            notes.push(text.to_owned());
        }
    }
    notes.extend(asked.phone.as_ref().and_then(|phone| cannot_log_in(config, phone)));
    notes
}

/// Why somebody could not get the login that is assumed.
fn cannot_log_in(config: &Config, phone: &PhoneNumber) -> Option<String> {
    if !phone.is_test() && !config.login.countries.serves_number(phone) {
        return Some("they cannot log in: login.countries does not serve the number".to_owned());
    }
    let is_known = config.users.iter().any(|user| user.phone == *phone);
    let text = "they can log in only if they did before: login.sign_up is false";
    (!config.login.sign_up && !is_known).then(|| text.to_owned())
}

/// A decision as a sentence without its subject.
fn in_words(decision: Decision) -> String {
    match decision {
        Decision::Forward => "passes".to_owned(),
        Decision::ForwardIfFresh(max_age) => {
            format!("passes if the login is at most {} old, else logs in again", Age(max_age))
        }
        Decision::SignIn => "logs in first (303 for a page in a browser, else 401)".to_owned(),
        Decision::Refuse(DenialReason::NotAllowed) => {
            "refused (403): the rule does not allow the caller".to_owned()
        }
        Decision::Refuse(DenialReason::Network) => {
            "refused (403): the address is in no network of the rule".to_owned()
        }
    }
}

fn joined<T: Display>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// In minutes or, where that is not exact, in seconds.
struct Age(Duration);

impl Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds.is_multiple_of(60) {
            write!(f, "{}m", seconds / 60)
        } else {
            write!(f, "{seconds}s")
        }
    }
}
