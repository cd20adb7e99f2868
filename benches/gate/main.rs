//! Doorcode beside other proxies, in one run: `cargo bench --bench gate`.
//!
//! Every subject answers the same request from the same upstream, writes an access line, sets
//! X-Forwarded-For, -Proto and -Host, and has one thread. They alternate on the same core, in
//! reverse order every other round. Prints a table and writes it to docs/performance.md. Asserts
//! nothing about speed; it stops if a subject does not do the same work as the others.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a bench prints, may stop, and measures real time"
)]
mod authorizer;
mod bare;
mod client;
mod doorcode;
mod instructions;
mod load;
mod machine;
mod process;
mod report;
mod series;
mod servers;
mod subjects;
#[path = "../../tests/it/support/mod.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod support;
mod tokens;

use std::path::Path;
use std::process::exit;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Command-line options.
struct Options {
    rounds: usize,
    /// Seconds of load per subject and round.
    seconds: u64,
    /// Requests whose instructions are counted, per subject and round.
    counted: usize,
    /// Sessions in the store of the fuller Doorcode.
    sessions: u64,
    /// The program that is measured.
    doorcode: String,
    /// An older program, measured beside it; empty: none.
    before: String,
    /// Only subjects whose name contains this.
    only: String,
}

const USAGE: &str = "\
cargo bench --bench gate -- [OPTIONS]
  --rounds N    alternating rounds (5)
  --seconds N   of load for each subject in each round (3; 0 leaves this part out)
  --counted N   requests for each subject in each round whose instructions are counted
                (2000; 0 leaves this part out)
  --sessions N  in the store of the fuller Doorcode (1000000)
  --doorcode F  the program to measure instead of the one that was built with this bench
  --before F    an older program to measure beside it; nothing is written to docs then
  --only TEXT   only subjects whose name holds TEXT; nothing is written to docs then";

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // Passed by Cargo to every bench.
    arguments.retain(|argument| argument != "--bench");
    match arguments.first().map(String::as_str) {
        Some("serve-bare") => bare::serve(&arguments[1..]),
        Some("serve-authorizer") => authorizer::serve(&arguments[1..]),
        _ => compare(&options(&arguments)),
    }
}

fn options(arguments: &[String]) -> Options {
    let mut options = Options {
        rounds: 5,
        seconds: 3,
        counted: 2000,
        sessions: 1_000_000,
        doorcode: env!("CARGO_BIN_EXE_doorcode").to_owned(),
        before: String::new(),
        only: String::new(),
    };
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { usage() };
        let number = || value.parse::<u64>().unwrap_or_else(|_| usage());
        let small = || usize::try_from(number()).unwrap_or_else(|_| usage());
        match name.as_str() {
            "--rounds" => options.rounds = small().max(1),
            "--seconds" => options.seconds = number(),
            "--counted" => options.counted = small(),
            "--sessions" => options.sessions = number(),
            "--doorcode" => options.doorcode.clone_from(value),
            "--before" => options.before.clone_from(value),
            "--only" => options.only.clone_from(value),
            _ => usage(),
        }
    }
    options
}

fn usage() -> ! {
    println!("{USAGE}");
    exit(2)
}

fn compare(options: &Options) {
    machine::need_tools();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("target/gate");
    // Remove the files of an earlier run.
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).expect("a folder for the run");
    let bench = subjects::Bench::start(&folder, options);
    let chosen: Vec<_> =
        subjects::all(options).into_iter().filter(|s| s.name.contains(&options.only)).collect();
    let mut results = series::Results::new(&chosen);
    if options.seconds > 0 {
        series::load(&bench, options, &mut results);
    }
    if options.counted > 0 {
        series::count(&bench, options, &mut results);
    }
    let text = report::text(&results, options);
    println!("{text}");
    if options.only.is_empty() && options.before.is_empty() {
        report::write(&root.join("docs/performance.md"), &text);
    }
}
