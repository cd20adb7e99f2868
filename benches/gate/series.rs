//! The rounds of measurement: subjects alternate, in reverse order every other round.
use super::instructions::{Counter, Instructions};
use super::load;
use super::process::{Cpu, memory, peak};
use super::subjects::{Bench, Running, Subject};
use super::{Options, machine};

/// The measurements of one subject, one entry per round.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) per_second: Vec<f64>,
    pub(crate) p50: Vec<f64>,
    pub(crate) p99: Vec<f64>,
    /// Processor time per request, in microseconds.
    pub(crate) cpu: Vec<f64>,
    pub(crate) cpu_user: Vec<f64>,
    pub(crate) user_instructions: Vec<f64>,
    /// Empty if the machine cannot count them.
    pub(crate) kernel_instructions: Vec<f64>,
    /// KiB.
    pub(crate) peak: u64,
    pub(crate) per_idle_connection: f64,
}

pub(crate) struct Results {
    pub(crate) rows: Vec<(Subject, Seen)>,
    pub(crate) counter: Option<Counter>,
    pub(crate) machine: String,
}

impl Results {
    pub(crate) fn new(subjects: &[Subject]) -> Self {
        let rows = subjects.iter().map(|subject| (*subject, Seen::default())).collect();
        Self { rows, counter: None, machine: machine::description() }
    }

    /// The rows in a round's order.
    fn turns(&mut self, round: usize) -> Vec<&mut (Subject, Seen)> {
        let mut rows: Vec<_> = self.rows.iter_mut().collect();
        if round % 2 == 1 {
            rows.reverse();
        }
        rows
    }
}

/// Servers by name, each started once.
struct Servers(Vec<(&'static str, Option<Running>)>);

impl Servers {
    fn start(bench: &Bench, results: &Results, wrapper: &[String]) -> Self {
        let mut servers = Self(Vec::new());
        for (subject, _) in &results.rows {
            if servers.0.iter().all(|(name, _)| *name != subject.server) {
                servers.0.push((subject.server, bench.run(subject.server, wrapper)));
            }
            if let Some(running) = servers.of(subject) {
                bench.check(subject, running.port);
            }
        }
        servers
    }

    fn of(&self, subject: &Subject) -> Option<&Running> {
        let running = self.0.iter().find(|(name, _)| *name == subject.server);
        running.and_then(|(_, running)| running.as_ref())
    }

    /// Panics if the server is not running.
    fn must(&self, subject: &Subject) -> &Running {
        let name = subject.server;
        self.of(subject)
            .unwrap_or_else(|| panic!("{name} does not run: see target/gate/{name}.err"))
    }
}

/// Rates, latencies, processor time, memory.
pub(crate) fn load(bench: &Bench, options: &Options, results: &mut Results) {
    let servers = Servers::start(bench, results, &[]);
    // Before any load: memory that a server has freed would hide the cost of a connection.
    for (subject, seen) in &mut results.rows {
        let (port, ids) = (servers.must(subject).port, servers.must(subject).ids());
        let before = memory(&ids);
        let request = load::request(subject.target, &bench.lines(subject, port));
        let connections = load::idle(port, &request);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let grown = memory(&ids).saturating_sub(before) as f64;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let many = connections.len() as f64;
        seen.per_idle_connection = grown / many;
    }
    for (subject, _) in &results.rows {
        let port = servers.must(subject).port;
        load::rate(port, subject.target, &bench.lines(subject, port), 1);
    }
    for round in 0..options.rounds {
        for (subject, seen) in results.turns(round) {
            let running = servers.must(subject);
            let (port, ids) = (running.port, running.ids());
            let lines = bench.lines(subject, port);
            let before = Cpu::of(&ids);
            let rate = load::rate(port, subject.target, &lines, options.seconds);
            let cpu = Cpu::of(&ids).since(before);
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let (all, requests) = (cpu.all as f64 / 1000.0, rate.requests as f64);
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let share = cpu.user as f64 / (cpu.user + cpu.kernel).max(1) as f64;
            seen.per_second.push(rate.per_second);
            seen.p50.push(rate.p50);
            seen.p99.push(rate.p99);
            seen.cpu.push(all / requests);
            seen.cpu_user.push(all / requests * share);
            seen.peak = peak(&ids);
            println!("round {}: {:32} {:8.0} /s", round + 1, subject.name, rate.per_second);
        }
    }
}

/// Counts the instructions of an exact number of requests.
pub(crate) fn count(bench: &Bench, options: &Options, results: &mut Results) {
    let counter = Counter::of_this_machine();
    let servers = Servers::start(bench, results, &counter.wrapper());
    for round in 0..=options.rounds {
        for (subject, seen) in results.turns(round) {
            let Some(running) = servers.of(subject) else { continue };
            let request = load::request(subject.target, &bench.lines(subject, running.port));
            let work = || load::exactly(running.port, &request, options.counted);
            let Some(Instructions { user, kernel }) = counter.count(&running.ids(), work) else {
                println!("{} cannot be counted here", subject.name);
                continue;
            };
            // The first round only warms up.
            if round == 0 {
                continue;
            }
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let each = |all: u64| all as f64 / options.counted as f64;
            seen.user_instructions.push(each(user));
            seen.kernel_instructions.extend(kernel.map(each));
            println!("round {round}: {:32} {:8.0} instructions", subject.name, each(user));
        }
    }
    results.counter = Some(counter);
}
