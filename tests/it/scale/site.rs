//! A server on either database, with what it needs, and the processor time of each process.
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::postgresql::Server;
use crate::support::program::Program;
use crate::support::redis_server::TestRedis;

/// `ulimit`s of the machine aside, nothing refuses anybody.
const OPEN: [(&str, &str); 6] = [
    ("[admin]", "trusted_proxies = [\"127.0.0.1\"]\n[admin]"),
    ("[limits]", "[limits]\ntexts_1h = 100000000\ntexts_24h = 100000000"),
    ("[sms]", "[sms.prices]\nUS = \"0\"\n[sms]"),
    ("texts_per_country_1h = 1000", "texts_per_country_1h = 100000000"),
    ("texts_per_number_block_10m = 1000", "texts_per_number_block_10m = 100000000"),
    ("countries = [\"US\", \"GB\"]", "countries = [\"US\"]"),
];
const FILE: &str = "database = \"sqlite:doorcode.db\"";
/// How long a request waits for an engine.
const WAIT: Duration = Duration::from_secs(10);
/// How long the kernel's unit of processor time lasts (`CLK_TCK`, proc(5)).
const TICK: Duration = Duration::from_millis(10);

/// A server, and the processes that work for it.
pub(crate) struct Site<'e> {
    pub(crate) name: &'static str,
    pub(crate) program: Program,
    pub(crate) engines: Option<(&'e Server, TestRedis)>,
}

/// Processor time of the server, of PostgreSQL, of Redis.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu(pub(crate) [Duration; 3]);

impl<'e> Site<'e> {
    pub(crate) fn on_postgresql(server: &'e Server, database: &str) -> Self {
        let redis = TestRedis::start();
        let cache = format!("cache = \"redis://127.0.0.1:{}/0\"", redis.port);
        let store = format!("{}\n{cache}", server.setting_of(database, WAIT));
        let program = start(&store);
        Self { name: "PostgreSQL and Redis", program, engines: Some((server, redis)) }
    }

    pub(crate) fn on_sqlite(file: &Path) -> Self {
        let program = start(&format!("database = \"sqlite:{}\"", file.display()));
        Self { name: "SQLite", program, engines: None }
    }

    pub(crate) fn cpu(&self) -> Cpu {
        let own = cpu_of(&self.program.id().to_string(), false);
        let Some((server, redis)) = &self.engines else {
            return Cpu([own, Duration::ZERO, Duration::ZERO]);
        };
        // The first has the time of those that have ended.
        let all = server.processes();
        let postgresql = all.iter().enumerate().map(|(at, id)| cpu_of(id, at == 0)).sum();
        Cpu([own, postgresql, cpu_of(&redis.id().to_string(), false)])
    }
}

impl Cpu {
    /// For each of so many, since `before`, in milliseconds.
    pub(crate) fn each(self, before: Self, count: u32) -> [f64; 3] {
        let spent = |at: usize| self.0[at].saturating_sub(before.0[at]).as_secs_f64();
        [0, 1, 2].map(|at| spent(at) * 1000.0 / f64::from(count))
    }
}

fn start(store: &str) -> Program {
    let changes = [OPEN.as_slice(), &[(FILE, store)]].concat();
    Program::changed("warn", &changes)
}

/// Of a process, with its children that have ended if asked for; nothing of one that has ended itself.
fn cpu_of(id: &str, children: bool) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    // utime, stime, and those of children.
    let fields = rest.split_whitespace().skip(11).take(if children { 4 } else { 2 });
    let ticks: u32 = fields.filter_map(|field| field.parse::<u32>().ok()).sum();
    TICK * ticks
}
