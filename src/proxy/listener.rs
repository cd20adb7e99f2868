//! What a listener does with a connection: counts it, refuses it above the limits, speaks TLS, and wraps
//! it before Pingora gets it.
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;

use super::connection::GuardedStream;
use super::connections::{Connections, ListenerGuard};
use super::parser_errors::ParserErrors;

/// How long after the listeners closed the requests of accepted connections are awaited: a client may
/// have sent one before it could know, over a slow network or from a busy machine.
const LAST_ARRIVALS: Duration = Duration::from_secs(1);

/// The listener's service: wraps each stream and hands it to Pingora's proxy.
pub(super) struct ListenerService<A> {
    inner: Arc<A>,
    connections: Connections,
    guard: ListenerGuard,
    parser_errors: Arc<ParserErrors>,
}

impl<A> ListenerService<A> {
    pub(super) fn new(
        inner: A,
        connections: Connections,
        guard: ListenerGuard,
        parser_errors: ParserErrors,
    ) -> Self {
        Self { inner: Arc::new(inner), connections, guard, parser_errors: Arc::new(parser_errors) }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for ListenerService<A> {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let digest = stream.get_socket_digest();
        let address = digest.as_ref().and_then(|digest| digest.peer_addr()?.as_inet());
        let from = address.map(std::net::SocketAddr::ip);
        let _slot = self.connections.acquire(from, &self.guard)?;
        let stream = match &self.guard.tls {
            Some(tls) => tls.accept(stream).await?,
            None => stream,
        };
        let parser_errors = Arc::clone(&self.parser_errors);
        let guarded = GuardedStream::new(stream, self.guard.limits.idle, from, parser_errors);
        let mut next = self.inner.process_new(Box::new(guarded), shutdown).await;
        // A connection that stays open comes back, still wrapped.
        while let Some(stream) = next {
            next = self.inner.process_new(stream, shutdown).await;
        }
        None
    }

    async fn cleanup(&self) {
        tokio::time::sleep(LAST_ARRIVALS).await;
        self.inner.cleanup().await;
    }
}
