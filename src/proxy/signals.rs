//! The signals of the process. Those that begin a shutdown, end one, or ask for a reload or an upgrade are
//! obeyed; all others that would end the process without a word are ignored with a line in the log.
use futures_util::future;
use pingora_core::server::ShutdownSignal;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Mutex;
use tracing::{info, warn};

use super::admin_requests::AdminRequests;

/// The signals of the process, handled from when this is created. Unhandled, most would end it.
pub struct Signals(Mutex<Caught>);

struct Caught {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    reloads: AdminRequests,
    quit: Signal,
    upgrades: AdminRequests,
    ignored: Vec<(&'static str, Signal)>,
}

/// Names and numbers of signals that are ignored. By default each ends a process (signal(7));
/// programs, shells and supervisors send them for reasons of their own: to reopen logs, to dump a state. Signals of faults and of resource limits keep their effect.
fn ignored() -> Vec<(&'static str, SignalKind)> {
    let mut all = vec![
        ("SIGUSR1", SignalKind::user_defined1()),
        ("SIGUSR2", SignalKind::user_defined2()),
        ("SIGALRM", SignalKind::alarm()),
    ];
    if cfg!(target_os = "linux") {
        // Of x86 and ARM.
        let others = [("SIGVTALRM", 26), ("SIGPROF", 27), ("SIGIO", 29), ("SIGPWR", 30)];
        all.extend(others.map(|(name, number)| (name, SignalKind::from_raw(number))));
    }
    all
}

impl Signals {
    /// Must be called on a tokio runtime that lives as long as the process. `reloads` are
    /// asked for by SIGHUP, `upgrades` by SIGQUIT.
    ///
    /// # Errors
    /// When the operating system refuses a signal handler.
    pub fn catch(reloads: AdminRequests, upgrades: AdminRequests) -> std::io::Result<Self> {
        let ignored = ignored().into_iter().map(|(name, kind)| Ok((name, signal(kind)?)));
        Ok(Self(Mutex::new(Caught {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            reloads,
            quit: signal(SignalKind::quit())?,
            upgrades,
            ignored: ignored.collect::<std::io::Result<_>>()?,
        })))
    }

    /// Waits for a signal that begins a shutdown.
    pub(super) async fn stop(&self) -> ShutdownSignal {
        let (name, how) = match self.0.lock().await.next().await {
            Asked::ToTerminate => ("SIGTERM", ShutdownSignal::GracefulTerminate),
            // From a terminal: end at once.
            Asked::ToInterrupt => ("SIGINT", ShutdownSignal::FastShutdown),
        };
        info!(name, "shutting down");
        how
    }

    /// Waits for the next signal that ends a process.
    pub(super) async fn next(&self) {
        self.0.lock().await.next().await;
    }
}

enum Asked {
    ToTerminate,
    ToInterrupt,
}

impl Caught {
    /// The next signal that is obeyed.
    async fn next(&mut self) -> Asked {
        loop {
            let ignored = self.ignored.iter_mut().map(|(name, signal)| {
                Box::pin(async {
                    signal.recv().await;
                    *name
                })
            });
            tokio::select! {
                _ = self.terminate.recv() => return Asked::ToTerminate,
                _ = self.interrupt.recv() => return Asked::ToInterrupt,
                _ = self.hangup.recv() => self.reloads.ask(),
                _ = self.quit.recv() => self.upgrades.ask(),
                (name, ..) = future::select_all(ignored) => ignore(name),
            }
        }
    }
}

fn ignore(name: &str) {
    warn!(
        signal = name,
        "signal ignored: SIGHUP reloads the configuration, SIGQUIT hands over to a new process, SIGTERM ends \
         the server"
    );
}
