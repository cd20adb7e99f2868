//! Certificates by ACME: got, kept, renewed under load, and refused in every way that an authority has.
mod first_start;
mod pebble;
mod refusals;
mod reload;
mod renewal;

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::support::authority::Authority;
use crate::support::gate::{Gate, wait_for};
use crate::support::http::exchange;
use crate::support::ports::free_port;
use crate::support::tls::Hello;

const ORIGIN: &str = "https://shop.example.com";
const SHOP: &str = "shop.example.com";
const WIKI: &str = "wiki.example.com";
const DAY: Duration = Duration::from_hours(24);

/// A Doorcode that keeps its certificates in a folder of the test.
struct Story {
    authority: Authority,
    /// `acme.folder` is in it, and does not exist at first.
    folder: TempDir,
}

impl Story {
    fn new() -> Self {
        Self { authority: Authority::start(), folder: tempfile::tempdir().expect("a folder") }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.folder.path().join("acme")
    }

    /// Starts Doorcode for two hosts, and lets the authority ask there.
    fn gate(&self) -> Gate {
        self.changed(&[])
    }

    fn changed(&self, changes: &[(&str, &str)]) -> Gate {
        let (gate, http) = start(&self.authority.table(&self.folder()), changes);
        self.authority.asks_at(http, gate.port);
        gate
    }

    /// The folder of the authority in that.
    fn inner(&self) -> std::path::PathBuf {
        only_entry(&self.folder())
    }
}

fn only_entry(folder: &Path) -> std::path::PathBuf {
    let mut entries = std::fs::read_dir(folder).expect("a folder");
    entries.next().expect("an entry").expect("read").path()
}

/// Doorcode and its port of plain http.
fn start(table: &str, changes: &[(&str, &str)]) -> (Gate, u16) {
    let http = free_port();
    let server = format!(
        "[server]\ntls = \"acme\"\nredirect_listen = [\"127.0.0.1:{http}\"]\n\
         unsafe_shared_origin = true\n"
    );
    let admin = format!("{table}[admin]\n");
    let mut all = vec![
        ("[server]\n", server.as_str()),
        ("[admin]\n", admin.as_str()),
        ("\"https://shop.example.com/down\"", "\"https://wiki.example.com\""),
    ];
    all.extend(changes);
    (Gate::at(Some(ORIGIN), &all), http)
}

/// The serial number of the certificate that is shown for a host; `None`: the handshake fails.
fn shown(port: u16, host: &str) -> Option<String> {
    let spoken = Hello { name: Some(host), ..Hello::USUAL }.say(port).ok()?;
    let der = spoken.certificate();
    let (_, certificate) = X509Certificate::from_der(&der).expect("a certificate");
    Some(certificate.raw_serial_as_string())
}

fn wait_for_certificate(gate: &Gate, host: &str) -> String {
    wait_for("certificate", || shown(gate.port, host))
}

fn wait_for_both(gate: &Gate) {
    for host in [SHOP, WIKI] {
        wait_for_certificate(gate, host);
    }
}

/// What `/readyz` answers.
fn readiness(gate: &Gate) -> String {
    exchange(gate.admin, b"GET /readyz HTTP/1.1\r\nHost: admin\r\n\r\n").is(200).text()
}

/// The keeper looks at the clock every second; nothing may have happened for some of them.
fn rest() {
    std::thread::sleep(Duration::from_secs(3));
}
