//! The gate that is attacked: the operator's configuration in this process, on loopback, before an app
//! that records. Its stores are empty and its own, and it sends no text.
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, header};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::app::admin_client;
use crate::app::build::{AppDeps, assemble};
use crate::app::decorate::{Assembled, Decorator};
use crate::config::Config;
use crate::delivery::sms::SmsProvider;
use crate::domain::{Host, Keyring, OneTimeCode, PhoneNumber, RequesterDigest, ServerSecret};
use crate::gate::{Cookies, PoolOptions, RuleMode, Upstream, UpstreamProtocol};
use crate::login::{Channel, LoginGrant, Requester, Standing, StartRequest, TestNumbers, Verdict};
use crate::proxy::{self, AccessLog, AdminRequests, GivenSockets, ListenAddress, Sockets, Stop};
use crate::session::{SessionToken, sign_in_context};
use crate::store::{CacheSettings, Database};
use crate::system::System;
use crate::users::ConfiguredUser;

/// How long the gate may take until it is ready.
const STARTS_WITHIN: Duration = Duration::from_secs(30);
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// No real number.
const STRANGER: &str = "+15550109999";

/// Sends no text.
struct Mute;

impl Decorator for Mute {
    fn providers(&self, _: Vec<Arc<dyn SmsProvider>>) -> Vec<Arc<dyn SmsProvider>> {
        Vec::new()
    }
}

/// A gate that runs until this is dropped.
pub(super) struct TargetGate {
    pub(super) address: SocketAddr,
    /// The configuration that it runs with.
    pub(super) config: Config,
    login: crate::login::Login,
    sessions: Arc<crate::session::Sessions>,
    stop: Option<watch::Sender<()>>,
    server: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl TargetGate {
    /// Starts a gate with the rules of `config` each site before its app in `apps`.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub(super) async fn start(
        config: &Config,
        apps: &[SocketAddr],
    ) -> Result<Self, Box<dyn Error>> {
        let system = System::real();
        let temporary = std::env::temp_dir();
        let folder = tempfile::tempdir_in(&temporary).map_err(|why| {
            format!("no folder can be made in {} (TMPDIR): {why}", temporary.display())
        })?;
        let (port, admin) = (free_port()?, free_port()?);
        let config = changed(config, (port, admin), (apps, &folder), &system)?;
        let kept = config.clone();
        let around = AppDeps {
            system,
            access_log: AccessLog::to(std::io::sink())?,
            exit: Box::new(|| {}),
            reloads: AdminRequests::new(),
            predecessor: None,
        };
        let Assembled { server, login, sessions, .. } = assemble(config, around, &Mute).await?;
        let sockets = Arc::new(Sockets::bind(&server.settings, GivenSockets::default())?);
        let (stop, stopped) = watch::channel(());
        let run = move || {
            // A server that fails never is ready.
            let _ = proxy::run(server, Stop::Dropped(stopped), sockets);
        };
        let server = std::thread::Builder::new().name("attacked gate".to_owned()).spawn(run)?;
        let gate = Self {
            address: (Ipv4Addr::LOCALHOST, port).into(),
            config: kept,
            login,
            sessions,
            stop: Some(stop),
            server: Some(server),
            _folder: folder,
        };
        gate.wait_until_ready().await?;
        Ok(gate)
    }

