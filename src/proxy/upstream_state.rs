//! What the operator is told of apps that do not answer: once when it begins, and once when it ends.
use std::io;

use pingora::Error;

use super::exchange::Exchange;
use super::snapshot::Shared;
use crate::events::Event;
use crate::gate::{Site, Upstream};

/// Tells the operator that the app of a request's site failed, once until it answers again.
pub(super) fn failed(shared: &Shared, ctx: &mut Exchange, error: &Error) {
    let Some(site) = ctx.snapshot.map.sites().get(ctx.site.unwrap_or(usize::MAX)) else { return };
    let address = ctx.upstream.get_or_insert_with(|| configured(site));
    if shared.resolver.is_failing(site, address) {
        let why = &cause(error);
        shared.events.record(&Event::UpstreamFailing { site: &site.name, address, why });
    }
}

/// The app of a request's site answers: tells the operator if it had failed.
pub(super) fn answered(shared: &Shared, ctx: &Exchange) {
    // Set only while some app fails.
    let (Some(site), Some(address)) = (ctx.site(), &ctx.upstream) else { return };
    if shared.resolver.is_answering(site, address) {
        shared.events.record(&Event::UpstreamAnswers { site: &site.name, address });
    }
}

/// The upstreams as configured, where no name of them has an address.
fn configured(site: &Site) -> String {
    let written = |upstream: &Upstream| match upstream {
        Upstream::Address(address) => address.to_string(),
        Upstream::Name(host, port) => format!("{host}:{port}"),
        Upstream::Unix(path) => format!("unix:{}", path.display()),
        Upstream::Demo => "demo".to_owned(),
    };
    site.upstreams.iter().map(written).collect::<Vec<_>>().join(", ")
}

/// The cause of a failure, without anything of the request.
fn cause(error: &Error) -> String {
    let kind = error.etype().as_str();
    match error.root_cause().downcast_ref::<io::Error>() {
        Some(why) => format!("{kind}: {why}"),
        None => kind.to_owned(),
    }
}
