//! A request over HTTP/2 that keeps no copy of its body.
//!
//! Pingora copies the first 64 KiB of each request body in case the request is sent to an app again.
//! Ours never is when it has a body, and 32 of them on a connection would hold megabytes. Pingora has no
//! setting for it: a session of a protocol that it does not know may decline. All else is its own.
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;
use http::HeaderMap;
use pingora::Result;
use pingora_core::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora_core::protocols::Digest;
use pingora_core::protocols::http::custom::CustomMessageWrite;
use pingora_core::protocols::http::custom::server::Session;
use pingora_core::protocols::http::v2::server::{H2Options, HttpSession as Http2};
use pingora_core::protocols::http::{HttpTask, ServerSession};
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::server::ShutdownWatch;
use pingora_http::{RequestHeader, ResponseHeader};

/// Pingora's proxy, with sessions of ours for HTTP/2.
pub(super) struct Http2Sessions<P>(pub(super) Arc<P>);

#[async_trait]
impl<P: HttpServerApp + Send + Sync + 'static> HttpServerApp for Http2Sessions<P> {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let session = match session {
            ServerSession::H2(session) => {
                ServerSession::new_custom(Box::new(Http2Session(session)))
            }
            other => other,
        };
        self.0.process_new_http(session, shutdown).await
    }

    fn h2_options(&self) -> Option<H2Options> {
        self.0.h2_options()
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        self.0.server_options()
    }

    async fn http_cleanup(&self) {
        self.0.http_cleanup().await;
    }
}

type MessageReader = Box<dyn Stream<Item = Result<Bytes>> + Unpin + Send + Sync + 'static>;

struct Http2Session(Http2);

#[async_trait]
impl Session for Http2Session {
    /// Makes Pingora copy nothing.
    fn enable_retry_buffering(&mut self) {}

    fn get_retry_buffer(&self) -> Option<Bytes> {
        None
    }

    /// What was read of the body cannot be sent again.
    fn retry_buffer_truncated(&self) -> bool {
        self.0.body_bytes_read() > 0
    }

    fn req_header(&self) -> &RequestHeader {
        self.0.req_header()
    }

    fn req_header_mut(&mut self) -> &mut RequestHeader {
        self.0.req_header_mut()
    }

    async fn read_body_bytes(&mut self) -> Result<Option<Bytes>> {
        self.0.read_body_bytes().await
    }

    async fn read_body_or_idle(&mut self, no_body_expected: bool) -> Result<Option<Bytes>> {
        self.0.read_body_or_idle(no_body_expected).await
    }

    async fn drain_request_body(&mut self) -> Result<()> {
        self.0.drain_request_body().await
    }

    fn is_body_done(&mut self) -> bool {
        self.0.is_body_done()
    }

    fn is_body_empty(&mut self) -> bool {
        self.0.is_body_empty()
    }

    async fn write_response_header(&mut self, head: Box<ResponseHeader>, end: bool) -> Result<()> {
        self.0.write_response_header(head, end)
    }

    async fn write_response_header_ref(&mut self, head: &ResponseHeader, end: bool) -> Result<()> {
        self.0.write_response_header_ref(head, end)
    }

    async fn write_body(&mut self, part: Bytes, end: bool) -> Result<()> {
        self.0.write_body(part, end).await
    }

    async fn write_trailers(&mut self, trailers: HeaderMap) -> Result<()> {
        self.0.write_trailers(trailers)
    }

    async fn response_duplex_vec(&mut self, tasks: Vec<HttpTask>) -> Result<bool> {
        self.0.response_duplex_vec(tasks).await
    }

    fn response_written(&self) -> Option<&ResponseHeader> {
        self.0.response_written()
    }

    async fn finish(&mut self) -> Result<()> {
        self.0.finish()
    }

    async fn shutdown(&mut self, _code: u32, _why: &str) {
        self.0.shutdown();
    }

    /// As for HTTP/2 in Pingora: it is not limited.
    fn set_read_timeout(&mut self, _timeout: Option<Duration>) {}

    fn get_read_timeout(&self) -> Option<Duration> {
        None
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) {
        self.0.set_write_timeout(timeout);
    }

    fn get_write_timeout(&self) -> Option<Duration> {
        self.0.get_write_timeout()
    }

    fn set_total_drain_timeout(&mut self, timeout: Option<Duration>) {
        self.0.set_total_drain_timeout(timeout);
    }

    fn get_total_drain_timeout(&self) -> Option<Duration> {
        self.0.get_total_drain_timeout()
    }

    fn request_summary(&self) -> String {
        self.0.request_summary()
    }

    fn body_bytes_sent(&self) -> usize {
        self.0.body_bytes_sent()
    }

    fn body_bytes_read(&self) -> usize {
        self.0.body_bytes_read()
    }

    fn digest(&self) -> Option<&Digest> {
        self.0.digest()
    }

    fn digest_mut(&mut self) -> Option<&mut Digest> {
        self.0.digest_mut()
    }

    fn client_addr(&self) -> Option<&SocketAddr> {
        self.0.client_addr()
    }

    fn server_addr(&self) -> Option<&SocketAddr> {
        self.0.server_addr()
    }

    fn pseudo_raw_h1_request_header(&self) -> Bytes {
        self.0.pseudo_raw_h1_request_header()
    }

    // Messages of other protocols: there are none.

    async fn finish_custom(&mut self) -> Result<()> {
        Ok(())
    }

    fn take_custom_message_reader(&mut self) -> Option<MessageReader> {
        None
    }

    fn restore_custom_message_reader(&mut self, _reader: MessageReader) -> Result<()> {
        Ok(())
    }

    fn take_custom_message_writer(&mut self) -> Option<Box<dyn CustomMessageWrite>> {
        None
    }

    fn restore_custom_message_writer(&mut self, _: Box<dyn CustomMessageWrite>) -> Result<()> {
        Ok(())
    }
}
