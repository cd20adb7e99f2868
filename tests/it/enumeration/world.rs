//! Doorcode's pages before stores that are recorded. Two worlds differ in nothing but what is typed:
//! time stands still and chance repeats itself.
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::{PhoneNumber, UserId};
use doorcode::login::Login;
use doorcode::store::{SqlStore, UserStore as _};
use doorcode::system::Timestamp;
use http::header;

use super::recording::{Record, Recording};
use super::{BLOCKED, USER};
use crate::support::browser::{between, code_in};
use crate::support::settings::{RAISED, Settings};
use crate::support::world::{self, Ask};

pub(super) struct World {
    pub(super) login: Login,
    inner: world::World,
    cookie: String,
}

/// An answer as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn flow(&self) -> String {
        between(&self.body, "name=\"flow\" value=\"", "\"").to_owned()
    }

    /// With the length of every sealed text instead of it, and without the number that was typed.
    pub(super) fn without_secrets(self, number: &str) -> Self {
        let shown = PhoneNumber::parse(number, None).unwrap().international();
        let sealed = |text: &str| sealed_by_length(&sealed_by_length(text, "flow"), "puzzle");
        let plain = |text: &str| sealed(text).replace(&shown, "(the number)");
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), plain(value)));
        Self { status: self.status, headers: headers.collect(), body: plain(&self.body) }
    }
}

/// Sealed texts of this name, in a query, a form, an attribute or JSON.
fn sealed_by_length(text: &str, name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut parts = text.split(name).map(|part| {
        let starts = ["=\"", "=", "\" value=\"", "\":\""];
        let start = starts.iter().find(|start| part.starts_with(**start));
        let Some(start) = start else { return part.to_owned() };
        let rest = &part[start.len()..];
        let end = rest.find(|c| !plain(c)).unwrap_or(rest.len());
        format!("{start}({end}){}", &rest[end..])
    });
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |text, part| text + name + &part)
}

fn settings(sign_up: bool) -> String {
    let sign_up = format!("[login]\nsign_up = {sign_up}\n");
    // A key of this algorithm is made at once.
    let client = "[oauth]\ntoken_algorithm = \"ES256\"\n[[client]]\nid = \"spa\"\nname = \"My SPA\"\n\
                  [[client]]\nid = \"web\"\nname = \"My server\"\ntype = \"confidential\"\nsecret = \"env:OTHER\"\n\
                  [[site]]\nname = \"Down\"\n";
    Settings::in_process(&[("[login]\n", &sign_up), ("[[site]]\nname = \"Down\"\n", client)])
}

impl World {
    /// `front` records what is called for the answers, `behind` what is called for the texts.
    pub(super) async fn new(sign_up: bool, front: &Arc<Record>, behind: &Arc<Record>) -> Self {
        Self::of(&settings(sign_up), front, behind).await
    }

    /// Where only users are texted, and with this in `[limits]`, beside the defaults. A text costs 1, and
    /// a block of numbers has room for nine, unless the limit is of that.
    pub(super) async fn limited(limit: &str, front: &Arc<Record>, behind: &Arc<Record>) -> Self {
        let room = ["spend_per_number_block_1h", "spend_per_number_block_24h"]
            .into_iter()
            .filter(|key| !limit.contains(key))
            .map(|key| format!("{key} = 9\n"));
        let room: String = room.collect();
        let limits = format!("[limits]\n{limit}\n{room}[sms.prices]\nUS = \"1\"\n");
        let settings = settings(false).replacen(RAISED, &limits, 1);
        Self::of(&settings, front, behind).await
    }

    /// Where only users are texted, or called.
    pub(super) async fn calling(front: &Arc<Record>, behind: &Arc<Record>) -> Self {
        let account =
            "account_sid = \"AC0123456789abcdef0123456789abcdef\"\nauth_token = \"env:TOKEN\"";
        let channels =
            "providers = [\"twilio\", \"twilio_voice\"]\nchannels = [\"sms\", \"voice\"]";
        let table =
            format!("[sms.twilio_voice]\n{account}\nfrom = \"+12025550199\"\n[sms.twilio]\n");
        let settings = settings(false).replacen("providers = [\"twilio\"]", channels, 1).replacen(
            "[sms.twilio]\n",
            &table,
            1,
        );
        Self::of(&settings, front, behind).await
    }

    async fn of(settings: &str, front: &Arc<Record>, behind: &Arc<Record>) -> Self {
        let recording = Recording { front, behind };
        let inner = world::World::new(settings, &recording).await;
        people(&inner.store).await;
        Self { login: inner.login.clone(), inner, cookie: String::new() }
    }

    /// Another browser.
    pub(super) fn forget_cookies(&mut self) {
        self.cookie.clear();
    }

    pub(super) fn pass(&self, time: Duration) {
        self.inner.pass(time);
    }

    pub(super) fn pass_cool_down(&self) {
        self.pass(Duration::from_secs(33));
    }

    /// Sends until no text waits any more, if so wished.
    pub(super) async fn send_texts_if(&self, wished: bool) {
        if wished {
            self.inner.send_texts().await;
        }
    }

    /// The code that was texted to this number.
    pub(super) fn code(&self, number: &str) -> Option<String> {
        self.inner.texts(number).first().map(|text| code_in(text))
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[]).await
    }

    pub(super) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send("POST", path, form).await
    }

    pub(super) async fn follow(&mut self, answer: &Answer) -> Answer {
        let target = answer.header("location").unwrap().strip_prefix("/.doorcode").unwrap();
        self.get(target).await
    }

    async fn send(&mut self, method: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let ask = Ask { method, target: path, form, cookies: &self.cookie, address };
        let (parts, body) = self.inner.answer(ask).await;
        let header = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        let headers: Vec<_> = parts.headers.iter().map(header).collect();
        for (_, cookie) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let others =
                self.cookie.split("; ").filter(|pair| pair.split('=').next() != Some(name));
            let others: Vec<_> =
                others.filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
            self.cookie = [others, vec![format!("{name}={value}")]].concat().join("; ");
        }
        crate::support::recording::routed(&format!("{method} {path}"), &parts, &body);
        Answer { status: parts.status.as_u16(), headers, body }
    }
}

/// A user, and one who is blocked.
async fn people(store: &SqlStore) {
    let now = Timestamp::from_millis(0);
    let phone = |e164| PhoneNumber::from_e164(e164).unwrap();
    let user = |n: u8, e164| (UserId::from_bytes([n; 12]), phone(e164).into());
    store.ensure_users(&[user(1, USER), user(2, BLOCKED)], now).await.unwrap();
    store.set_blocked(&phone(BLOCKED).into(), true, now).await.unwrap();
}
