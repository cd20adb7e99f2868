use std::time::Duration;

use super::page::{Head, Page};
use crate::domain::PhoneNumber;
use crate::session::{Device, SessionKind, UserSession};
use crate::system::Timestamp;
use crate::words::{Context, Language, Safe};

/// A user's own sessions, so that a stranger's among them is noticed. 200.
#[derive(Debug)]
pub struct AccountPage<'a> {
    pub phone: &'a PhoneNumber,
    /// The session of this browser is the first.
    pub sessions: &'a [UserSession],
    pub now: Timestamp,
    /// The network that this request came from, as those of the sessions are written.
    pub network: &'a str,
    pub notice: Option<AccountNotice>,
    /// Where the user's personal access tokens are listed; empty: no site takes any.
    pub tokens: &'a str,
    /// The first page of the app; empty: no link.
    pub back: &'a str,
}

/// What the form before did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountNotice {
    OneEnded,
    OthersEnded,
}

impl AccountNotice {
    pub const ALL: [Self; 2] = [Self::OneEnded, Self::OthersEnded];

    const fn key(self) -> &'static str {
        match self {
            Self::OneEnded => "account_one_ended",
            Self::OthersEnded => "account_others_ended",
        }
    }
}

impl Page for AccountPage<'_> {
    fn template(&self) -> &'static str {
        "account"
    }

    fn head(&self) -> Head {
        Head { title: "account_title", ..Head::default() }
    }

    fn fill(&self, _: &Language, context: Context) -> Context {
        let (back, tokens) = (Safe::link(self.back), Safe::link(self.tokens));
        context
            .text("phone", Safe::figure(&self.phone.masked()))
            .maybe("notice", self.notice.map(|notice| Safe::from_static(notice.key())))
            .list("sessions", self.sessions.iter().map(|session| self.row(session)))
            .flag("others", self.sessions.iter().any(|session| !session.current))
            .maybe("tokens", tokens.leads_somewhere().then_some(tokens))
            .maybe("back", back.leads_somewhere().then_some(back))
    }
}

impl AccountPage<'_> {
    fn row(&self, session: &UserSession) -> Context {
        let Device { browser, system } = session.device;
        let name = |name: Option<&str>| Safe::left_to_right(name.unwrap_or_default());
        let (network, addresses) = self.network(&session.address_block);
        let row = Context::new()
            .text("id", Safe::escape(&session.id.to_string()))
            .flag("current", session.current)
            .flag("app", session.kind == SessionKind::Api)
            .text("device", Safe::from_static(device_key(session.device)))
            .text("browser", name(browser))
            .text("system", name(system))
            .maybe("network", network.map(Safe::from_static))
            .text("addresses", Safe::left_to_right(&addresses));
        let row = moment(row, BEGAN, session.began, self.now);
        moment(row, SEEN, session.seen, self.now)
    }
}

impl AccountPage<'_> {
    /// The key of the sentence about a network, and how its addresses begin.
    fn network(&self, block: &str) -> (Option<&'static str>, String) {
        if block.is_empty() {
            return (None, String::new());
        }
        let key = if block == self.network { "account_network_same" } else { "account_network" };
        (Some(key), beginning(block))
    }
}

/// What the addresses of a block have in common: `192.0.2` of `192.0.2.0/24`, `2001:db8:1` of
/// `2001:db8:1::/48`.
fn beginning(block: &str) -> String {
    let address = block.split('/').next().unwrap_or_default();
    let address = address.strip_suffix("::").unwrap_or(address);
    match address.rsplit_once('.') {
        Some((start, "0")) => start.to_owned(),
        _ => address.to_owned(),
    }
}

const fn device_key(device: Device) -> &'static str {
    match (device.browser, device.system) {
        (Some(_), Some(_)) => "device",
        (Some(_), None) => "device_browser",
        (None, Some(_)) => "device_system",
        (None, None) => "device_unknown",
    }
}

/// The template variables of one point in time: key of the sentence, its count, and the time as
/// text and as `datetime`.
type Names = [&'static str; 4];
pub(super) const BEGAN: Names = ["began", "began_count", "began_at", "began_machine"];
pub(super) const SEEN: Names = ["seen", "seen_count", "seen_at", "seen_machine"];

pub(super) fn moment(row: Context, names: Names, at: Timestamp, now: Timestamp) -> Context {
    let (key, count) = ago(now.since(at));
    let [words, counted, shown, machine] = names;
    row.text(words, Safe::from_static(key))
        .number(counted, count)
        .text(shown, Safe::escape(&written(at, "%Y-%m-%d %H:%M UTC")))
        .text(machine, Safe::escape(&written(at, "%Y-%m-%dT%H:%MZ")))
}

/// Units from the largest, in seconds, and the keys of their sentences.
const UNITS: &[(u64, &str)] = &[(86_400, "ago_days"), (3_600, "ago_hours"), (60, "ago_minutes")];

fn ago(time: Duration) -> (&'static str, u64) {
    let seconds = time.as_secs();
    let unit = UNITS.iter().find(|(unit, _)| seconds >= *unit);
    unit.map_or(("ago_now", 0), |(unit, key)| (*key, seconds / unit))
}

/// Formats in UTC, since the reader's time zone is not known here.
pub(super) fn written(at: Timestamp, format: &str) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis());
    at.map(|at| at.strftime(format).to_string()).unwrap_or_default()
}
