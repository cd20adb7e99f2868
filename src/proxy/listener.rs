//! The service of the public listeners: counts each connection and wraps its stream.
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;

use super::budget::{BodyBudget, TotalBudget};
use super::connection::Connection;
use super::connections::ListenerGuard;
use super::drain::Drain;
use super::exchanges::Exchanges;
use super::guarded_stream::GuardedStream;
use super::parser_errors::ParserErrors;
use super::reclaim::Reclaimer;
use super::snapshot::Shared;

/// How long after the listeners closed the requests of accepted connections are awaited: a client may
/// have sent one before it could know, over a slow network or from a busy machine.
const LAST_ARRIVALS: Duration = Duration::from_secs(1);

/// The listener's service: wraps each stream and hands it to Pingora's proxy.
pub(super) struct ListenerService<A> {
    inner: Arc<A>,
    drain: Arc<Drain>,
    guard: ListenerGuard,
    parser_errors: Arc<ParserErrors>,
    budget: TotalBudget,
    exchanges: Exchanges,
    reclaimer: Reclaimer,
}

impl<A> ListenerService<A> {
    pub(super) fn new(
        inner: A,
        shared: &Shared,
        guard: ListenerGuard,
        reclaimer: Reclaimer,
    ) -> Self {
        Self {
            inner: Arc::new(inner),
            drain: Arc::clone(&shared.drain),
            guard,
            parser_errors: Arc::new(ParserErrors::new(shared.clone())),
            budget: TotalBudget::default(),
            exchanges: shared.exchanges.clone(),
            reclaimer,
        }
    }

    async fn serve(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<()>
    where
        A: ServerApp + Send + Sync + 'static,
    {
        let digest = stream.get_socket_digest();
        let address = digest.as_ref().and_then(|digest| digest.peer_addr()?.as_inet());
        let from = address.map(std::net::SocketAddr::ip);
        let connections = &self.drain.connections;
        let _slot = connections.acquire(from, &self.guard)?;
        self.reclaimer.seen(connections.open());
        let ending = self.drain.readiness.watch(shutdown);
        let stream = match &self.guard.tls {
            Some(tls) => tls.accept(stream).await?,
            None => stream,
        };
        let parser_errors = Arc::clone(&self.parser_errors);
        let limits = &self.guard.limits;
        let budget = Arc::new(BodyBudget::new(self.budget.clone()));
        let connection = Arc::new(Connection::new(budget, limits.least_rate));
        let guarded = GuardedStream::new(stream, connection, limits.idle, from, parser_errors);
        let mut next = self.inner.process_new(Box::new(guarded), &ending).await;
        // A connection that stays open comes back, still wrapped.
        while let Some(stream) = next {
            next = self.inner.process_new(stream, &ending).await;
        }
        Some(())
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for ListenerService<A> {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        // Boxed, so that what follows needs no room for it.
        Box::pin(self.serve(stream, shutdown)).await?;
        let connections = &self.drain.connections;
        self.reclaimer.ended(|| connections.open() + self.exchanges.open()).await;
        None
    }

    async fn cleanup(&self) {
        tokio::time::sleep(LAST_ARRIVALS).await;
        self.inner.cleanup().await;
    }
}
