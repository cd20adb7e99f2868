//! Looks at addresses of apps in the background: at those that took no connection, until they do, and
//! at all of a site with a health check. Requests find nothing out the hard way that this could.
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use pingora_core::connectors::http::Connector;

use super::Upstreams;
use super::alarm::millis;
use super::pool::UpstreamPool;
use super::probe::{self, Sight};
use super::target::Target;
use crate::events::{Event, EventSink};

/// How late a look may be.
const TICK: Duration = Duration::from_millis(250);

/// Addresses to look at, each with the pool that it is in.
type DueTargets = Vec<(Arc<UpstreamPool>, Arc<Target>)>;

impl Upstreams {
    /// Never returns.
    pub(super) async fn watch(&self, events: &dyn EventSink) {
        let connector = Connector::new(None);
        let mut under_way = FuturesUnordered::new();
        loop {
            let (due, has_work) = self.due();
            under_way.extend(due.into_iter().map(|(pool, target)| async {
                let check = pool.options.health.as_ref();
                let sight = probe::look(&target, check, &pool.host, &connector).await;
                (pool, target, sight)
            }));
            tokio::select! {
                Some((pool, target, sight)) = under_way.next(), if !under_way.is_empty() => {
                    self.seen(&pool, &target, sight, events);
                }
                () = self.alarm.rung() => {}
                () = tokio::time::sleep(TICK), if has_work => {}
            }
        }
    }

    /// The addresses to look at now, and whether there will be any later.
    fn due(&self) -> (DueTargets, bool) {
        let (mut due, mut has_work) = (Vec::new(), false);
        let now = self.alarm.now();
        for pool in self.pools.load().iter() {
            for target in pool.targets().iter() {
                if pool.options.health.is_none() && !target.back_off.is_ejected() {
                    continue;
                }
                has_work = true;
                let is_due = target.look_at.load(Ordering::Relaxed) <= now;
                if is_due && !target.is_looked_at.swap(true, Ordering::Relaxed) {
                    due.push((Arc::clone(pool), Arc::clone(target)));
                }
            }
        }
        (due, has_work)
    }

    fn seen(&self, pool: &UpstreamPool, target: &Target, sight: Sight, events: &dyn EventSink) {
        let why = match sight {
            Sight::Connects | Sight::Healthy => {
                target.back_off.readmit();
                target.checked(true);
                None
            }
            Sight::Unhealthy(why) => {
                target.back_off.readmit();
                target.checked(false).then_some(why)
            }
            Sight::Unreachable(why) => {
                let is_new = target.eject();
                target.back_off.failed();
                if let Some((host, port)) = &target.route.name {
                    self.alarm.names.doubt(host, *port);
                }
                is_new.then_some(why)
            }
        };
        let (site, address) = (pool.site.as_str(), target.shown.as_str());
        if let Some(why) = &why {
            if self.failing.add(site, address) {
                events.record(&Event::UpstreamFailing { site, address, why });
            }
        } else if target.is_available() && self.failing.remove(site, address) {
            events.record(&Event::UpstreamAnswers { site, address });
        }
        let next = match &pool.options.health {
            Some(check) if !target.back_off.is_ejected() => check.interval,
            _ => target.back_off.wait(),
        };
        target.look_at.store(self.alarm.now() + millis(next), Ordering::Relaxed);
        target.is_looked_at.store(false, Ordering::Relaxed);
    }
}
