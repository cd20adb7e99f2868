//! Doorcode's pages in this process, before stores that are recorded. Two worlds differ in nothing
//! but what is typed: time stands still and chance repeats itself.
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use doorcode::config::Config;
use doorcode::delivery::Delivery;
use doorcode::domain::{Keyring, Origin, PhoneNumber, ServerSecret, UserId};
use doorcode::events::Log;
use doorcode::gate::Map;
use doorcode::login::{Keys, Limiter, Login, Outbox, OutboxWorker, Parts as LoginParts, Sender};
use doorcode::pages::views::Pages;
use doorcode::pages::{Facts, Parts, Web};
use doorcode::session::Sessions;
use doorcode::store::{
    Database, MemoryAttempts, MemoryCounters, MemoryTickets, Room, SqlStore, Users as _,
};
use doorcode::system::{System, Timestamp};
use doorcode::users::Directory;
use doorcode::words::{SmsTemplate, SmsTemplates};
use http::{Request, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::recording::{Provider, Record, Recorded};
use super::{BLOCKED, USER};
use crate::support::browser::{between, code_in};
use crate::support::settings::{Settings, environment};
use crate::support::still::{SeededRandom, StillClock};

pub(super) struct World {
    pub(super) login: Login,
    router: Router,
    clock: Arc<StillClock>,
    outbox: Arc<Outbox>,
    worker: OutboxWorker,
    texts: Arc<Mutex<Vec<(String, String)>>>,
    cookie: String,
    _folder: tempfile::TempDir,
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
        let plain = |text: &str| sealed_by_length(text).replace(&shown, "(the number)");
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), plain(value)));
        Self { status: self.status, headers: headers.collect(), body: plain(&self.body) }
    }
}

fn sealed_by_length(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut parts = text.split("flow").map(|part| {
        let start = ["=", "\" value=\""].iter().find(|start| part.starts_with(**start));
        let Some(start) = start else { return part.to_owned() };
        let rest = &part[start.len()..];
        let end = rest.find(|c| !plain(c)).unwrap_or(rest.len());
        format!("{start}({end}){}", &rest[end..])
    });
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |text, part| text + "flow" + &part)
}

fn config(sign_up: bool) -> Config {
    let origin = "http://localhost:8080";
    let settings = Settings { port: 8080, admin: 9, origin, app: 9, twilio: "http://127.0.0.1:9" };
    let sign_up = format!("[login]\nsign_up = {sign_up}\n");
    let client = "[[client]]\nid = \"spa\"\nname = \"My SPA\"\n[[site]]\nname = \"Down\"\n";
    let changes = [("[login]\n", &*sign_up), ("[[site]]\nname = \"Down\"\n", client)];
    let text = settings.text(&changes);
    Config::read(&text, "test.toml", Path::new(""), &environment).unwrap()
}

