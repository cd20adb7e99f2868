//! What happens, in numbers, in Prometheus's text form: one table of what is counted.
//! Decides nothing, and no label holds what a visitor sent.
mod happened;
mod requests;
mod table;

use std::sync::Arc;

use prometheus::{Encoder as _, Registry, TextEncoder};

pub use happened::Happened;
pub use requests::Requests;
pub use table::{
    ACCESS_LINES_DROPPED, ATTEMPTS, CONNECTIONS, Kind, ROWS, Row, SESSIONS, TEXTS_WAITING,
    TLS_CERTIFICATE_END, TLS_HANDSHAKES_FAILED, reference,
};

/// Two rows of the table do not fit each other, or a row not what is counted: a mistake of ours.
#[derive(Debug, thiserror::Error)]
#[error("metrics: {0}")]
pub struct MetricsError(#[from] prometheus::Error);

/// What is counted as long as the process lives.
pub struct Metrics {
    registry: Registry,
    requests: requests::Families,
    happened: Arc<Happened>,
}

/// A number that is looked up when somebody asks for it.
pub struct Watched {
    pub row: &'static Row,
    pub now: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl Metrics {
    pub fn new() -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let requests = requests::Families::new(&registry)?;
        let happened = Arc::new(Happened::new(&registry)?);
        table::BUILD.gauges(&registry)?.get_metric_with_label_values(&[VERSION])?.inc();
        Ok(Self { registry, requests, happened })
    }

    /// The sink that counts what happens.
    pub fn happened(&self) -> &Arc<Happened> {
        &self.happened
    }

    /// Handles for the sites of one configuration, by their places in the map.
    pub fn requests(
        &self,
        sites: &[&str],
        decisions: &'static [&'static str],
    ) -> Result<Requests, MetricsError> {
        Ok(self.requests.of(sites, decisions)?)
    }

    /// Everything, as Prometheus asks for it (text format 0.0.4).
    pub fn render(&self, watched: &[Watched]) -> Vec<u8> {
        let mut text = Vec::new();
        // Writing to memory cannot fail, and every family was registered with a name that fits.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        for Watched { row, now } in watched {
            text.extend(row.sample(now()).into_bytes());
        }
        text
    }
}

/// What [`Metrics::render`] writes.
pub const TEXT_FORMAT: &str = prometheus::TEXT_FORMAT;

const VERSION: &str = env!("CARGO_PKG_VERSION");
