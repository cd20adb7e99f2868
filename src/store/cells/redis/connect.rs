use std::collections::HashMap;

use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use redis::{AsyncConnectionConfig, Client, Cmd, Value, cmd, from_redis_value};

use super::addresses::{address, certificates, client, tcp_settings};
use super::sentinels::Sentinels;
use super::server_info::judge;
use super::{RedisServer, RedisSettings};
use crate::domain::Secret;
use crate::store::redis_fault::RedisFault;

/// A connection that several calls use at once.
#[derive(Clone)]
pub(super) struct RedisConnection {
    /// Which one it is, counted from the start.
    pub(super) number: u64,
    to: Endpoint,
}

#[derive(Clone)]
enum Endpoint {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl RedisConnection {
    /// # Errors
    ///
    /// If the connection fails, or a server must not be used.
    pub(super) async fn judge(&mut self) -> Result<(), RedisFault> {
        match &mut self.to {
            Endpoint::Server(server) => judge_server(server).await,
            Endpoint::Cluster(cluster) => judge_primaries(cluster).await,
        }
    }

    /// # Errors
    ///
    /// If the connection fails, or the server answers with an error.
    pub(super) async fn send(&mut self, command: &Cmd) -> Result<Value, RedisFault> {
        let answer = match &mut self.to {
            Endpoint::Server(server) => server.req_packed_command(command).await,
            Endpoint::Cluster(cluster) => cluster.req_packed_command(command).await,
        };
        Ok(answer.and_then(Value::extract_error)?)
    }
}

/// Makes connections.
pub(super) struct Connector {
    made: u64,
    source: Source,
}

enum Source {
    Single(Box<Client>),
    Sentinels(Sentinels),
    Cluster(Box<ClusterClient>),
}

impl Connector {
    /// # Errors
    ///
    /// If a URL or the certificates cannot be read.
    pub(super) fn new(settings: &RedisSettings) -> Result<Self, RedisFault> {
        let roots = settings.roots.as_deref();
        let source = match &settings.server {
            RedisServer::Single(url) => Source::Single(Box::new(client(url, roots)?)),
            RedisServer::Sentinel { sentinels, primary } => {
                Source::Sentinels(Sentinels::new(sentinels, primary, roots)?)
            }
            RedisServer::Cluster(urls) => Source::Cluster(Box::new(cluster(urls, settings)?)),
        };
        Ok(Self { made: 0, source })
    }

    /// Connects, and judges the server.
    ///
    /// # Errors
    ///
    /// If no server can be reached that may be used.
    pub(super) async fn connect(&mut self) -> Result<RedisConnection, RedisFault> {
        self.made += 1;
        let to = match &mut self.source {
            Source::Single(client) => Endpoint::Server(open(client).await?),
            Source::Sentinels(sentinels) => {
                Endpoint::Server(open(&sentinels.primary().await?).await?)
            }
            Source::Cluster(client) => {
                let mut cluster = client.get_async_connection().await?;
                judge_primaries(&mut cluster).await?;
                Endpoint::Cluster(cluster)
            }
        };
        Ok(RedisConnection { number: self.made, to })
    }
}

/// Whoever waits for a call limits its time.
async fn open(client: &Client) -> Result<MultiplexedConnection, RedisFault> {
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    judge_server(&mut connection).await?;
    Ok(connection)
}

async fn judge_server(server: &mut MultiplexedConnection) -> Result<(), RedisFault> {
    let info = cmd("INFO").query_async::<String>(server).await;
    judge(&info.map_err(unknown_if_forbidden)?)
}

async fn judge_primaries(cluster: &mut ClusterConnection) -> Result<(), RedisFault> {
    let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
    let answers = cluster.route_command(cmd("INFO"), all).await.and_then(Value::extract_error);
    let answers =
        from_redis_value::<HashMap<String, String>>(answers.map_err(unknown_if_forbidden)?);
    answers.map_err(|_| RedisFault::BadReply)?.values().try_for_each(|info| judge(info))
}

fn unknown_if_forbidden(error: redis::RedisError) -> RedisFault {
    if error.code() == Some("NOPERM") { RedisFault::PolicyUnknown } else { error.into() }
}

fn cluster(urls: &[Secret], settings: &RedisSettings) -> Result<ClusterClient, RedisFault> {
    let nodes: Result<Vec<_>, _> = urls.iter().map(address).collect();
    let mut cluster = ClusterClientBuilder::new(nodes?)
        .tcp_settings(tcp_settings())
        .connection_timeout(settings.wait)
        .response_timeout(settings.wait);
    if let Some(roots) = settings.roots.as_deref() {
        cluster = cluster.certs(certificates(roots));
    }
    Ok(cluster.build()?)
}
