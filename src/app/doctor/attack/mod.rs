//! `doorcode doctor --attack`: sends what got past other gateways to a gate with the operator's rules, on
//! loopback, and tells what reached the app behind it. Asks neither the real gate nor a real app.
mod app_kind;
mod campaign;
mod filled;
mod judge;
mod recorder;
mod shapes;
mod target_gate;
mod wire;

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::signal::unix::{SignalKind, signal};

use super::report::{Grade, Report};
use crate::config::Config;
use crate::domain::Host;
use crate::gate::{RuleMode, Site};
use campaign::Campaign;
use judge::{Attacker, Judge};
use recorder::Recorder;
use target_gate::TargetGate;
use wire::Wire;

pub use app_kind::{APP_KINDS, AppKind};

const TOPIC: &str = "attack";

/// Attacks a gate with the rules of `config`.
///
/// # Errors
///
/// When the gate that is attacked does not start, or the attack's own login fails.
pub(super) fn attack(config: &Config, report: &mut Report<'_>) -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        // What is dropped takes its folder away.
        tokio::select! {
            attacked = attacked(config, report) => attacked,
            _ = tokio::signal::ctrl_c() => Err("stopped".into()),
            _ = terminate.recv() => Err("stopped".into()),
            _ = hang_up.recv() => Err("stopped".into()),
        }
    })
}

async fn attacked(config: &Config, report: &mut Report<'_>) -> Result<(), Box<dyn Error>> {
    let recorder = Recorder::default();
    let mut apps = Vec::new();
    for index in 0..config.sites.len() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        apps.push(listener.local_addr()?);
        Handle::current().spawn(recorder.clone().serve(index, listener));
    }
    let gate = TargetGate::start(config, &apps).await?;
    let (from, is_trusted) = attacker_address(&gate.config, report);
    let prefix = &gate.config.prefix;
    let judges: Vec<_> =
        gate.config.sites.iter().map(|site| Judge { site, prefix, address: from }).collect();
    let cookies = gate.cookies(from).await?;
    let wire = Wire { from, to: gate.address };
    if config.sites.is_empty() {
        report.add(Grade::Note, TOPIC, "there is no site to attack");
    }
    for (original, judge) in config.sites.iter().zip(&judges) {
        let site = judge.site;
        let place = config.table_of(&site.url).map(|key| config.place_of(&key)).unwrap_or_default();
        report.heading(&format!("{}, {} at {place}", site.name, site.url));
        notes(original, report);
        if site.upstreams.is_empty() {
            continue;
        }
        let cookie = cookie_for(&cookies, site.url.origin.host());
        for who in Attacker::BOTH {
            let cookie = if who == Attacker::SignedIn { cookie } else { "" };
            let attacker = (who, cookie, is_trusted);
            let campaign = Campaign::new((*judge, &judges), attacker, (wire, &recorder));
            campaign.run(report).await?;
        }
    }
    tokio::task::spawn_blocking(move || drop(gate)).await?;
    Ok(())
}

/// Where attacks come from, and whether that is a trusted proxy, which may say who its clients are.
fn attacker_address(config: &Config, report: &mut Report<'_>) -> (IpAddr, bool) {
    if let Some(address) = wire::untrusted(&config.proxy.trusted_proxies) {
        return (address, false);
    }
    let text = "server.trusted_proxies trusts every address of this machine, so that the attacks come \
                from a trusted proxy: their client addresses are believed";
    report.add(Grade::Warning, TOPIC, text);
    (IpAddr::V4(Ipv4Addr::LOCALHOST), true)
}

fn cookie_for<'c>(cookies: &'c [(Host, String)], host: &Host) -> &'c str {
    cookies.iter().find(|(known, _)| known == host).map_or("", |(_, line)| line)
}

/// What of a site the attack does not see as it is.
fn notes(site: &Site, report: &mut Report<'_>) {
    if site.upstreams.is_empty() {
        let text = "another proxy forwards its requests: attack that one";
        report.add(Grade::Note, TOPIC, text);
    }
    if site.mode == RuleMode::Report {
        let text =
            "mode = \"report\" lets everything through; attacked as if the rules were enforced";
        report.add(Grade::Warning, TOPIC, text);
    }
    if site.client_roots.is_some() {
        let text = "attacked without TLS, as by somebody with a client certificate";
        report.add(Grade::Note, TOPIC, text);
    }
}
