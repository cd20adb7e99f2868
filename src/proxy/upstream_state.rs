//! What the operator is told of apps that do not answer: once when it begins, and once when it ends.
use pingora::Error;

use super::exchange::Exchange;
use super::snapshot::Shared;
use super::upstream::{self, Chosen};
use crate::events::Event;
use crate::gate::Site;

/// Tells the operator that the app of a request's site failed, once until it answers again.
pub(super) fn failed(shared: &Shared, ctx: &mut Exchange, error: &Error) {
    let Some(site) = ctx.snapshot.map.sites().get(ctx.site.unwrap_or(usize::MAX)) else { return };
    let address = ctx.upstream.get_or_insert_with(|| configured(site));
    if shared.upstreams.is_failing(site, address) {
        let why = &upstream::cause(error);
        shared.events.record(&Event::UpstreamFailing { site: &site.name, address, why });
    }
}

/// The same where there is no connection: others are tried first from now on.
pub(super) fn unreachable(shared: &Shared, ctx: &mut Exchange, error: &Error) {
    if let Some(chosen) = &ctx.chosen {
        chosen.is_in_trouble();
    }
    failed(shared, ctx, error);
}

/// The app of a request's site answers: tells the operator if it had failed.
pub(super) fn answered(shared: &Shared, ctx: &Exchange) {
    // Set only while some app fails.
    let (Some(site), Some(address)) = (ctx.site(), &ctx.upstream) else { return };
    // What a health check says is not for one answer to deny.
    let is_available = ctx.chosen.as_ref().is_some_and(Chosen::is_available);
    if is_available && shared.upstreams.is_answering(site, address) {
        shared.events.record(&Event::UpstreamAnswers { site: &site.name, address });
    }
}

/// The upstreams as configured, where no name of them has an address.
fn configured(site: &Site) -> String {
    site.upstreams.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
