//! The service of the public listeners: counts each connection and wraps its stream.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::server::ShutdownWatch;
use tracing::warn;

use super::budget::{BodyBudget, TotalBudget};
use super::connection::Connection;
use super::connections::{ConnectionSlot, ListenerGuard};
use super::drain::Drain;
use super::exchanges::Exchanges;
use super::guarded_stream::GuardedStream;
use super::parser_errors::ParserErrors;
use super::proxy_protocol::{self, HeaderError};
use super::reclaim::Reclaimer;
use super::snapshot::Shared;
use crate::domain::Peer;

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
    /// Connections of balancers that were closed for their header.
    without_header: AtomicU64,
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
            without_header: AtomicU64::new(0),
        }
    }

    /// Counts a connection, and finds out whom it is with. `None`: it is closed.
    async fn admit(&self, mut stream: Stream) -> Option<(Stream, Option<Peer>, ConnectionSlot)> {
        let (peer, connections) = (peer_of(&stream), &self.drain.connections);
        if !self.guard.expects_header(peer) {
            let slot = connections.acquire(peer.and_then(Peer::address), &self.guard)?;
            return Some((stream, peer, slot));
        }
        let slot = connections.acquire(None, &self.guard)?;
        match proxy_protocol::take_header(&mut stream).await {
            Ok(Some(client)) => {
                let slot = connections.attribute(slot, Some(client), &self.guard)?;
                Some((stream, Some(Peer::Address(client)), slot))
            }
            // Its own, such as a health check.
            Ok(None) => Some((stream, peer, slot)),
            Err(HeaderError::Nothing) => None,
            Err(why) => {
                self.without_header(peer, &why);
                None
            }
        }
    }

    /// Logs the 1st, 2nd, 4th, 8th, … of such connections.
    fn without_header(&self, peer: Option<Peer>, why: &HeaderError) {
        let closed = self.without_header.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(peer) = peer.filter(|_| closed.is_power_of_two()) {
            warn!(%peer, %why, closed, "connection of a server.proxy_protocol_from closed");
        }
    }

    async fn serve(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<()>
    where
        A: ServerApp + Send + Sync + 'static,
    {
        let (stream, peer, _slot) = self.admit(stream).await?;
        let from = peer.and_then(Peer::address);
        self.reclaimer.seen(self.drain.connections.open());
        let ending = self.drain.readiness.watch(shutdown);
        let (stream, certificate) = match &self.guard.tls {
            Some(tls) => tls.accept(stream).await?,
            None => (stream, None),
        };
        let parser_errors = Arc::clone(&self.parser_errors);
        let limits = &self.guard.limits;
        let budget = Arc::new(BodyBudget::new(self.budget.clone()));
        let connection = Arc::new(Connection::new(peer, certificate, budget, limits.least_rate));
        let guarded = GuardedStream::new(stream, connection, limits.idle, from, parser_errors);
        let mut next = self.inner.process_new(Box::new(guarded), &ending).await;
        // A connection that stays open comes back, still wrapped.
        while let Some(stream) = next {
            next = self.inner.process_new(stream, &ending).await;
        }
        Some(())
    }
}

/// The peer of a socket. `None`: it is gone already.
fn peer_of(stream: &Stream) -> Option<Peer> {
    let digest = stream.get_socket_digest()?;
    if let Some(address) = digest.peer_addr().and_then(|address| address.as_inet()) {
        return Some(Peer::Address(address.ip()));
    }
    // The peer's own end of a Unix socket has no name.
    let is_unix = matches!(digest.local_addr(), Some(SocketAddr::Unix(_)));
    is_unix.then_some(Peer::UnixSocket)
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
