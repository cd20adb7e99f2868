use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    Counter,
    Gauge,
    /// In seconds.
    Histogram,
}

/// A metric.
#[derive(Debug)]
pub struct Metric {
    pub name: &'static str,
    pub kind: MetricKind,
    /// Each label with its possible values, which come from the code or the configuration.
    pub labels: &'static [(&'static str, &'static str)],
    /// What it counts, in one line of Markdown.
    pub meaning: &'static str,
}

/// A row of the table.
pub(super) const fn row(
    name: &'static str,
    kind: MetricKind,
    labels: &'static [(&'static str, &'static str)],
    meaning: &'static str,
) -> Metric {
    Metric { name, kind, labels, meaning }
}

/// In seconds. An app on the same machine responds within a few milliseconds; the last is the
/// default `timeout`.
const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 60.0];

impl Metric {
    pub(super) fn label_names(&self) -> Vec<&'static str> {
        self.labels.iter().map(|(name, _)| *name).collect()
    }

    pub(super) fn counters(&self, registry: &Registry) -> prometheus::Result<IntCounterVec> {
        let vec = IntCounterVec::new(Opts::new(self.name, self.meaning), &self.label_names())?;
        registry.register(Box::new(vec.clone()))?;
        Ok(vec)
    }

    pub(super) fn gauges(&self, registry: &Registry) -> prometheus::Result<IntGaugeVec> {
        let vec = IntGaugeVec::new(Opts::new(self.name, self.meaning), &self.label_names())?;
        registry.register(Box::new(vec.clone()))?;
        Ok(vec)
    }

    pub(super) fn histograms(&self, registry: &Registry) -> prometheus::Result<HistogramVec> {
        let opts = HistogramOpts::new(self.name, self.meaning).buckets(BUCKETS.to_vec());
        let vec = HistogramVec::new(opts, &self.label_names())?;
        registry.register(Box::new(vec.clone()))?;
        Ok(vec)
    }

    /// The lines of a metric without labels.
    pub(super) fn sample(&self, value: u64) -> String {
        let Self { name, meaning, .. } = self;
        let kind = self.kind.word();
        format!("# HELP {name} {meaning}\n# TYPE {name} {kind}\n{name} {value}\n")
    }
}

impl MetricKind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}
