//! Metrics in the text format of Prometheus, from one table.
//! Decides nothing, and no label contains what a client sent.
mod event_counters;
mod metric;
mod requests;
mod table;
mod upstreams;

use std::sync::Arc;

use prometheus::{Encoder as _, Registry, TextEncoder};

pub use event_counters::EventCounters;
pub use metric::{Metric, MetricKind};
pub use requests::RequestCounters;
pub use table::{
    ACCESS_LINES_DROPPED, ACME_HOSTS_FAILING, ACME_HOSTS_MISSING, ATTEMPTS, BUILD, CONNECTIONS,
    CONNECTIONS_REFUSED, DATABASE_CALLS, DATABASE_CONNECTIONS, DATABASE_FAILURES, DATABASE_TIME,
    EXCHANGES, EXCHANGES_REFUSED, FILE_LIMIT, HISTORY_LEFT_OUT, HISTORY_LOST, METRICS, NODES,
    NODES_WITH_OTHER_SETTINGS, OPEN_FILES, REDIS_CALLS, REDIS_FAILURES, REDIS_TIME, SESSIONS,
    TEXT_NOTES_LOST, TEXTS_WAITING, TLS_CERTIFICATE_END, TLS_HANDSHAKES_FAILED, UPSTREAM_UP,
    reference,
};

/// The table of metrics is inconsistent: a programming error.
#[derive(Debug, thiserror::Error)]
#[error("metrics: {0}")]
pub struct MetricsError(#[from] prometheus::Error);

/// The metrics of the process.
pub struct Metrics {
    registry: Registry,
    requests: requests::Families,
    event_counters: Arc<EventCounters>,
}

/// A metric whose value is read when metrics are requested.
pub struct ObservedState {
    pub row: &'static Metric,
    pub now: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl Metrics {
    /// # Errors
    ///
    /// When the table of metrics is inconsistent.
    pub fn new() -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let requests = requests::Families::new(&registry)?;
        let event_counters = Arc::new(EventCounters::new(&registry)?);
        table::BUILD.gauges(&registry)?.get_metric_with_label_values(&[VERSION])?.inc();
        Ok(Self { registry, requests, event_counters })
    }

    /// The sink that counts events.
    pub fn event_counters(&self) -> &Arc<EventCounters> {
        &self.event_counters
    }

    /// Adds a gauge for each upstream. `now`: its site and name, and whether it is in use.
    ///
    /// # Errors
    ///
    /// When the table of metrics is inconsistent.
    pub fn watch_upstreams(
        &self,
        now: impl Fn() -> Vec<(String, String, bool)> + Send + Sync + 'static,
    ) -> Result<(), MetricsError> {
        let gauges = upstreams::UpstreamGauges::new(Box::new(now))?;
        Ok(self.registry.register(Box::new(gauges))?)
    }

    /// Counters for the sites of a configuration, in its order.
    ///
    /// # Errors
    ///
    /// When the table of metrics is inconsistent.
    pub fn requests(
        &self,
        sites: &[&str],
        decisions: &'static [&'static str],
    ) -> Result<RequestCounters, MetricsError> {
        Ok(self.requests.of(sites, decisions)?)
    }

    /// All metrics in the Prometheus text format 0.0.4.
    pub fn render(&self, watched: &[ObservedState]) -> Vec<u8> {
        let mut text = Vec::new();
        // Cannot fail: the output is memory, and all names were checked by the registry.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        for ObservedState { row, now } in watched {
            text.extend(row.sample(now()).into_bytes());
        }
        text
    }
}

/// The content type of [`Metrics::render`].
pub const TEXT_FORMAT: &str = prometheus::TEXT_FORMAT;

const VERSION: &str = env!("CARGO_PKG_VERSION");
