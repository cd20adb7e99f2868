//! Doorcode in this process without its listeners: requests go in behind the proxy, time stands
//! still, and a test decides what stands between the server and its stores.
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use doorcode::app::{AppDeps, Decorator, StoreSet, assemble};
use doorcode::config::Config;
use doorcode::delivery::SendError;
use doorcode::delivery::sms::{Message, Receipt, SmsProvider};
use doorcode::domain::{Origin, TextChannel};
use doorcode::login::Login;
use doorcode::pages::RequestContext;
use doorcode::proxy::{AccessLog, AdminRequests, Drain};
use doorcode::session::{SessionSettings, Sessions};
use doorcode::store::{Database, SqlStore};
use doorcode::system::System;
use futures_util::future::BoxFuture;
use http::{Request, header, response};
use http_body_util::BodyExt as _;
use sqlx::AssertSqlSafe;
use tower::ServiceExt as _;

use super::engines::Engines;
use super::settings::environment;
use super::still::{SeededRandom, StillClock};
use super::tables::{Count, connect};

const ORIGIN: &str = "http://localhost:8080";

pub(crate) struct World {
    pub(crate) login: Login,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) session: SessionSettings,
    /// The database, with nothing before it.
    pub(crate) store: Arc<SqlStore>,
    pub(crate) system: System,
    router: Router,
    clock: Arc<StillClock>,
    drain: Arc<Drain>,
    /// Sends texts whenever it is polled.
    worker: tokio::sync::Mutex<BoxFuture<'static, ()>>,
    texts: Texts,
    place: Place,
    /// How often it was started.
    starts: u64,
    folder: tempfile::TempDir,
}

/// Where the database is.
enum Place {
    File(PathBuf),
    Engines(Arc<Engines>),
}

/// Takes every text: the number, and what it was sent.
#[derive(Clone, Default)]
struct Texts(Arc<Mutex<Vec<(String, String)>>>, TextChannel);

#[async_trait]
impl SmsProvider for Texts {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn channel(&self) -> TextChannel {
        self.1
    }

    async fn send(&self, message: &Message<'_>) -> Result<Receipt, SendError> {
        let text = (message.to.e164().to_owned(), message.text.to_owned());
        self.0.lock().unwrap().push(text);
        Ok(Receipt { provider: "counting", id: "1".to_owned(), segments: None })
    }
}

/// A test's own decorator, with [`Texts`] instead of the configured providers.
struct InProcess<'a> {
    own: &'a dyn Decorator,
    texts: Texts,
}

impl Decorator for InProcess<'_> {
    fn stores_for_requests(&self, stores: StoreSet) -> StoreSet {
        self.own.stores_for_requests(stores)
    }

    fn stores_for_texts(&self, stores: StoreSet) -> StoreSet {
        self.own.stores_for_texts(stores)
    }

    fn providers(&self, _: Vec<Arc<dyn SmsProvider>>) -> Vec<Arc<dyn SmsProvider>> {
        let calls = Texts(Arc::clone(&self.texts.0), TextChannel::Voice);
        self.own.providers(vec![Arc::new(self.texts.clone()), Arc::new(calls)])
    }
}

/// A request for a page, as a browser makes it.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    /// Below the pages' own path.
    pub(crate) target: &'a str,
    pub(crate) form: &'a [(&'a str, &'a str)],
    /// The value of `Cookie`.
    pub(crate) cookies: &'a str,
    pub(crate) address: IpAddr,
}

impl World {
    /// Of these settings, whose database is in a folder of its own.
    pub(crate) async fn new(settings: &str, own: &dyn Decorator) -> Self {
        Self::on(None, settings, own).await
    }

    /// The same on these engines, if there are any.
    pub(crate) async fn on(
        engines: Option<Arc<Engines>>,
        settings: &str,
        own: &dyn Decorator,
    ) -> Self {
        let around = (tempfile::tempdir().unwrap(), Arc::new(StillClock::new()), Texts::default());
        Self::started(engines, settings, own, around, 1).await
    }

