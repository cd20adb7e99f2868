use std::time::Duration;

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, Registry};

use super::table::{REQUESTS, RESPONSES, UPSTREAM};

/// The metrics of requests, for all sites.
pub(super) struct Families {
    requests: IntCounterVec,
    responses: IntCounterVec,
    upstream: HistogramVec,
}

/// Counters that were looked up once, so that a request only adds to atomics.
pub struct RequestCounters {
    decisions: &'static [&'static str],
    sites: Vec<Handles>,
    /// For requests to no site.
    elsewhere: Handles,
}

struct Handles {
    /// In the order of `decisions`, followed by one for any other.
    decided: Vec<IntCounter>,
    /// In the order of [`CODES`].
    answered: Vec<IntCounter>,
    upstream: Option<Histogram>,
}

/// Classes of status codes; `none` for requests without a response.
const CODES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];
/// The label of decisions that are not in the list.
const OTHER: &str = "other";

impl Families {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        Ok(Self {
            requests: REQUESTS.counters(registry)?,
            responses: RESPONSES.counters(registry)?,
            upstream: UPSTREAM.histograms(registry)?,
        })
    }

    pub(super) fn of(
        &self,
        sites: &[&str],
        decisions: &'static [&'static str],
    ) -> prometheus::Result<RequestCounters> {
        let handles = |site: &str, upstream: Option<Histogram>| {
            let decided = decisions.iter().chain([&OTHER]);
            let decided =
                decided.map(|word| self.requests.get_metric_with_label_values(&[site, *word]));
            let answered = CODES
                .iter()
                .map(|code| self.responses.get_metric_with_label_values(&[site, *code]));
            prometheus::Result::Ok(Handles {
                decided: decided.collect::<Result<_, _>>()?,
                answered: answered.collect::<Result<_, _>>()?,
                upstream,
            })
        };
        let of_site = |site: &&str| {
            handles(site, Some(self.upstream.get_metric_with_label_values(&[*site])?))
        };
        Ok(RequestCounters {
            decisions,
            sites: sites.iter().map(of_site).collect::<Result<_, _>>()?,
            elsewhere: handles("", None)?,
        })
    }
}

impl RequestCounters {
    fn at(&self, site: Option<usize>) -> &Handles {
        site.and_then(|index| self.sites.get(index)).unwrap_or(&self.elsewhere)
    }

    /// Counts a finished request to the site with this index. `status` is 0 if there was no response.
    pub fn count(&self, site: Option<usize>, decision: &str, status: u16) {
        let Handles { decided, answered, .. } = self.at(site);
        let place = self.decisions.iter().position(|known| *known == decision);
        if let Some(counter) = decided.get(place.unwrap_or(self.decisions.len())) {
            counter.inc();
        }
        if let Some(counter) = answered.get(usize::from(status / 100)) {
            counter.inc();
        }
    }

    /// Records the response time of a site's app.
    pub fn upstream_took(&self, site: usize, time: Duration) {
        if let Some(upstream) = &self.at(Some(site)).upstream {
            upstream.observe(time.as_secs_f64());
        }
    }
}
