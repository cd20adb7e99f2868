//! The end of the process: readiness fails, listeners close, what was accepted is answered,
//! texts that wait are sent, then the process ends.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::server::{ShutdownSignal, ShutdownSignalWatch, ShutdownWatch};
use pingora_core::services::background::BackgroundService;
use pingora_proxy::Session;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Mutex, Notify};
use tracing::{info, warn};

use super::connections::Connections;

/// The longest that a shutdown takes; below the 30 s after which container runtimes kill.
pub(super) const LONGEST: Duration = Duration::from_secs(25);
/// Websockets and event streams never end by themselves: this long after the listeners closed they
/// are ended, so that their clients come back to another process.
const STREAMS_END: Duration = Duration::from_secs(3);
const LOOKED_AGAIN: Duration = Duration::from_millis(20);

/// Whether load balancers should send requests here.
#[derive(Debug, Default)]
pub struct Readiness(AtomicBool);

impl Readiness {
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Release);
    }

    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The end of everything that would never end by itself.
#[derive(Debug, Default)]
pub struct LastCall {
    made: AtomicBool,
    told: Notify,
}

impl LastCall {
    fn make(&self) {
        self.made.store(true, Ordering::Release);
        self.told.notify_waiters();
    }

    pub(super) async fn heard(self: Arc<Self>) {
        let told = self.told.notified();
        tokio::pin!(told);
        // Listens before it looks: a call between the two is not missed.
        told.as_mut().enable();
        if !self.made.load(Ordering::Acquire) {
            told.await;
        }
    }
}

/// What must be done before the process ends.
pub struct Drain {
    pub readiness: Readiness,
    pub connections: Connections,
    pub last_call: Arc<LastCall>,
    /// Texts that are not sent yet.
    pub unsent: Box<dyn Fn() -> usize + Send + Sync>,
    /// Runs last, when nothing is under way any more.
    pub finish: Box<dyn Fn() -> futures_util::future::BoxFuture<'static, ()> + Send + Sync>,
    /// Ends the process: Pingora would sleep out its grace period even when all is done.
    pub exit: Box<dyn Fn() + Send + Sync>,
}

/// [`Drain`] as a service of Pingora's.
pub(super) struct Drainer {
    pub(super) drain: Arc<Drain>,
    pub(super) stop: Arc<Stop>,
    /// The longest that it takes, from when the listeners close.
    pub(super) longest: Duration,
}

#[async_trait]
impl BackgroundService for Drainer {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        if shutdown.changed().await.is_err() {
            return;
        }
        tokio::select! {
            () = self.finish() => info!("ended"),
            () = self.stop.again() => self.drain.warn_of_the_rest(),
        }
        (self.drain.exit)();
    }
}

impl Drainer {
    async fn finish(&self) {
        let drain = &self.drain;
        let last_call = async {
            tokio::time::sleep(STREAMS_END).await;
            drain.last_call.make();
            std::future::pending::<()>().await;
        };
        let emptied = async {
            while drain.connections.open() > 0 || (drain.unsent)() > 0 {
                tokio::time::sleep(LOOKED_AGAIN).await;
            }
        };
        let ended = async {
            tokio::select! {
                () = emptied => {}
                () = last_call => {}
            }
        };
        if tokio::time::timeout(self.longest, ended).await.is_err() {
            drain.warn_of_the_rest();
        }
        (drain.finish)().await;
    }
}

impl Drain {
    /// Once the process is ending, every answer closes its connection, also that to a request
    /// which came before: whoever is told that a connection stays would lose the next request.
    pub(super) fn close_if_ending(&self, session: &mut Session) {
        if !self.readiness.is_ready() {
            session.set_keepalive(None);
        }
    }

    fn warn_of_the_rest(&self) {
        let (open, unsent) = (self.connections.open(), (self.unsent)());
        warn!(open, unsent, "ending with connections open or texts unsent");
    }
}

/// The signals of the process, caught from the moment this is made: SIGHUP would kill otherwise.
pub struct Signals(Mutex<Caught>);

struct Caught {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Must be called on a tokio runtime that lives as long as the process.
    pub fn catch() -> std::io::Result<Self> {
        Ok(Self(Mutex::new(Caught {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })))
    }

    async fn stop(&self) -> ShutdownSignal {
        let mut caught = self.0.lock().await;
        let Caught { terminate, interrupt, hang_up } = &mut *caught;
        let (name, how) = loop {
            tokio::select! {
                _ = terminate.recv() => break ("SIGTERM", ShutdownSignal::GracefulTerminate),
                // Somebody sits at the terminal and does not want to wait.
                _ = interrupt.recv() => break ("SIGINT", ShutdownSignal::FastShutdown),
                _ = hang_up.recv() => hung_up(),
            }
        };
        info!(name, "ending");
        how
    }

    /// Somebody asks once more, and does not want to wait.
    async fn again(&self) {
        let mut caught = self.0.lock().await;
        let Caught { terminate, interrupt, .. } = &mut *caught;
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
        info!("asked again: ending at once");
    }
}

fn hung_up() {
    warn!("SIGHUP: this version does not reload its configuration; nothing changed");
}

/// What tells the server to stop.
pub enum Stop {
    /// The process's signals; accepted requests are answered first.
    Signals(Signals),
    /// For tests: at once, when the other end is dropped.
    Dropped(tokio::sync::watch::Receiver<()>),
}

impl Stop {
    /// Comes back when the process is to end at once although it is ending already.
    async fn again(&self) {
        match self {
            Self::Signals(signals) => signals.again().await,
            Self::Dropped(_) => std::future::pending().await,
        }
    }
}

pub(super) struct Watch {
    pub(super) stop: Arc<Stop>,
    pub(super) drain: Arc<Drain>,
    /// From when readiness fails until the listeners close: load balancers are to notice.
    pub(super) delay: Duration,
}

#[async_trait]
impl ShutdownSignalWatch for Watch {
    async fn recv(&self) -> ShutdownSignal {
        match &*self.stop {
            Stop::Signals(signals) => {
                let how = signals.stop().await;
                self.drain.readiness.set(false);
                let delay = match how {
                    ShutdownSignal::FastShutdown => Duration::ZERO,
                    _ => self.delay,
                };
                tokio::select! {
                    () = tokio::time::sleep(delay) => how,
                    () = signals.again() => ShutdownSignal::FastShutdown,
                }
            }
            Stop::Dropped(watch) => {
                let mut watch = watch.clone();
                while watch.changed().await.is_ok() {}
                self.drain.readiness.set(false);
                ShutdownSignal::FastShutdown
            }
        }
    }
}
