//! The apps: do they answer, are time-outs on both sides fit for each other, and can they be reached past
//! the gate?
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use http::{HeaderMap, StatusCode, header};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Identity};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream, lookup_host};

use super::clock::Dates;
use super::report::{Finding, Grade, Report};
use super::{PATIENCE, SLOW, http2, listening, milliseconds, with_causes};
use crate::config::Config;
use crate::gate::{Site, Upstream, UpstreamProtocol};
use crate::outbound::{self, is_public};
use crate::system::{System, Timestamp};

const APP: &str = "app";
const BYPASS: &str = "bypass";
const TIMEOUTS: &str = "time-outs";

/// Apps that are asked at once: one that does not answer delays few others.
const AT_ONCE: usize = 16;

pub(super) async fn ask(
    config: &Config,
    system: &System,
    (dates, report): (&mut Dates, &mut Report<'_>),
) {
    let all = config.sites.iter().flat_map(|site| {
        site.upstreams.iter().map(move |upstream| async move {
            let mut app = App { site, upstream, system, date: None, found: Vec::new() };
            app.ask().await;
            app
        })
    });
    let mut asked = stream::iter(all).buffered(AT_ONCE);
    while let Some(App { upstream, date, found, .. }) = asked.next().await {
        for finding in &found {
            report.tell(finding);
        }
        if let Some((date, now)) = date {
            dates.note(&upstream.to_string(), date, now);
        }
    }
}

/// One upstream of a site.
struct App<'a> {
    site: &'a Site,
    upstream: &'a Upstream,
    system: &'a System,
    /// Its clock, and when it was told.
    date: Option<(Timestamp, Timestamp)>,
    found: Vec<Finding>,
}

