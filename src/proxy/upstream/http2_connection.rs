use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use pingora::{Error, ErrorType, Result};
use pingora_core::connectors::l4::Connect;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::l4::stream::Stream;

use super::app_socket;
use super::target::Target;

/// A connector for HTTP/2. Its sockets are plain, since Pingora recognises a connection that it kept by
/// its socket; TLS and the streams on it are Pingora's.
pub(super) struct Http2Connector(pub(super) Arc<Target>);

impl Debug for Http2Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http2Connector")
    }
}

#[async_trait]
impl Connect for Http2Connector {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let SocketAddr::Inet(address) = address else {
            return Error::e_explain(ErrorType::ConnectError, "HTTP/2 over a Unix socket");
        };
        let opened = self.0.open_socket(*address);
        let opened = tokio::time::timeout(self.0.route.connect_timeout, opened).await;
        let opened = opened.map_err(Into::into).flatten();
        opened.map(Stream::from).map_err(app_socket::connect_error)
    }
}
