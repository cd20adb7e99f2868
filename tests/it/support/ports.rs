//! Ports that nobody listens on.
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range that the kernel takes for outgoing connections, so that none of those is in
/// the way by the time a server listens. The browser tests, which may run beside these, take those
/// below.
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;
/// How many a test binary hands out before it meets those of the next process id.
const EACH: u32 = 128;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port for a server that is to be started. No two callers get the same.
pub(crate) fn free_port() -> u16 {
    let span = u32::from(LAST - FIRST);
    for _ in 0..span {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let offset = (std::process::id() * EACH + step) % span;
        let port = FIRST + u16::try_from(offset).expect("below the span");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free between {FIRST} and {LAST}");
}
