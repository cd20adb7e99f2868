use futures_util::future::select_ok;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{Client, ConnectionAddr, ConnectionInfo, TlsMode};

use super::addresses::{address, certificates, tcp_settings};
use crate::domain::Secret;
use crate::store::redis_fault::RedisFault;

/// The sentinels that tell which server is the primary.
pub(super) struct Sentinels(Vec<SentinelClient>);

impl Sentinels {
    /// # Errors
    ///
    /// If a URL or the certificates cannot be read.
    pub(super) fn new(
        sentinels: &[Secret],
        primary: &Secret,
        roots: Option<&[u8]>,
    ) -> Result<Self, RedisFault> {
        let primary = address(primary)?;
        let one = |url: &Secret| sentinel(&address(url)?, &primary, roots);
        let all: Result<Vec<_>, _> = sentinels.iter().map(one).collect();
        all.map(Self)
            .and_then(|all| if all.0.is_empty() { Err(RedisFault::BadUrl) } else { Ok(all) })
    }

    /// The primary that a sentinel names, and that says the same of itself. All are asked at once:
    /// a primary often fails together with a sentinel on the same machine, which then is silent.
    ///
    /// # Errors
    ///
    /// If no sentinel answers, or none knows a primary that can be reached.
    pub(super) async fn primary(&mut self) -> Result<Client, RedisFault> {
        let asked = self.0.iter_mut().map(|sentinel| Box::pin(sentinel.async_get_client()));
        Ok(select_ok(asked).await?.0)
    }
}

fn sentinel(
    sentinel: &ConnectionInfo,
    primary: &ConnectionInfo,
    roots: Option<&[u8]>,
) -> Result<SentinelClient, RedisFault> {
    let (ConnectionAddr::Tcp(name, _) | ConnectionAddr::TcpTls { host: name, .. }) = primary.addr()
    else {
        return Err(RedisFault::BadUrl);
    };
    let nodes = [sentinel.addr().clone()];
    let (asked, server) = (sentinel.redis_settings(), primary.redis_settings());
    let mut builder = SentinelClientBuilder::new(nodes, name.clone(), SentinelServerType::Master)?
        .set_client_to_redis_db(server.db())
        .set_client_to_redis_tcp_settings(tcp_settings())
        .set_client_to_sentinel_tcp_settings(tcp_settings());
    if let Some(user) = server.username() {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = server.password() {
        builder = builder.set_client_to_redis_password(password);
    }
    if let Some(user) = asked.username() {
        builder = builder.set_client_to_sentinel_username(user);
    }
    if let Some(password) = asked.password() {
        builder = builder.set_client_to_sentinel_password(password);
    }
    if is_tls(primary) {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
    }
    if let Some(roots) = roots {
        builder = builder.set_client_to_redis_certificates(certificates(roots));
        if is_tls(sentinel) {
            builder = builder.set_client_to_sentinel_certificates(certificates(roots));
        }
    }
    Ok(builder.build()?)
}

fn is_tls(address: &ConnectionInfo) -> bool {
    matches!(address.addr(), ConnectionAddr::TcpTls { .. })
}
