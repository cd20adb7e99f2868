//! A login in this process, over a real database, with a trap before every store.
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use doorcode::config::Config;
use doorcode::delivery::sms::{Message, Receipt, SmsProvider};
use doorcode::delivery::{Delivery, Failure, SendError};
use doorcode::domain::{
    ClientId, GrantId, Keyring, PhoneNumber, RefreshFamilyDigest, RefreshTokenDigest, Scope,
    ServerSecret,
};
use doorcode::events::Log;
use doorcode::login::{
    Asker, Gives, Keys, Limiter, Login, Outbox, OutboxWorker, Parts, Sender, Start, Verdict,
};
use doorcode::session::{Sessions, Settings, beginning};
use doorcode::store::{
    Attempt, Database, MemoryAttempts, MemoryCounters, NewGrant, RefreshDigests, Room, SqlStore,
    StoreError,
};
use doorcode::system::{Clock as _, System};
use doorcode::words::{SmsTemplate, SmsTemplates};
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};

use crate::fail_points::trap::{Trap, Trapped};
use crate::support::still::{SeededRandom, StillClock};

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// What the provider refuses, with a number of its own for it.
pub(super) const REFUSED: (&str, u32) = ("+12025550199", 21_211);

pub(super) struct World {
    pub(super) login: Login,
    pub(super) sessions: Arc<Sessions>,
    pub(super) session: Settings,
    pub(super) store: Arc<SqlStore>,
    pub(super) trap: Arc<Trap>,
    pub(super) system: System,
    clock: Arc<StillClock>,
    outbox: Arc<Outbox>,
    worker: OutboxWorker,
    texts: Texts,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

type Texts = Arc<Mutex<Vec<(String, String)>>>;

struct Provider(Texts);

#[async_trait]
impl SmsProvider for Provider {
    fn name(&self) -> &'static str {
        "counting"
    }

    async fn send(&self, message: &Message<'_>) -> Result<Receipt, SendError> {
        let to = message.to.e164();
        if to == REFUSED.0 {
            let error = SendError::new("counting", Failure::BadNumber);
            return Err(SendError { code: Some(REFUSED.1), ..error });
        }
        self.0.lock().unwrap().push((to.to_owned(), message.text.to_owned()));
        Ok(Receipt { provider: "counting", id: "1".to_owned(), segments: None })
    }
}

/// What the code is to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Grant,
    Ticket,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::Grant, Self::Ticket];
}

fn config(sign_up: bool) -> Config {
    let text = format!(
        "[server]\nlisten = [\"127.0.0.1:1\"]\npublic_url = \"http://localhost:1/.doorcode\"\n\
         secret = \"env:SECRET\"\n[store]\ndatabase = \"sqlite:test.db\"\n[limits]\n\
         starts_per_address_10m = 100000\nstarts_per_address_1h = 100000\n\
         attempts_per_address = 100000\n[login]\ncountries = [\"US\"]\nsign_up = {sign_up}\n\
         [sms]\nproviders = [\"console\"]\n[[site]]\nname = \"Shop\"\n\
         url = \"http://localhost:1\"\nupstreams = [\"127.0.0.1:2\"]\n"
    );
    let environment = crate::support::settings::environment;
    let config = Config::read(&text, "test.toml", std::path::Path::new(""), &environment);
    config.unwrap_or_else(|problems| panic!("{problems}"))
}

/// The `n`th number.
pub(super) fn phone(n: usize) -> PhoneNumber {
    PhoneNumber::from_e164(&format!("+1212555{:04}", 2000 + n)).unwrap()
}

pub(super) fn client() -> Asker {
    Asker::api("spa", "sms", ADDRESS)
}

impl World {
    pub(super) async fn new() -> Self {
        Self::open(true).await
    }