    /// Another process after this one, which was killed: what was in memory is gone.
    pub(crate) async fn restarted(self, settings: &str, own: &dyn Decorator) -> Self {
        let engines = match self.place {
            Place::File(_) => None,
            Place::Engines(engines) => Some(engines),
        };
        drop((self.router, self.worker));
        self.store.close().await;
        let around = (self.folder, self.clock, self.texts);
        Self::started(engines, settings, own, around, self.starts + 1).await
    }

    async fn started(
        engines: Option<Arc<Engines>>,
        settings: &str,
        own: &dyn Decorator,
        (folder, clock, texts): (tempfile::TempDir, Arc<StillClock>, Texts),
        starts: u64,
    ) -> Self {
        let config = Config::read(settings, "test.toml", folder.path(), &environment);
        let mut config = config.unwrap_or_else(|problems| panic!("{problems}"));
        let session = config.session;
        let place = match (engines, config.store.database.clone()) {
            (Some(engines), _) => {
                config.store = engines.settings(config.store.outage);
                Place::Engines(engines)
            }
            (None, Database::Sqlite(path)) => Place::File(path),
            (None, Database::Postgres(_)) => panic!("no file"),
        };
        let system = System::new(clock.clone(), Arc::new(SeededRandom::new(starts)));
        let around = AppDeps {
            system: system.clone(),
            access_log: AccessLog::off(),
            exit: Box::new(|| {}),
            reloads: AdminRequests::new(),
            predecessor: None,
        };
        let decorator = InProcess { own, texts: texts.clone() };
        let built = assemble(config, around, &decorator).await.unwrap();
        let shared = built.server.shared;
        let worker = built.server.jobs.into_iter().find(|job| job.name == "texts");
        Self {
            login: built.login,
            sessions: built.sessions,
            session,
            store: built.database,
            system,
            router: shared.snapshot.load().router.clone(),
            clock,
            drain: shared.drain,
            worker: tokio::sync::Mutex::new(worker.unwrap().run),
            texts,
            place,
            starts,
            folder,
        }
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    /// Sends until no text waits any more.
    pub(crate) async fn send_texts(&self) {
        let idle = async {
            while (self.drain.unsent)() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let work = async { self.worker.lock().await.as_mut().await };
        tokio::select! { () = work => {}, () = idle => {} }
    }

    /// What was texted to this number.
    pub(crate) fn texts(&self, phone: &str) -> Vec<String> {
        let texts = self.texts.0.lock().unwrap();
        texts.iter().filter(|(to, _)| to == phone).map(|(_, text)| text.clone()).collect()
    }

    pub(crate) async fn count(&self, count: Count) -> i64 {
        match &self.place {
            Place::File(path) => count.read(path).await,
            Place::Engines(engines) => engines.count(count).await,
        }
    }

    pub(crate) async fn execute(&self, sql: String) {
        match &self.place {
            Place::File(path) => {
                let mut database = connect(path).await;
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut database).await.unwrap();
            }
            Place::Engines(engines) => engines.execute(sql).await,
        }
    }

    /// The answer to a request, without the proxy before it.
    pub(crate) async fn answer(&self, ask: Ask<'_>) -> (response::Parts, String) {
        let context = RequestContext {
            origin: Origin::parse(ORIGIN).unwrap(),
            base: "/.doorcode".to_owned(),
            issuer: true,
            site: true,
            client: ask.address,
        };
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        let body = body.extend_pairs(ask.form).finish();
        let request = Request::builder()
            .method(ask.method)
            .uri(ask.target)
            .extension(context)
            .header(header::ORIGIN, ORIGIN)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, ask.cookies)
            .header("sec-fetch-mode", "navigate")
            .body(Body::from(body))
            .unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts, String::from_utf8(body.to_vec()).unwrap())
    }
}
