//! The cost of single parts of Doorcode: `cargo bench --bench parts`. Prints the time of each;
//! asserts nothing.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a bench prints, may stop, and measures real time"
)]
mod decision;
mod login;
mod session;
#[path = "../../tests/it/support/mod.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod support;

use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let keyring = session::keyring();
    let store = session::Store::open(&keyring);
    decision::run(&store.signed_in());
    store.run();
    login::run();
}

/// `work` on each of `items`, timed as a whole.
fn measure<T>(name: &str, items: impl ExactSizeIterator<Item = T>, mut work: impl FnMut(T)) {
    let count = u32::try_from(items.len()).expect("not too many");
    let began = Instant::now();
    for item in items {
        work(item);
    }
    print(name, began.elapsed() / count);
}

fn print(name: &str, each: Duration) {
    println!("{name:34} {:>12.3} µs", each.as_secs_f64() * 1e6);
}
