//! Doorcode's pages in this process, over a real database, with a trap before every store.
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use doorcode::config::Config;
use doorcode::delivery::sms::{Message, Receipt, SmsProvider};
use doorcode::delivery::{Delivery, SendError};
use doorcode::domain::{Keyring, Origin, PhoneNumber, ServerSecret};
use doorcode::events::Log;
use doorcode::gate::Map;
use doorcode::login::{Keys, Limiter, Login, Outbox, OutboxWorker, Parts as LoginParts, Sender};
use doorcode::pages::views::Pages;
use doorcode::pages::{Facts, Parts, Web};
use doorcode::session::Sessions;
use doorcode::store::{
    Database, KeptCounters, MemoryAttempts, MemoryTickets, Room, SqlStore, Users as _,
};
use doorcode::system::{Clock as _, System};
use doorcode::users::Directory;
use doorcode::words::{SmsTemplate, SmsTemplates};
use http::{Request, header};
use http_body_util::BodyExt as _;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};
use tower::ServiceExt as _;

use super::trap::{Trap, Trapped};
use crate::support::settings::{Settings, environment};
use crate::support::still::{SeededRandom, StillClock};

type Texts = Arc<Mutex<Vec<(String, String)>>>;

pub(super) struct World {
    pub(super) trap: Arc<Trap>,
    router: Router,
    clock: Arc<StillClock>,
    outbox: Arc<Outbox>,
    worker: OutboxWorker,
    texts: Texts,
    store: Arc<SqlStore>,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

/// A request, as far as this world tells them apart.
pub(super) struct Ask<'a> {
    pub(super) method: &'static str,
    pub(super) target: &'a str,
    pub(super) form: &'a [(&'a str, &'a str)],
    pub(super) address: IpAddr,
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Below the pages' own path, or nothing.
    pub(super) location: String,
    pub(super) body: String,
}

/// Takes every text.
struct Provider(Texts);

#[async_trait]
impl SmsProvider for Provider {
    fn name(&self) -> &'static str {
        "counting"
    }

    async fn send(&self, message: &Message<'_>) -> Result<Receipt, SendError> {
        let text = (message.to.e164().to_owned(), message.text.to_owned());
        self.0.lock().unwrap().push(text);
        Ok(Receipt { provider: "counting", id: "1".to_owned(), segments: None })
    }
}

fn config() -> Config {
    let origin = "http://localhost:8080";
    let settings = Settings { port: 8080, admin: 9, origin, app: 9, twilio: "http://127.0.0.1:9" };
    Config::read(&settings.text(&[]), "test.toml", Path::new(""), &environment).unwrap()
}

impl World {
    pub(super) async fn new() -> Self {
        let config = config();
        let clock = Arc::new(StillClock::new());
        let system = System { clock: clock.clone(), random: Arc::new(SeededRandom::new(1)) };
        let keyring = Keyring::new(ServerSecret::new(&"k".repeat(32)).unwrap(), Vec::new());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let store = Arc::new(SqlStore::open(&Database::Sqlite(path.clone())).await.unwrap());
        let trap = Arc::<Trap>::default();
        let attempts = Arc::new(Trapped(Arc::new(MemoryAttempts::default()), Arc::clone(&trap)));
        let stored = Arc::new(Trapped(Arc::clone(&store), Arc::clone(&trap)));
        let sessions = Arc::new(Sessions::new(stored.clone(), &keyring, system.clone()));
        let counters = KeptCounters::open(Arc::clone(&store), Room::default(), clock.now()).await;
        let counters = Arc::new(Trapped(Arc::new(counters.unwrap()), Arc::clone(&trap)));
        let (outbox, jobs) = Outbox::new();
        let (outbox, keys) = (Arc::new(outbox), Arc::new(Keys::new(&keyring)));
        let login = LoginParts {
            attempts: attempts.clone(),
            logins: stored.clone(),
            users: stored.clone(),
            sessions: Arc::clone(&sessions),
            outbox: Arc::clone(&outbox),
            limiter: Arc::new(Limiter::new(counters, &keyring)),
            keys: Arc::clone(&keys),
            events: Arc::new(Log::new(Arc::clone(&system.clock))),
            system: system.clone(),
        };
        let texts = Texts::default();
        let provider = Arc::new(Provider(Arc::clone(&texts)));
        let sender = Sender {
            attempts,
            users: stored,
            keys,
            delivery: Arc::new(Delivery::new(vec![provider], system.clone())),
            templates: Arc::new(SmsTemplates::new(
                SmsTemplate::parse(&config.sms_template, "Acme").unwrap(),
            )),
            events: Arc::new(Log::new(Arc::clone(&system.clock))),
            system: system.clone(),
        };
        let parts = Parts {
            login: Login::new(login, config.login, config.session),
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
        Self { trap, router, clock, outbox, worker, texts, store, path, _folder: folder }
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    /// Sends until no text waits any more.
    pub(super) async fn send_texts(&self) {
        let idle = async {
            while self.outbox.unfinished() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! { () = self.worker.run() => {}, () = idle => {} }
    }

    /// What was texted to this number.
    pub(super) fn texts(&self, phone: &str) -> Vec<String> {
        let texts = self.texts.lock().unwrap();
        texts.iter().filter(|(to, _)| to == phone).map(|(_, text)| text.clone()).collect()
    }

    /// Waits until a transaction that somebody left has ended: there is one writer.
    pub(super) async fn settle(&self, name: &str) {
        let nobody = PhoneNumber::from_e164("+12025550100").unwrap();
        let found = self.store.set_roles(&nobody.into(), &BTreeSet::new()).await;
        assert!(matches!(found, Ok(None)), "{name}: the writer is stuck: {found:?}");
    }

    async fn database(&self) -> SqliteConnection {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&self.path);
        options.busy_timeout(Duration::from_secs(10)).connect().await.unwrap()
    }

    /// The number that a query with the one bound `phone` answers.
    pub(super) async fn count(&self, query: &'static str, phone: &str) -> i64 {
        let mut database = self.database().await;
        sqlx::query_scalar(query).bind(phone).fetch_one(&mut database).await.unwrap()
    }

    pub(super) async fn execute(&self, sql: String) {
        let mut database = self.database().await;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut database).await.unwrap();
    }

    pub(super) async fn ask(&self, ask: Ask<'_>, jar: &mut BTreeMap<String, String>) -> Answer {
        let facts = Facts {
            origin: Origin::parse("http://localhost:8080").unwrap(),
            base: "/.doorcode".to_owned(),
            issuer: true,
            site: true,
            client: ask.address,
        };
        let cookies: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(ask.form).finish();
        let request = Request::builder()
            .method(ask.method)
            .uri(ask.target)
            .extension(facts)
            .header(header::ORIGIN, "http://localhost:8080")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, cookies.join("; "))
            .header("sec-fetch-mode", "navigate")
            .body(Body::from(body))
            .unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            jar.insert(name.to_owned(), value.to_owned());
        }
        let location = parts.headers.get(header::LOCATION).map(|to| to.to_str().unwrap());
        let location = location.and_then(|to| to.strip_prefix("/.doorcode")).unwrap_or_default();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status.as_u16(),
            location: location.to_owned(),
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

/// An address that nobody else asks from.
pub(super) fn address(n: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n))
}
