//! Sessions with providers: what they do between texts runs as one job, across reloads.
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;

use crate::delivery::Delivery;
use crate::proxy::BackgroundJob;

/// Hands what providers do between texts to the job that runs it.
#[derive(Clone)]
pub(super) struct ProviderSessions(mpsc::UnboundedSender<BoxFuture<'static, ()>>);

impl ProviderSessions {
    pub(super) fn new() -> (Self, BackgroundJob) {
        let (queue, sessions) = mpsc::unbounded_channel();
        let job = BackgroundJob { name: "provider sessions", run: Box::pin(run(sessions)) };
        (Self(queue), job)
    }

    /// Runs them as long as `delivery` is there.
    pub(super) fn keep(&self, delivery: &Delivery) {
        for session in delivery.background() {
            // Fails only in a shutdown, which stopped the job.
            let _ = self.0.send(session);
        }
    }
}

async fn run(mut queue: mpsc::UnboundedReceiver<BoxFuture<'static, ()>>) {
    let mut running = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(()) = running.next(), if !running.is_empty() => {}
            session = queue.recv() => match session {
                Some(session) => running.push(session),
                None => return,
            },
        }
    }
}