impl App<'_> {
    async fn ask(&mut self) {
        match self.upstream {
            Upstream::Demo => {}
            Upstream::Unix(path) => self.socket(path).await,
            Upstream::Address(address, protocol) => self.address(*address, None, *protocol).await,
            Upstream::Name(host, port, protocol) => {
                let found =
                    tokio::time::timeout(PATIENCE, lookup_host((host.as_str(), *port))).await;
                match found {
                    Ok(Ok(addresses)) => {
                        for address in addresses {
                            self.address(address, Some(host), *protocol).await;
                        }
                    }
                    Ok(Err(why)) => {
                        self.say(Grade::Failed, APP, &format!("does not resolve: {why}"));
                    }
                    Err(_) => self.say(Grade::Failed, APP, "has no answer of DNS within 10 s"),
                }
            }
        }
    }

    fn say(&mut self, grade: Grade, topic: &'static str, text: &str) {
        let text = format!("{}, {}: {text}", self.site.name, self.upstream);
        self.found.push(Finding { grade, topic, text });
    }

    async fn socket(&mut self, path: &Path) {
        let limit = self.site.upstream_options.timeout.min(PATIENCE);
        let asked = tokio::time::timeout(limit, ask_socket(path, &self.host(), self.path())).await;
        match asked {
            Ok(Ok(status)) => {
                let text = format!("GET {} is answered {status}", self.path());
                let grade = if status.starts_with('5') { Grade::Warning } else { Grade::Fine };
                self.say(grade, APP, &text);
            }
            Ok(Err(why)) => return self.say(Grade::Failed, APP, &format!("no answer: {why}")),
            Err(_) => {
                let text =
                    format!("no answer for GET {} within {}", self.path(), milliseconds(limit));
                return self.say(Grade::Failed, APP, &text);
            }
        }
        if is_open_to_all(path) {
            let text =
                "every user of this machine may write to the socket, past Doorcode and its rules";
            self.say(Grade::Warning, BYPASS, text);
        }
    }

    fn path(&self) -> &str {
        let health = self.site.upstream_options.pool.health.as_ref();
        health.map_or("/", |health| health.path.as_str())
    }

    /// The value of `Host`.
    fn host(&self) -> String {
        let sent = self.site.upstream_options.send_host.as_ref();
        let sent = sent.and_then(|host| host.to_str().ok()).map(str::to_owned);
        sent.unwrap_or_else(|| self.site.url.origin.authority())
    }

    async fn address(
        &mut self,
        address: SocketAddr,
        name: Option<&str>,
        protocol: UpstreamProtocol,
    ) {
        let limit = self.site.upstream_options.pool.connect_timeout;
        let began = self.system.steady();
        let stream = match tokio::time::timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(why)) => {
                return self.say(Grade::Failed, APP, &format!("no connection to {address}: {why}"));
            }
            Err(_) => {
                let text = format!(
                    "no connection to {address} within {} (connect_timeout)",
                    milliseconds(limit)
                );
                return self.say(Grade::Failed, APP, &text);
            }
        };
        let time = self.system.steady().since(began);
        self.bypass(address);
        if protocol == UpstreamProtocol::Http2Plain {
            return self.request_http2(address, stream).await;
        }
        if protocol.is_http2() {
            let text = format!(
                "{address} takes connections, after {}; whether it speaks HTTP/2 was not asked",
                milliseconds(time)
            );
            return self.say(Grade::Note, APP, &text);
        }
        self.request(address, name).await;
    }

    /// Whether others can reach it: what only the gate asks needs no login of its own.
    fn bypass(&mut self, address: SocketAddr) {
        let ip = address.ip().to_canonical();
        let at = listening::on_port(address.port());
        let outside: Vec<_> =
            at.iter().filter(|ip| !ip.is_loopback()).map(ToString::to_string).collect();
        if ip.is_loopback() && at.is_empty() {
            let text = format!("where {address} listens could not be found out on this machine");
            self.say(Grade::Note, BYPASS, &text);
        } else if ip.is_loopback() && outside.is_empty() {
            self.say(Grade::Fine, BYPASS, "listens on loopback only");
        } else if ip.is_loopback() {
            let text = format!(
                "listens on {} too: unless a firewall stops them, others get past Doorcode and its \
                 rules. Let it listen on {ip} only",
                outside.join(", ")
            );
            self.say(Grade::Warning, BYPASS, &text);
        } else if !is_public(ip) {
            let text = format!(
                "whoever reaches {address} in its network gets past Doorcode: see that a firewall allows this machine only, or let the app verify the signed identity (docs/identity.md)"
            );
            self.say(Grade::Note, BYPASS, &text);
        } else {
            let text = format!(
                "{address} is a public address: unless a firewall stops them, all the world gets past Doorcode and its rules"
            );
            self.say(Grade::Warning, BYPASS, &text);
        }
    }

    async fn request(&mut self, address: SocketAddr, name: Option<&str>) {
        let options = &self.site.upstream_options;
        let (path, host) = (self.path().to_owned(), self.host());
        let scheme = if self.upstream.protocol().is_tls() { "https" } else { "http" };
        let tls_name = options.pool.tls.server_name.as_deref().or(name);
        let authority = tls_name
            .map_or_else(|| address.to_string(), |name| format!("{name}:{}", address.port()));
        let url = format!("{scheme}://{authority}{path}");
        let client = match self.client(address, tls_name) {
            Ok(client) => client,
            Err(why) => return self.say(Grade::Failed, APP, &with_causes(&why)),
        };
        let began = self.system.steady();
        let asked = client.get(url).header(header::HOST, host).send().await;
        let time = self.system.steady().since(began);
        match asked {
            Ok(answer) => self.judge((answer.status(), answer.headers()), (address, &path), time),
            Err(why) => {
                let text = format!("no answer for GET {path}: {}", with_causes(&why.without_url()));
                self.say(Grade::Failed, APP, &text);
            }
        }
    }

    async fn request_http2(&mut self, address: SocketAddr, stream: TcpStream) {
        let (path, limit) = (self.path().to_owned(), self.site.upstream_options.timeout);
        let url = format!("http://{}{path}", self.host());
        let began = self.system.steady();
        let asked = tokio::time::timeout(limit.min(PATIENCE), http2::get(stream, &url)).await;
        let time = self.system.steady().since(began);
        match asked {
            Ok(Ok((status, headers))) => self.judge((status, &headers), (address, &path), time),
            Ok(Err(why)) => {
                let text = format!("no answer for GET {path} over HTTP/2: {}", with_causes(&why));
                self.say(Grade::Failed, APP, &text);
            }
            Err(_) => {
                let limit = milliseconds(limit.min(PATIENCE));
                let text = format!("no answer for GET {path} over HTTP/2 within {limit}");
                self.say(Grade::Failed, APP, &text);
            }
        }
    }

    /// A client that speaks to one address.
    fn client(&self, address: SocketAddr, name: Option<&str>) -> reqwest::Result<Client> {
        let options = &self.site.upstream_options;
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(options.timeout.min(PATIENCE));
        if let Some(name) = name {
            builder = builder.resolve(name, address);
        }
        if let Some(ca) = &options.pool.tls.ca {
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(ca.as_bytes())?);
        }
        if let Some(shown) = &options.pool.tls.client {
            let pem = format!("{}\n{}", shown.chain, shown.key.reveal());
            builder = builder.identity(Identity::from_pem(pem.as_bytes())?);
        }
        builder.build()
    }

    fn judge(
        &mut self,
        (status, headers): (StatusCode, &HeaderMap),
        (address, path): (SocketAddr, &str),
        time: Duration,
    ) {
        let options = &self.site.upstream_options;
        let expected = options.pool.health.as_ref().map(|health| health.status);
        let is_wrong = expected.is_some_and(|expected| expected != status.as_u16());
        let grade = match () {
            () if is_wrong => Grade::Failed,
            () if status.is_server_error() || time > SLOW => Grade::Warning,
            () => Grade::Fine,
        };
        let wanted = if is_wrong { ", which is not health.status" } else { "" };
        let slow = if time > SLOW { ", which is slow" } else { "" };
        let text = format!(
            "GET {path} is answered {}{wanted}, after {}{slow}",
            status.as_u16(),
            milliseconds(time)
        );
        self.say(grade, APP, &text);
        self.timeouts(headers);
        if !address.ip().is_loopback() {
            self.date = outbound::date(headers).map(|date| (date, self.system.now()));
        }
    }

    /// `Keep-Alive: timeout=5`: the app closes a connection that waits for longer. Where we keep it longer,
    /// a request may be sent into the end.
    fn timeouts(&mut self, headers: &HeaderMap) {
        let kept = self.site.upstream_options.pool.idle_timeout;
        let told = headers.get("keep-alive").and_then(|value| value.to_str().ok());
        let seconds = told.and_then(|text| {
            let parts = text.split(',').filter_map(|part| part.trim().strip_prefix("timeout="));
            let mut parts = parts;
            parts.find_map(|seconds| seconds.parse().ok())
        });
        let is_short = |seconds: &u64| *seconds > 1 && Duration::from_secs(*seconds) <= kept;
        if let Some(seconds) = seconds.filter(is_short) {
            let text = format!(
                "closes connections that wait for {seconds} s, and Doorcode keeps them for {} s: a \
                 request may meet the end. Set upstream.idle_timeout below {seconds} s, or let the app \
                 keep them longer",
                kept.as_secs()
            );
            self.say(Grade::Warning, TIMEOUTS, &text);
        }
    }
}

/// The status line's code, over a Unix socket: the client library knows TCP only.
async fn ask_socket(path: &Path, host: &str, target: &str) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(path).await?;
    let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = [0; "HTTP/1.1 200".len()];
    stream.read_exact(&mut answer).await?;
    let status = answer.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(2..));
    let status = status.and_then(|status| std::str::from_utf8(status).ok());
    status.map(str::to_owned).ok_or_else(|| std::io::Error::other("the answer is not one of HTTP"))
}

/// Whether every user of the machine may write to a file and enter all folders above it.
fn is_open_to_all(path: &Path) -> bool {
    let has = |path: &Path, bit: u32| {
        std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & bit != 0)
    };
    has(path, 0o002) && path.ancestors().skip(1).all(|folder| has(folder, 0o001))
}
