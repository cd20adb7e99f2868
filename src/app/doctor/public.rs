//! The names that people come by: do they resolve, is their certificate good, and is it this gate that
//! answers there?
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use http::{StatusCode, header};
use reqwest::redirect::Policy;
use reqwest::tls::TlsInfo;
use reqwest::{Client, Response};

use super::report::{Grade, Report};
use super::{PATIENCE, SLOW, milliseconds, with_causes};
use crate::config::Config;
use crate::domain::{Host, Origin};
use crate::proxy::certificate_end;
use crate::system::System;

const DNS: &str = "DNS";
const CERTIFICATE: &str = "certificate";
const PUBLIC: &str = "public URL";
/// Half of the time in which certificates of 90 days are renewed.
const RENEWED_BY: i64 = 15;

pub(super) async fn ask(config: &Config, system: &System, report: &mut Report<'_>) {
    let mut builder =
        Client::builder().redirect(Policy::none()).no_proxy().timeout(PATIENCE).tls_info(true);
    // Browsers take these names for this machine, whatever DNS says (RFC 6761 §6.3).
    for (_, host) in config.hosts().into_iter().filter(|(_, host)| is_local_name(host)) {
        let here = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), (Ipv6Addr::LOCALHOST, 0).into()];
        builder = builder.resolve_to_addrs(host.as_str(), &here);
    }
    let client = match builder.build() {
        Ok(client) => client,
        Err(why) => return report.add(Grade::Failed, PUBLIC, with_causes(&why)),
    };
    let visitor = Visitor { client, system };
    let mut asked: Vec<&Origin> = Vec::new();
    let issuer = config.issuer.url("/.well-known/openid-configuration");
    visitor.visit(config.issuer.origin(), (&issuer, is_ours_by_issuer), config, report).await;
    asked.push(config.issuer.origin());
    for site in &config.sites {
        if asked.contains(&&site.url.origin) {
            continue;
        }
        asked.push(&site.url.origin);
        let me = format!("{}{}/me", site.url.origin, config.prefix);
        visitor.visit(&site.url.origin, (&me, is_ours_by_refusal), config, report).await;
    }
}

/// Whether an answer is one of this gate's.
type IsOurs = fn(&Config, StatusCode, &str) -> bool;

fn is_ours_by_issuer(config: &Config, status: StatusCode, body: &str) -> bool {
    let document: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    status == StatusCode::OK && document["issuer"] == config.issuer.to_string()
}

/// Nobody is signed in.
fn is_ours_by_refusal(_: &Config, status: StatusCode, body: &str) -> bool {
    let document: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    status == StatusCode::UNAUTHORIZED && document.get("login_url").is_some()
}

struct Visitor<'s> {
    client: Client,
    system: &'s System,
}

impl Visitor<'_> {
    async fn visit(
        &self,
        origin: &Origin,
        (url, is_ours): (&str, IsOurs),
        config: &Config,
        report: &mut Report<'_>,
    ) {
        if !is_local_name(origin.host()) && !self.resolve(origin, report).await {
            return;
        }
        let began = self.system.steady();
        let answer = match self.client.get(url).send().await {
            Ok(answer) => answer,
            Err(why) => {
                return cannot_open(config, (url, &with_causes(&why.without_url())), report);
            }
        };
        let time = self.system.steady().since(began);
        self.certificate(origin, &answer, report);
        let (status, server) = (answer.status(), named_server(&answer));
        let body = answer.text().await.unwrap_or_default();
        if is_ours(config, status, &body) {
            let grade = if time > SLOW { Grade::Warning } else { Grade::Fine };
            report.add(grade, PUBLIC, format!("{origin} leads here, after {}", milliseconds(time)));
        } else {
            let text = format!(
                "{url} is not answered by this gate but with {status}{server}: does the name lead to \
                 another server, or does what stands before Doorcode not pass on the path?"
            );
            report.add(Grade::Failed, PUBLIC, text);
        }
    }

    /// Whether the name has an address.
    async fn resolve(&self, origin: &Origin, report: &mut Report<'_>) -> bool {
        let host = origin.host().as_str().trim_start_matches('[').trim_end_matches(']');
        let began = self.system.steady();
        let lookup = tokio::net::lookup_host((host, origin.port()));
        let found = tokio::time::timeout(PATIENCE, lookup).await;
        let time = self.system.steady().since(began);
        let addresses: Vec<SocketAddr> = match found {
            Ok(Ok(addresses)) => addresses.collect(),
            Ok(Err(why)) => {
                report.add(Grade::Failed, DNS, format!("{host} does not resolve: {why}"));
                return false;
            }
            Err(_) => {
                report.add(Grade::Failed, DNS, format!("no answer for {host} within 10 s"));
                return false;
            }
        };
        let list: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
        let grade = if time > SLOW { Grade::Warning } else { Grade::Fine };
        report.add(
            grade,
            DNS,
            format!("{host} is {}, after {}", list.join(", "), milliseconds(time)),
        );
        true
    }

    /// The certificate was verified by the handshake: what is left is its end.
    fn certificate(&self, origin: &Origin, answer: &Response, report: &mut Report<'_>) {
        let shown = answer.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
        let Some(end) = shown.and_then(certificate_end) else { return };
        let days = (end.as_millis() - self.system.now().as_millis()) / 86_400_000;
        let (grade, advice) = match days {
            RENEWED_BY.. => (Grade::Fine, ""),
            _ => (Grade::Warning, ": is it renewed?"),
        };
        let text = format!("of {}: ends in {days} days{advice}", origin.host());
        report.add(grade, CERTIFICATE, text);
    }
}

/// Whether browsers take a name for this machine without asking DNS.
fn is_local_name(host: &Host) -> bool {
    host.as_str().ends_with("localhost") && host.is_loopback()
}

fn cannot_open(config: &Config, (url, why): (&str, &str), report: &mut Report<'_>) {
    let text = format!("{url} cannot be opened from this machine: {why}");
    if !config.proxy.proxy_protocol_from.is_empty() {
        let text = format!(
            "{text}; this machine may be in server.proxy_protocol_from, and no header of that protocol \
             was sent"
        );
        return report.add(Grade::Warning, PUBLIC, text);
    }
    let topic = if why.contains("certificate") { CERTIFICATE } else { PUBLIC };
    report.add(Grade::Failed, topic, text);
}

fn named_server(answer: &Response) -> String {
    let name = answer.headers().get(header::SERVER).and_then(|name| name.to_str().ok());
    name.map(|name| format!(" of {name}")).unwrap_or_default()
}
