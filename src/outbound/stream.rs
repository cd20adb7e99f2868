use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::addresses::AddressRule;
use super::client::NoAnswer;

/// A connection for a protocol other than HTTP.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

/// Connects to the host and port of `server`, with TLS if its scheme is `https`. Certificates are verified
/// as those of HTTPS are.
///
/// # Errors
///
/// [`NoAnswer::PrivateAddress`] if `rule` refuses every address, else [`NoAnswer::Unreachable`], also when
/// `within` elapses.
pub async fn connect(
    server: &Url,
    rule: &AddressRule,
    within: Duration,
) -> Result<Box<dyn ByteStream>, NoAnswer> {
    let connected = tokio::time::timeout(within, connect_unbounded(server, rule)).await;
    connected.unwrap_or(Err(NoAnswer::Unreachable))
}

async fn connect_unbounded(
    server: &Url,
    rule: &AddressRule,
) -> Result<Box<dyn ByteStream>, NoAnswer> {
    let host = server.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = server.port_or_known_default().ok_or(NoAnswer::Invalid)?;
    let found = rule.addresses(host, port).await;
    let addresses = found.map_err(|_| NoAnswer::Unreachable)?;
    if addresses.is_empty() {
        return Err(NoAnswer::PrivateAddress);
    }
    let socket = TcpStream::connect(&*addresses).await.map_err(|_| NoAnswer::Unreachable)?;
    // Requests are small, and each is waited for.
    socket.set_nodelay(true).map_err(|_| NoAnswer::Unreachable)?;
    if server.scheme() != "https" {
        return Ok(Box::new(socket));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| NoAnswer::Invalid)?;
    let config = ClientConfig::with_platform_verifier().map_err(|_| NoAnswer::Invalid)?;
    let secured = TlsConnector::from(Arc::new(config)).connect(name, socket).await;
    Ok(Box::new(secured.map_err(|_| NoAnswer::Unreachable)?))
}
