//! Graceful shutdown: readiness fails, listeners close, accepted requests are answered, queued texts
//! are sent, then the process ends.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::server::{ShutdownSignal, ShutdownSignalWatch, ShutdownWatch};
use pingora_core::services::background::BackgroundService;
use pingora_proxy::Session;
use tokio::sync::Notify;
use tracing::{info, warn};

use super::connections::Connections;
use super::readiness::{Phase, Readiness};
use super::signals::Signals;
use super::sockets::Sockets;

/// Limit for a shutdown; below the 30 s after which container runtimes kill.
pub(super) const MAX_DURATION: Duration = Duration::from_secs(25);
/// How long after the listeners closed websockets and event streams are ended, so that their clients
/// reconnect to another process.
const STREAMS_END_AFTER: Duration = Duration::from_secs(3);
/// How long whoever asked for an upgrade has to read what came of it.
const ANSWERED_WITHIN: Duration = Duration::from_secs(1);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Limit for the background jobs to stop.
const JOBS_STOP_WITHIN: Duration = Duration::from_secs(2);

/// Tells long-lived connections to end.
#[derive(Debug, Default)]
pub struct DrainSignal {
    sent: AtomicBool,
    notify: Notify,
}

impl DrainSignal {
    pub fn send(&self) {
        self.sent.store(true, Ordering::Release);
        self.notify.notify_waiters();
    }

    /// Returns when it was sent.
    pub async fn received(self: Arc<Self>) {
        let notify = self.notify.notified();
        tokio::pin!(notify);
        // Registers before it checks, so that a signal between the two is not missed.
        notify.as_mut().enable();
        if !self.sent.load(Ordering::Acquire) {
            notify.await;
        }
    }
}

/// Ends the long-lived requests of sites that a reload took away, as a shutdown does.
pub async fn end_streams(of: Vec<Arc<DrainSignal>>) {
    tokio::time::sleep(STREAMS_END_AFTER).await;
    for end in of {
        end.send();
    }
}

/// The background jobs that run. They end before what they use is closed: a job that met a closed
/// database would log an error in every shutdown.
#[derive(Debug, Default)]
pub struct Jobs {
    end: Arc<DrainSignal>,
    running: AtomicUsize,
}

impl Jobs {
    /// Runs a job until [`Self::stop`]; what it is waiting for then is dropped.
    pub(super) async fn run(&self, job: impl Future<Output = ()> + Send) {
        self.running.fetch_add(1, Ordering::AcqRel);
        tokio::select! {
            biased;
            () = Arc::clone(&self.end).received() => {}
            () = job => {}
        }
        self.running.fetch_sub(1, Ordering::AcqRel);
    }

    async fn stop(&self) {
        self.end.send();
        let stopped = async {
            while self.running.load(Ordering::Acquire) > 0 {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        // One that is busy for longer ends with the process.
        let _ = tokio::time::timeout(JOBS_STOP_WITHIN, stopped).await;
    }
}

/// Limit for what is finished before a process ends at once.
const FINISH_NOW_WITHIN: Duration = Duration::from_secs(1);

/// What a shutdown waits for and does.
pub struct Drain {
    pub readiness: Readiness,
    pub connections: Connections,
    pub drain_signal: Arc<DrainSignal>,
    /// Sent when no further connection is accepted.
    pub listeners_closed: Arc<DrainSignal>,
    /// Sent when the process that takes over needs nothing more of this one.
    pub released: Arc<DrainSignal>,
    pub jobs: Jobs,
    /// How many texts are queued.
    pub unsent: Box<dyn Fn() -> usize + Send + Sync>,
    /// Runs last, when no request or text is left.
    pub finish: Box<dyn Fn() -> futures_util::future::BoxFuture<'static, ()> + Send + Sync>,
    /// Ends the process. Pingora would sleep through its grace period even when nothing is left.
    pub exit: Box<dyn Fn() + Send + Sync>,
}

/// [`Drain`] as a background service of Pingora's.
pub(super) struct Drainer {
    pub(super) drain: Arc<Drain>,
    pub(super) stop: Arc<Stop>,
    /// Limit from when the listeners close.
    pub(super) longest: Duration,
    /// Limit of what is under way when another process took over.
    pub(super) after_upgrade: Duration,
}

#[async_trait]
impl BackgroundService for Drainer {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        if shutdown.changed().await.is_err() {
            return;
        }
        self.drain.listeners_closed.send();
        if self.drain.readiness.phase() == Phase::HandedOver {
            self.serve_the_rest().await;
        }
        tokio::select! {
            () = self.finish() => info!("shut down"),
            () = self.stop.second_signal() => self.drain.warn_of_unfinished(),
        }
        (self.drain.exit)();
    }
}

impl Drainer {
    /// Serves what is under way while another process accepts what is new.
    async fn serve_the_rest(&self) {
        let drain = &self.drain;
        let left = async {
            Arc::clone(&drain.released).received().await;
            // Whoever asked for it gets an answer.
            tokio::time::sleep(ANSWERED_WITHIN).await;
            drain.emptied().await;
        };
        tokio::select! {
            () = left => {}
            () = tokio::time::sleep(self.after_upgrade) => {}
            () = self.stop.next_signal() => info!("shutting down"),
        }
    }