    pub(super) async fn open(sign_up: bool) -> Self {
        let config = config(sign_up);
        let clock = Arc::new(StillClock::new());
        let system = System { clock: clock.clone(), random: Arc::new(SeededRandom::new(1)) };
        let keyring = Keyring::new(ServerSecret::new(&"k".repeat(32)).unwrap(), Vec::new());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let store = Arc::new(SqlStore::open(&Database::Sqlite(path.clone())).await.unwrap());
        let trap = Arc::<Trap>::default();
        let stored = Arc::new(Trapped(Arc::clone(&store), Arc::clone(&trap)));
        let sessions = Arc::new(Sessions::new(stored.clone(), &keyring, system.clone()));
        let counters = Arc::new(MemoryCounters::sized(Room::default()));
        let counters = Arc::new(Trapped(counters, Arc::clone(&trap)));
        let (outbox, jobs) = Outbox::new();
        let parts = Parts {
            attempts: Arc::new(Trapped(Arc::new(MemoryAttempts::default()), Arc::clone(&trap))),
            logins: stored.clone(),
            users: stored.clone(),
            sessions: Arc::clone(&sessions),
            outbox: Arc::new(outbox),
            limiter: Arc::new(Limiter::new(counters, &keyring)),
            keys: Arc::new(Keys::new(&keyring)),
            events: Arc::new(Log::new(Arc::clone(&system.clock))),
            system: system.clone(),
        };
        let texts = Texts::default();
        let provider = Arc::new(Provider(Arc::clone(&texts)));
        let template = SmsTemplate::parse("{{ code }}", "Acme").unwrap();
        let sender = Sender {
            attempts: Arc::clone(&parts.attempts),
            users: stored,
            keys: Arc::clone(&parts.keys),
            delivery: Arc::new(Delivery::new(vec![provider], system.clone())),
            templates: Arc::new(SmsTemplates::new(template)),
            events: Arc::new(Log::new(Arc::clone(&system.clock))),
            system: system.clone(),
        };
        let (outbox, worker) = (Arc::clone(&parts.outbox), OutboxWorker::new(jobs, sender));
        let session = config.session;
        let login = Login::new(parts, config.login, session);
        Self {
            login,
            sessions,
            session,
            store,
            trap,
            system,
            clock,
            outbox,
            worker,
            texts,
            path,
            _folder: folder,
        }
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    /// Asks for a code, and gives it as it was texted, if it was.
    pub(super) async fn start(&self, asker: Asker, phone: &PhoneNumber) -> Option<String> {
        let start = Start {
            asker,
            phone,
            language: None,
            page_language: None,
            page_host: None,
            application: None,
        };
        self.login.start(start).await.unwrap();
        let idle = async {
            while self.outbox.unfinished() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! { () = self.worker.run() => {}, () = idle => {} }
        let texts = self.texts.lock().unwrap();
        texts.iter().rfind(|(to, _)| to == phone.e164()).map(|(_, text)| text.clone())
    }

    pub(super) async fn attempt(&self, phone: &PhoneNumber) -> Attempt {
        let patience = Duration::from_secs(10);
        let found = self.login.attempt_with_outcome(&client(), phone, patience).await;
        found.unwrap().expect("an attempt")
    }

    pub(super) async fn give(
        &self,
        phone: &PhoneNumber,
        code: &str,
        kind: Kind,
    ) -> Result<Verdict, StoreError> {
        self.login.verify(&client(), phone, code, self.gives(kind)).await
    }

    pub(super) fn gives(&self, kind: Kind) -> Gives<'static> {
        let beginning = beginning(Some("Firefox/140.0 (X11; Linux x86_64)"), ADDRESS);
        let now = self.clock.now();
        let grant = || NewGrant {
            id: GrantId::from_bytes(self.system.random()),
            client: ClientId::parse("spa").unwrap(),
            scope: Scope::parse("openid offline_access").unwrap(),
            audience: None,
            expires: now + Duration::from_hours(90 * 24),
            idle: Duration::from_hours(30 * 24),
            refresh: Some(RefreshDigests {
                family: RefreshFamilyDigest::from_bytes(self.system.random()),
                present: RefreshTokenDigest::from_bytes(self.system.random()),
            }),
        };
        match kind {
            Kind::Grant => Gives::Api { beginning, grant: grant() },
            Kind::Ticket => Gives::Ticket { beginning },
        }
    }

    async fn database(&self) -> SqliteConnection {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&self.path);
        options.busy_timeout(Duration::from_secs(10)).connect().await.unwrap()
    }

    pub(super) async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&mut self.database().await).await.unwrap()
    }

    pub(super) async fn execute(&self, sql: String) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.database().await).await.unwrap();
    }
}
