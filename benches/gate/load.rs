//! Load: `wrk` for rates, the own client for exact numbers of requests.
use std::process::Command;

use super::client::Client;
use super::process::CORE;

/// Connections of `wrk`.
const CONNECTIONS: usize = 64;
/// Connections of the own client, which may run under an instruction counter.
const EXACT: usize = 16;
/// Idle connections.
const IDLE: usize = 1000;

/// The result of one round of load.
pub(crate) struct Rate {
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    /// Microseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// `seconds` of load on one target.
pub(crate) fn rate(port: u16, target: &str, lines: &[String], seconds: u64) -> Rate {
    let mut command = Command::new("taskset");
    command.args(["-c", CORE, "wrk", "--threads", "1", "--latency", "--timeout", "10s"]);
    command.args(["--connections", &CONNECTIONS.to_string()]);
    command.args(["--duration", &format!("{seconds}s")]);
    for line in lines {
        command.args(["--header", line]);
    }
    let output = command.arg(format!("http://127.0.0.1:{port}{target}")).output().expect("wrk");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let after = |start: &str| {
        let line = text.lines().map(str::trim).find(|line| line.starts_with(start));
        line.and_then(|line| line[start.len()..].split_whitespace().next()).map(str::to_owned)
    };
    assert!(!text.contains("Non-2xx"), "not every answer was 2xx:\n{text}");
    assert!(!text.contains("Socket errors"), "connections failed:\n{text}");
    let requests = text.lines().find(|line| line.contains(" requests in "));
    let requests = requests.and_then(|line| line.split_whitespace().next()?.parse().ok());
    Rate {
        requests: requests.unwrap_or_else(|| panic!("wrk said no number:\n{text}")),
        per_second: after("Requests/sec:").and_then(|n| n.parse().ok()).expect("a rate"),
        p50: after("50%").map(|time| micros(&time)).expect("a median"),
        p99: after("99%").map(|time| micros(&time)).expect("a 99th"),
    }
}

fn micros(text: &str) -> f64 {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6)];
    let number = |(unit, factor): &(&str, f64)| {
        text.strip_suffix(unit).and_then(|number| number.parse::<f64>().ok()).map(|n| n * factor)
    };
    units.iter().find_map(number).unwrap_or(f64::NAN)
}

/// One request, byte for byte.
pub(crate) fn request(target: &str, lines: &[String]) -> String {
    format!("GET {target} HTTP/1.1\r\n{}\r\n\r\n", lines.join("\r\n"))
}

/// Exactly `count` requests, on a few connections at once.
pub(crate) fn exactly(port: u16, request: &str, count: usize) {
    std::thread::scope(|scope| {
        for worker in 0..EXACT {
            let share = count / EXACT + usize::from(worker < count % EXACT);
            scope.spawn(move || {
                let mut client = Client::connect(port).expect("a connection");
                for _ in 0..share {
                    let answer = client.send(request).expect("an answer");
                    assert_eq!(answer.status, 200, "{}", answer.body);
                }
            });
        }
    });
}

/// Opens connections, sends one request on each and leaves them idle.
pub(crate) fn idle(port: u16, request: &str) -> Vec<Client> {
    let connect = |_| {
        let mut client = Client::connect(port).expect("a connection");
        client.send(request).expect("an answer");
        client
    };
    (0..IDLE).map(connect).collect()
}