    async fn finish(&self) {
        let drain = &self.drain;
        let drain_signal = async {
            tokio::time::sleep(STREAMS_END_AFTER).await;
            drain.drain_signal.send();
            std::future::pending::<()>().await;
        };
        let ended = async {
            tokio::select! {
                () = drain.emptied() => {}
                () = drain_signal => {}
            }
        };
        if tokio::time::timeout(self.longest, ended).await.is_err() {
            drain.warn_of_unfinished();
        }
        drain.jobs.stop().await;
        (drain.finish)().await;
    }
}

impl Drain {
    /// During a shutdown every answer closes its connection, also to requests that came before it:
    /// a client that reused the connection would lose its next request.
    pub(super) fn close_if_ending(&self, session: &mut Session) {
        if !self.readiness.is_ready() {
            session.set_keepalive(None);
        }
    }

    /// What a process does that ends without a drain, as far as there is time: others learn that it is
    /// gone.
    async fn finish_now(&self) {
        let finished = async {
            self.jobs.stop().await;
            (self.finish)().await;
        };
        // What is busy for longer ends with the process.
        let _ = tokio::time::timeout(FINISH_NOW_WITHIN, finished).await;
    }

    /// Returns when nothing is left to answer or to send.
    async fn emptied(&self) {
        while self.connections.open() > 0 || (self.unsent)() > 0 {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    fn warn_of_unfinished(&self) {
        let (open, unsent) = (self.connections.open(), (self.unsent)());
        warn!(open, unsent, "shutting down with connections open or texts unsent");
    }
}

/// What stops the server.
pub enum Stop {
    /// The process's signals; accepted requests are answered first.
    Signals(Signals),
    /// For tests: at once, when the other end is dropped.
    Dropped(tokio::sync::watch::Receiver<()>),
}

impl Stop {
    /// Returns when a shutdown under way is to be cut short.
    async fn second_signal(&self) {
        self.next_signal().await;
        info!("asked again: shutting down at once");
    }

    /// Returns at the next signal that ends a process.
    async fn next_signal(&self) {
        match self {
            Self::Signals(signals) => signals.next().await,
            Self::Dropped(_) => std::future::pending().await,
        }
    }
}

pub(super) struct SignalWatch {
    pub(super) stop: Arc<Stop>,
    pub(super) drain: Arc<Drain>,
    /// From failing readiness to closing the listeners, so that load balancers notice.
    pub(super) delay: Duration,
    /// Closed when the listeners close.
    pub(super) sockets: Arc<Sockets>,
}

#[async_trait]
impl ShutdownSignalWatch for SignalWatch {
    async fn recv(&self) -> ShutdownSignal {
        tokio::select! {
            how = self.stopped() => {
                self.sockets.close();
                how
            }
            // The job that hands over leaves the sockets when the new process has begun.
            () = self.drain.readiness.handed_over() => ShutdownSignal::GracefulTerminate,
        }
    }
}

impl SignalWatch {
    fn end(&self) {
        if self.drain.readiness.end() == Phase::Starting {
            // They are still those of the process before this one, with their files.
            self.sockets.leave();
        }
    }

    async fn stopped(&self) -> ShutdownSignal {
        match &*self.stop {
            Stop::Signals(signals) => {
                let how = signals.stop().await;
                self.end();
                let is_fast = matches!(how, ShutdownSignal::FastShutdown);
                let before = async {
                    if is_fast {
                        self.drain.finish_now().await;
                    } else {
                        tokio::time::sleep(self.delay).await;
                    }
                };
                tokio::select! {
                    () = before => how,
                    () = self.stop.second_signal() => ShutdownSignal::FastShutdown,
                }
            }
            Stop::Dropped(watch) => {
                let mut watch = watch.clone();
                while watch.changed().await.is_ok() {}
                self.end();
                ShutdownSignal::FastShutdown
            }
        }
    }
}
