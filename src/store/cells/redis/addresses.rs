use std::time::Duration;

use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{Client, ConnectionInfo, IntoConnectionInfo as _, TlsCertificates};

use crate::domain::Secret;
use crate::store::redis_fault::RedisFault;

/// After so long without traffic the operating system asks whether the other side is still there.
/// Networks forget idle connections, some after four minutes.
const KEEPALIVE: Duration = Duration::from_mins(1);

pub(super) fn client(url: &Secret, roots: Option<&[u8]>) -> Result<Client, RedisFault> {
    let address = address(url)?;
    let Some(roots) = roots else { return Ok(Client::open(address)?) };
    Client::build_with_tls(address, certificates(roots)).map_err(|_| RedisFault::BadRoots)
}

/// # Errors
///
/// [`RedisFault::BadUrl`], also for `#insecure`, with which the library would trust any certificate.
pub(super) fn address(url: &Secret) -> Result<ConnectionInfo, RedisFault> {
    let text = url.reveal();
    let scheme = text.starts_with("redis://") || text.starts_with("rediss://");
    let address = text.into_connection_info().ok().filter(|_| scheme && !text.contains('#'));
    let address = address.ok_or(RedisFault::BadUrl)?;
    Ok(address.set_tcp_settings(tcp_settings()))
}

pub(super) fn certificates(roots: &[u8]) -> TlsCertificates {
    TlsCertificates { client_tls: None, root_cert: Some(roots.to_vec()) }
}

/// Commands are short, and each waits for its answer: they are sent at once.
pub(super) fn tcp_settings() -> TcpSettings {
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
    TcpSettings::default().set_nodelay(true).set_keepalive(keepalive)
}
