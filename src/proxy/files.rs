//! The process's limit of open files, and what of it clients may use up.
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::settings::ProxySettings;
use super::upstream::MAX_IDLE;

/// Files that clients cannot use up: of the admin listener and its connections, the database, the
/// log, names that are looked up, and providers of texts. A process that serves nobody has 60.
const OWN: u64 = 128;

/// How many files the process may have open; `None`: any number.
#[derive(Clone, Copy, Debug)]
pub struct FileLimit(Option<u64>);

impl FileLimit {
    /// That of another process.
    pub const fn new(files: u64) -> Self {
        Self(Some(files))
    }

    /// Of this process, for the metrics; 0: any number.
    pub fn now() -> u64 {
        getrlimit(Resource::Nofile).current.unwrap_or(0)
    }

    /// Raises the soft limit to the hard one, as every process may. Where that fails, the soft limit
    /// stays.
    pub fn raise() -> Self {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
        Self(if raised.is_ok() { maximum } else { current })
    }

    /// Lowers the limits of connections and exchanges to what there are files for: clients get no
    /// more, so that the admin listener and the database have theirs. Returns what to tell the operator.
    pub fn lower(self, settings: &mut ProxySettings) -> Option<String> {
        let kept = OWN + MAX_IDLE as u64;
        let files = self.0?;
        let (connections, exchanges) = (settings.connections.total, settings.exchanges.total);
        let wanted = (connections as u64).saturating_add(exchanges as u64).saturating_add(kept);
        if files >= wanted {
            return None;
        }
        // More than 64 bits do not fit into an address space.
        let left = usize::try_from(files.saturating_sub(kept)).unwrap_or(usize::MAX).max(2);
        settings.connections.total = connections.min(left / 2);
        settings.exchanges.total = exchanges.min(left - settings.connections.total);
        Some(format!(
            "the limit of open files is {files}, but server.connections = {connections} and \
             server.exchanges = {exchanges} need {wanted}: the limits are {} and {} until the hard \
             limit of files is raised (LimitNOFILE= of systemd, --ulimit nofile= of Docker)",
            settings.connections.total, settings.exchanges.total
        ))
    }
}

/// How many files this process has open; 0 where the system does not tell.
pub fn open_files() -> u64 {
    // One of them is the folder that is read.
    let listed = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    u64::try_from(listed.saturating_sub(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::FileLimit;
    use crate::gate::{ForwardAuthSettings, Hsts};
    use crate::proxy::{ConnectionLimits, ExchangeLimits, ProxySettings};

    fn settings(connections: usize, exchanges: usize) -> ProxySettings {
        let any = "127.0.0.1:0".parse().expect("an address");
        let idle = Duration::from_secs(1);
        ProxySettings {
            listen: Vec::new(),
            socket_mode: 0o660,
            redirect_listen: Vec::new(),
            proxy_protocol_from: Vec::new(),
            admin: any,
            trusted_proxies: Vec::new(),
            forward_auth: ForwardAuthSettings::default(),
            connections: ConnectionLimits {
                total: connections,
                per_address: 1,
                idle,
                least_rate: 0,
            },
            exchanges: ExchangeLimits { total: exchanges, per_address: 1 },
            tls: Vec::new(),
            client_roots: Vec::new(),
            h2c: false,
            hsts: Hsts::Off,
            drain_delay: Duration::ZERO,
            upgrade_drain: Duration::ZERO,
        }
    }

    #[test]
    fn clients_get_no_files_that_the_process_needs() {
        for (files, connections, exchanges) in
            [(1024, 10_000, 10_000), (1024, 100, 10_000), (300, 10_000, 10), (64, 10_000, 10_000)]
        {
            let mut fitted = settings(connections, exchanges);
            let told = FileLimit(Some(files)).lower(&mut fitted).expect("a warning");
            let (open, under_way) = (fitted.connections.total, fitted.exchanges.total);
            assert!(open > 0 && under_way > 0, "{told}");
            let most = files.saturating_sub(256).max(2);
            assert!((open + under_way) as u64 <= most, "{told}");
        }
        for limit in [FileLimit(None), FileLimit(Some(20_256))] {
            let mut enough = settings(10_000, 10_000);
            assert!(limit.lower(&mut enough).is_none());
            assert_eq!(enough.connections.total, 10_000);
        }
    }
}
