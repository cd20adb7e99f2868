//! How far a process is, from its start to its end.
use std::sync::atomic::{AtomicBool, Ordering};

use pingora_core::server::ShutdownWatch;
use tokio::sync::watch;

/// How far a process is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Starting,
    Serving,
    /// Another process accepts what comes to the same sockets.
    HandedOver,
    Ending,
}

/// Whether load balancers should send requests to this process (`/readyz`).
#[derive(Debug, Default)]
pub struct Readiness {
    ready: AtomicBool,
    phase: watch::Sender<Phase>,
    /// `true` from the first moment of a shutdown.
    ending: watch::Sender<bool>,
}

impl Readiness {
    /// From now on requests are accepted.
    pub fn begin(&self) {
        if self.turn(Phase::Starting, Phase::Serving) {
            self.ready.store(true, Ordering::Release);
        }
    }

    /// From now on another process accepts them. `false`: this one is ending.
    pub fn hand_over(&self) -> bool {
        let is_handed_over = self.turn(Phase::Serving, Phase::HandedOver);
        if is_handed_over {
            self.no_more();
        }
        is_handed_over
    }

    /// Returns how far it was.
    pub(super) fn end(&self) -> Phase {
        let before = self.phase.send_replace(Phase::Ending);
        self.no_more();
        before
    }

    /// From one phase to the next, unless it is another one.
    fn turn(&self, from: Phase, to: Phase) -> bool {
        self.phase.send_if_modified(|phase| {
            let turns = *phase == from;
            if turns {
                *phase = to;
            }
            turns
        })
    }

    fn no_more(&self) {
        self.ready.store(false, Ordering::Release);
        self.ending.send_replace(true);
    }

    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    pub(super) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Returns when this is the phase.
    pub(super) async fn reached(&self, phase: Phase) {
        // The sender lives as long as this.
        let _ = self.phase.subscribe().wait_for(|now| *now == phase).await;
    }

    /// Returns when requests are accepted.
    pub async fn begun(&self) {
        let _ = self.phase.subscribe().wait_for(|now| *now != Phase::Starting).await;
    }

    /// Returns when a shutdown has begun.
    pub async fn ended(&self) {
        self.reached(Phase::Ending).await;
    }

    /// Returns when another process accepts what comes.
    pub async fn handed_over(&self) {
        self.reached(Phase::HandedOver).await;
    }

    /// What tells an accepted connection to end: the shutdown from its first moment, so that HTTP/2
    /// clients get GOAWAY (RFC 9113 §6.8) while load balancers still find the listeners open. A
    /// connection that is accepted later may send requests until `listeners`, when those close.
    pub(super) fn watch(&self, listeners: &ShutdownWatch) -> ShutdownWatch {
        let ending = self.ending.subscribe();
        if *ending.borrow() { listeners.clone() } else { ending }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_ends_accepts_and_hands_over_nothing_any_more() {
        let (early, late, former) =
            (Readiness::default(), Readiness::default(), Readiness::default());
        assert_eq!(early.end(), Phase::Starting);
        early.begin();
        late.begin();
        assert!(late.is_ready());
        assert_eq!(late.end(), Phase::Serving);
        former.begin();
        assert!(former.hand_over());
        for (it, phase) in
            [(&early, Phase::Ending), (&late, Phase::Ending), (&former, Phase::HandedOver)]
        {
            assert!(!it.is_ready() && !it.hand_over());
            assert_eq!(it.phase(), phase);
        }
    }
}
