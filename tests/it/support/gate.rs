//! A whole Doorcode in this process, between a double of Twilio and an app, with a clock that a
//! test moves.
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use doorcode::app::{self, AppDeps, Decorator};
use doorcode::config::Config;
use doorcode::proxy::{self, AccessLog, AdminRequests, GivenSockets, NameLookup, Sockets, Stop};
use doorcode::system::{Clock, System};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::browser::Browser;
use super::http::{Wire, exchange};
use super::ports::free_port;
use super::settings::{Settings, environment};
use super::still::{SeededRandom, StillClock};
use super::tables::{Count, connect};
use super::twilio::FakeTwilio;
use super::upstream::Upstream;

pub(crate) struct Gate {
    pub(crate) port: u16,
    pub(crate) admin: u16,
    pub(crate) origin: String,
    pub(crate) clock: Arc<StillClock>,
    pub(crate) texts: Arc<FakeTwilio>,
    pub(crate) app: Arc<Upstream>,
    pub(crate) folder: TempDir,
    pub(crate) config: Config,
    access_log: Captured,
    stop: Option<watch::Sender<()>>,
    server: Option<JoinHandle<()>>,
    /// The database's pool stays on it.
    runtime: Runtime,
}

/// What is around a server.
struct Around<'a> {
    /// Its own, unless something stands before it.
    origin: Option<&'a str>,
    texts: Arc<FakeTwilio>,
    app: Arc<Upstream>,
    clock: Arc<StillClock>,
    seed: u64,
    names: Names,
}

/// Resolves names as a test says; `None`: as the machine does.
#[derive(Default)]
struct Names(Option<Arc<dyn NameLookup>>);

impl Decorator for Names {
    fn names(&self, lookup: Arc<dyn NameLookup>) -> Arc<dyn NameLookup> {
        self.0.clone().unwrap_or(lookup)
    }
}

impl Default for Around<'_> {
    fn default() -> Self {
        let (texts, app) = (Arc::new(FakeTwilio::start()), Arc::new(Upstream::start()));
        Self {
            origin: None,
            texts,
            app,
            clock: Arc::new(StillClock::new()),
            seed: 1,
            names: Names::default(),
        }
    }
}

/// What was written to it, for a test to read.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Gate {
    pub(crate) fn start() -> Self {
        Self::changed(&[])
    }

    /// With the usual settings, each of `changes` made in them.
    pub(crate) fn changed(changes: &[(&str, &str)]) -> Self {
        Self::at(None, changes)
    }

    /// With names that lead where the test says.
    pub(crate) fn with_names(changes: &[(&str, &str)], names: Arc<dyn NameLookup>) -> Self {
        let around = Around { names: Names(Some(names)), ..Around::default() };
        let gate = Self::started(around, changes);
        wait_until_ready(gate.port, gate.admin);
        gate
    }

    /// As the world sees it at `origin`, where something before it speaks TLS.
    pub(crate) fn at(origin: Option<&str>, changes: &[(&str, &str)]) -> Self {
        let gate = Self::started(Around { origin, ..Around::default() }, changes);
        wait_until_ready(gate.port, gate.admin);
        gate
    }

    /// Another server for the same origin, which a balancer would lead to, at the same time and with the
    /// same app and Twilio. Waits until it answers, ready or not.
    pub(crate) fn beside(&self, changes: &[(&str, &str)]) -> Self {
        let around = Around {
            origin: Some(&self.origin),
            texts: Arc::clone(&self.texts),
            app: Arc::clone(&self.app),
            clock: Arc::clone(&self.clock),
            seed: 3,
            names: Names::default(),
        };
        let gate = Self::started(around, changes);
        wait_for("a server", || Wire::try_to(gate.admin).and(Wire::try_to(gate.port)).ok());
        gate
    }

    fn started(around: Around<'_>, changes: &[(&str, &str)]) -> Self {
        // Fails when another test was first.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let Around { origin, texts, app, clock, seed, names } = around;
        let (port, admin) = (free_port(), free_port());
        let here = format!("http://localhost:{port}");
        let origin = origin.unwrap_or(&here).to_owned();
        let twilio = texts.base_url();
        let settings = Settings { port, admin, origin: &origin, app: app.port, twilio: &twilio };
        let folder = tempfile::tempdir().expect("a folder");
        let text = settings.text(changes);
        let config = Config::read(&text, "story.toml", folder.path(), &environment);
        let config = config.unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        let kept = config.clone();
        let access_log = Captured::default();
        let around = AppDeps {
            system: System::new(clock.clone(), Arc::new(SeededRandom::new(seed))),
            access_log: AccessLog::to(access_log.clone()).expect("a thread"),
            exit: Box::new(|| {}),
            reloads: AdminRequests::new(),
            predecessor: None,
        };
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let parts = runtime.block_on(app::assemble(config, around, &names));
        let parts = parts.expect("a server").server;
        let (stop, stopped) = watch::channel(());
        let server = std::thread::spawn(move || {
            let sockets = Sockets::bind(&parts.settings, GivenSockets::default());
            let sockets = sockets.expect("sockets");
            proxy::run(parts, Stop::Dropped(stopped), Arc::new(sockets)).expect("listeners");
        });
        let (stop, server) = (Some(stop), Some(server));
        Self {
            port,
            admin,
            origin,
            clock,
            texts,
            app,
            folder,
            config: kept,
            access_log,
            stop,
            server,
            runtime,
        }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.origin, self.port, Arc::clone(&self.clock) as Arc<dyn Clock>)
    }

    /// Its own clock, for what runs beside it.
    pub(crate) fn system(&self) -> System {
        System::new(self.clock.clone(), Arc::new(SeededRandom::new(2)))
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }

    /// One request, byte for byte.
    #[track_caller]
    pub(crate) fn exchange(&self, request: &str) -> super::http::Answer {
        exchange(self.port, request.as_bytes())
    }

    pub(crate) fn count(&self, count: Count) -> i64 {
        self.runtime.block_on(count.read(&self.path()))
    }

    /// A connection of the test's own, beside the server's.
    pub(crate) fn database(&self) -> sqlx::SqliteConnection {
        self.runtime.block_on(connect(&self.path()))
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("doorcode.db")
    }

    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// The access log so far; a line is there soon after its answer.
    pub(crate) fn access_log(&self) -> String {
        let bytes = self.access_log.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Gate {
    /// Ends the server; the app and Twilio go on.
    pub(crate) fn end(&mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            // A server that failed has failed its test already.
            drop(server.join());
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.end();
    }
}

/// Both listeners answer, and the server says that it is ready.
pub(crate) fn wait_until_ready(port: u16, admin: u16) {
    let ready = || {
        let mut wire = Wire::try_to(admin).ok()?;
        wire.send(b"GET /readyz HTTP/1.1\r\nHost: admin\r\n\r\n").ok()?;
        let answer = wire.answer(false).ok()?;
        (answer.status == 200 && Wire::try_to(port).is_ok()).then_some(())
    };
    wait_for("a server that is ready", ready);
}

/// Looks until there is something, for a minute at most.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..6000 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no {what}");
}