    async fn wait_until_ready(&self) -> Result<(), Box<dyn Error>> {
        let mut looks = STARTS_WITHIN.as_millis() / LOOK_INTERVAL.as_millis();
        loop {
            let config = self.config.clone();
            let asked = tokio::task::spawn_blocking(move || {
                admin_client::health(&config).map_err(|why| why.to_string())
            });
            match asked.await? {
                Ok(()) => return Ok(()),
                Err(why) if looks == 0 => {
                    return Err(format!("the gate does not start: {why}").into());
                }
                Err(_) => looks -= 1,
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// The cookie lines of somebody who logged in just now, one for each host.
    ///
    /// # Errors
    ///
    /// When the login does not succeed.
    pub(super) async fn cookies(
        &self,
        address: IpAddr,
    ) -> Result<Vec<(Host, String)>, Box<dyn Error>> {
        let phone = stranger()?;
        let who = RequesterDigest::of(System::real().random::<32>());
        let requester =
            Requester { channel: Channel::Page, who, address, standing: Standing::Stranger };
        let start = StartRequest {
            requester,
            phone: &phone,
            accept_language: None,
            page_language: None,
            page_host: None,
            application: None,
            proof: None,
            channel: None,
        };
        self.login.start(start).await?;
        let code = self.code();
        let context = sign_in_context(None, address);
        let grant = LoginGrant::Ticket { context };
        let verdict = self.login.verify(&requester, &phone, &code, grant).await.verdict?;
        let Verdict::Right(verified) = verdict else {
            return Err(format!("the login of the attack was refused: {verdict:?}").into());
        };
        let mut lines = Vec::new();
        for site in &self.config.sites {
            let host = site.url.origin.host();
            if lines.iter().any(|(known, _)| known == host) {
                continue;
            }
            let begun =
                self.sessions.begin_at(verified.session(), host, self.config.session).await?;
            let (token, _) = begun.ok_or("the session of the attack has ended")?;
            lines.push((host.clone(), cookie_line(Cookies::for_origin(&site.url.origin), &token)));
        }
        Ok(lines)
    }

    /// The fixed code of the attack's number.
    fn code(&self) -> String {
        "0".repeat(self.config.login.code_length.get().into())
    }
}

impl Drop for TargetGate {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

fn cookie_line(cookies: Cookies, token: &SessionToken) -> String {
    let set = cookies.set("", &token.reveal(), None);
    let pair = set.split(';').next().unwrap_or_default();
    format!("Cookie: {pair}\r\n")
}

/// Whether a line names a session; for reports, which must not.
pub(super) fn has_session(headers: &HeaderMap, line: &str) -> bool {
    let value = line.trim().strip_prefix("Cookie: ").and_then(|pair| pair.split_once('='));
    let holds = |header: &HeaderValue| {
        value.is_some_and(|(_, token)| header.to_str().is_ok_and(|text| text.contains(token)))
    };
    headers.get_all(header::COOKIE).iter().any(holds)
}

fn stranger() -> Result<PhoneNumber, Box<dyn Error>> {
    Ok(PhoneNumber::test_number(STRANGER)?)
}

/// The operator's configuration with another way in, another app, empty stores and one more number.
/// Rules that are only tried out are enforced.
fn changed(
    config: &Config,
    (port, admin): (u16, u16),
    (apps, folder): (&[SocketAddr], &TempDir),
    system: &System,
) -> Result<Config, Box<dyn Error>> {
    let mut config = config.clone();
    let proxy = &mut config.proxy;
    proxy.listen = vec![ListenAddress::Tcp((Ipv4Addr::LOCALHOST, port).into())];
    proxy.admin = (Ipv4Addr::LOCALHOST, admin).into();
    (proxy.redirect_listen, proxy.proxy_protocol_from) = (Vec::new(), Vec::new());
    (proxy.tls, proxy.client_roots) = (Vec::new(), Vec::new());
    (proxy.drain_delay, proxy.upgrade_drain) = (Duration::ZERO, Duration::ZERO);
    config.acme = None;
    config.store.database = Database::Sqlite(folder.path().join("attack.db"));
    config.store.cache = CacheSettings::Memory;
    let secret = ServerSecret::new(&STANDARD.encode(system.random::<32>()))?;
    config.secrets = Some(Keyring::new(secret, Vec::new()));
    let phone = stranger()?;
    let digits = "0".repeat(config.login.code_length.get().into());
    let code = OneTimeCode::parse(&digits, config.login.code_length).ok_or("no code")?;
    config.login.test_numbers = TestNumbers::new([(phone.clone(), code)]);
    config.users = vec![ConfiguredUser { phone, roles: [].into() }];
    for (site, app) in config.sites.iter_mut().zip(apps) {
        site.mode = RuleMode::Enforce;
        site.client_roots = None;
        if !site.upstreams.is_empty() {
            site.upstreams = vec![Upstream::Address(*app, UpstreamProtocol::Http)];
        }
        site.upstream_options.pool = PoolOptions::default();
    }
    Ok(config)
}

/// A port that nobody listens on now.
fn free_port() -> std::io::Result<u16> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