impl World {
    /// `front` records what is called for the answers, `behind` what is called for the texts.
    pub(super) async fn new(sign_up: bool, front: &Arc<Record>, behind: &Arc<Record>) -> Self {
        let config = config(sign_up);
        let clock = Arc::new(StillClock::new());
        let system = System { clock: clock.clone(), random: Arc::new(SeededRandom::new(1)) };
        let keyring = Keyring::new(ServerSecret::new(&"k".repeat(32)).unwrap(), Vec::new());
        let folder = tempfile::tempdir().unwrap();
        let store = people(&folder.path().join("test.db")).await;
        let attempts = Arc::new(MemoryAttempts::default());
        let sessions = Recorded(Arc::clone(&store), Arc::clone(front));
        let sessions = Arc::new(Sessions::new(Arc::new(sessions), &keyring, system.clone()));
        let counters = Arc::new(MemoryCounters::sized(Room::default()));
        let counters = Recorded(counters, Arc::clone(front));
        let (outbox, jobs) = Outbox::new();
        let (outbox, keys) = (Arc::new(outbox), Arc::new(Keys::new(&keyring)));
        let login = LoginParts {
            attempts: Arc::new(Recorded(Arc::clone(&attempts), Arc::clone(front))),
            logins: Arc::new(Recorded(Arc::clone(&store), Arc::clone(front))),
            users: Arc::new(Recorded(Arc::clone(&store), Arc::clone(front))),
            sessions: Arc::clone(&sessions),
            outbox: Arc::clone(&outbox),
            limiter: Arc::new(Limiter::new(Arc::new(counters), &keyring)),
            keys: Arc::clone(&keys),
            events: Arc::new(Log::new(Arc::clone(&system.clock))),
            system: system.clone(),
        };
        let texts = Arc::<Mutex<_>>::default();
        let provider = Provider { record: Arc::clone(behind), texts: Arc::clone(&texts) };
        let template = SmsTemplate::parse(&config.sms_template, "Acme").unwrap();
        let sender = Sender {
            attempts: Arc::new(Recorded(attempts, Arc::clone(behind))),
            users: Arc::new(Recorded(Arc::clone(&store), Arc::clone(behind))),
            keys,
            delivery: Arc::new(Delivery::new(vec![Arc::new(provider)], system.clone())),
            templates: Arc::new(SmsTemplates::new(template)),
            events: Arc::new(Log::new(Arc::clone(&system.clock))),
            system: system.clone(),
        };
        let login = Login::new(login, config.login, config.session);
        let parts = Parts {
            login: login.clone(),
            sessions,
            session: config.session,
            tickets: Arc::new(MemoryTickets::default()),
            login_tickets: Arc::new(MemoryTickets::default()),
            oauth: config.oauth,
            grants: Arc::clone(&store) as _,
            keys: Arc::default(),
            directory: Arc::new(Directory::new(config.users)),
            map: Arc::new(Map::new(config.issuer, config.prefix, config.sites)),
            pages: Pages::built_in("Acme").unwrap(),
            events: Arc::new(Log::new(Arc::clone(&system.clock))),
            system,
        };
        let worker = OutboxWorker::new(jobs, sender);
        let router = doorcode::web::router(Arc::new(Web::new(parts, &keyring)));
        let cookie = String::new();
        Self { login, router, clock, outbox, worker, texts, cookie, _folder: folder }
    }

    pub(super) fn pass_cool_down(&self) {
        self.clock.pass(Duration::from_secs(33));
    }

    /// Sends until no text waits any more, if so wished.
    pub(super) async fn send_texts_if(&self, wished: bool) {
        if !wished {
            return;
        }
        let idle = async {
            while self.outbox.unfinished() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! { () = self.worker.run() => {}, () = idle => {} }
    }

    /// The code that was texted to this number.
    pub(super) fn code(&self, number: &str) -> Option<String> {
        let texts = self.texts.lock().unwrap();
        texts.iter().find(|(to, _)| to == number).map(|(_, text)| code_in(text))
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, String::new()).await
    }

    pub(super) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        let body = body.extend_pairs(form).finish();
        self.send("POST", path, body).await
    }

    pub(super) async fn follow(&mut self, answer: &Answer) -> Answer {
        let target = answer.header("location").unwrap().strip_prefix("/.doorcode").unwrap();
        self.get(target).await
    }

    async fn send(&mut self, method: &str, path: &str, body: String) -> Answer {
        let origin = Origin::parse("http://localhost:8080").unwrap();
        let facts = Facts {
            origin,
            base: "/.doorcode".to_owned(),
            issuer: true,
            site: true,
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .extension(facts)
            .header(header::ORIGIN, "http://localhost:8080")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, &self.cookie)
            .header("sec-fetch-mode", "navigate")
            .body(Body::from(body))
            .unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
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
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        crate::support::recording::routed(&format!("{method} {path}"), &parts, &body);
        Answer { status: parts.status.as_u16(), headers, body }
    }
}

/// A user, and one who is blocked.
async fn people(path: &Path) -> Arc<SqlStore> {
    let store = SqlStore::open(&Database::Sqlite(path.to_owned())).await.unwrap();
    let now = Timestamp::from_millis(0);
    let phone = |e164| PhoneNumber::from_e164(e164).unwrap();
    let user = |n: u8, e164| (UserId::from_bytes([n; 12]), phone(e164).into());
    store.enrol(&[user(1, USER), user(2, BLOCKED)], now).await.unwrap();
    store.set_blocked(&phone(BLOCKED).into(), true, now).await.unwrap();
    Arc::new(store)
}
