use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGaugeVec, Opts};

use super::table::UPSTREAM_UP;

/// The site and name of an upstream, and whether it is in use.
type UpstreamStates = Box<dyn Fn() -> Vec<(String, String, bool)> + Send + Sync>;

/// Whether each upstream is in use, read when metrics are collected.
pub(super) struct UpstreamGauges {
    gauges: IntGaugeVec,
    now: UpstreamStates,
}

impl UpstreamGauges {
    pub(super) fn new(now: UpstreamStates) -> prometheus::Result<Self> {
        let opts = Opts::new(UPSTREAM_UP.name, UPSTREAM_UP.meaning);
        let gauges = IntGaugeVec::new(opts, &UPSTREAM_UP.label_names())?;
        Ok(Self { gauges, now })
    }
}

impl Collector for UpstreamGauges {
    fn desc(&self) -> Vec<&Desc> {
        self.gauges.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        // Those of a former configuration are gone.
        self.gauges.reset();
        for (site, upstream, is_up) in (self.now)() {
            self.gauges.with_label_values(&[&site, &upstream]).set(i64::from(is_up));
        }
        self.gauges.collect()
    }
}
