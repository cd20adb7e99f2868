use std::sync::Arc;

use super::demo::Demo;
use super::error::AppError;
use crate::events::EventSink;
use crate::metrics::Metrics;
use crate::proxy::{BackgroundJob, NameLookup, Upstreams};

/// The upstreams of all sites, with their metrics.
pub(super) fn open(
    demo: Option<&Demo>,
    lookup: Arc<dyn NameLookup>,
    metrics: &Metrics,
) -> Result<Arc<Upstreams>, AppError> {
    let upstreams = Arc::new(Upstreams::new(demo.map(Demo::address), lookup));
    let states = Arc::clone(&upstreams);
    metrics.watch_upstreams(move || states.states())?;
    Ok(upstreams)
}

/// Resolves their names, and looks at those that do not work.
pub(super) fn job(upstreams: &Arc<Upstreams>, events: &Arc<dyn EventSink>) -> BackgroundJob {
    let (upstreams, events) = (Arc::clone(upstreams), Arc::clone(events));
    BackgroundJob { name: "upstreams", run: Box::pin(async move { upstreams.run(events).await }) }
}
