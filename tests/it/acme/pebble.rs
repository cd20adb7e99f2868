//! Let's Encrypt's own test server, which refuses nonces now and then by itself.
use std::fs;
use std::process::{Child, Command, Stdio};

use super::{SHOP, WIKI, shown, start, wait_for_certificate};
use crate::support::gate::wait_for;
use crate::support::http::Wire;
use crate::support::ports::free_port;
use crate::support::tls::Pair;

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Fails where it has ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn run(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Running {
    let child = Command::new(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Running(child.unwrap_or_else(|why| panic!("{program}, of Debian's package pebble: {why}")))
}

/// A resolver that knows only this machine.
fn names() -> (Running, String) {
    let (dns, management) = (format!("127.0.0.1:{}", free_port()), free_port());
    let control = format!("127.0.0.1:{management}");
    let off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""];
    let own =
        ["-dns01", &dns, "-management", &control, "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""];
    let help =
        Command::new("pebble-challtestsrv").arg("-help").output().expect("pebble-challtestsrv");
    let has_doh = String::from_utf8_lossy(&help.stderr).contains("-doh");
    let off = if has_doh { &off[..] } else { &off[..6] };
    let running = run("pebble-challtestsrv", &[off, &own[..]].concat(), &[]);
    wait_for("names", || Wire::try_to(management).ok());
    (running, dns)
}

/// Both kinds of challenges, one host each, each for a Doorcode that can answer only one of them.
#[test]
fn pebble_issues_by_both_challenges() {
    let (_names, dns) = names();
    for kind in ["tls-alpn-01", "http-01"] {
        let folder = tempfile::tempdir().expect("a folder");
        let here = |name: &str| folder.path().join(name);
        let pair = Pair::of(&["localhost"]);
        fs::write(here("cert.pem"), &pair.certificate).expect("written");
        fs::write(here("key.pem"), &pair.key).expect("written");
        let port = free_port();
        let table = format!(
            "[acme]\ncontact = \"mailto:ops@example.com\"\nterms_agreed = true\nfolder = \"{}\"\n\
             directory = \"https://localhost:{port}/dir\"\nroots = \"{}\"\n",
            here("acme").display(),
            here("cert.pem").display()
        );
        let (gate, http) = start(&table, &[]);
        // Where the other kind is asked for, nobody listens.
        let (http, tls) = if kind == "http-01" { (http, 1) } else { (1, gate.port) };
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{}", free_port()),
            "certificate": here("cert.pem"), "privateKey": here("key.pem"),
            "httpPort": http, "tlsPort": tls, "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        fs::write(here("pebble.json"), config.to_string()).expect("written");
        let file = here("pebble.json").display().to_string();
        let environment = [("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_WFE_NONCEREJECT", "20")];
        let arguments = ["-config", &file, "-dnsserver", &dns, "-strict"];
        let _pebble = run("pebble", &arguments, &environment);
        wait_for("Pebble", || Wire::try_to(port).ok());
        // The first attempts may have been before it listened, or have met three refused nonces.
        wait_for("certificates", || {
            if shown(gate.port, SHOP).is_none() || shown(gate.port, WIKI).is_none() {
                gate.pass(std::time::Duration::from_mins(10));
                std::thread::sleep(std::time::Duration::from_millis(500));
                return None;
            }
            Some(())
        });
        wait_for_certificate(&gate, SHOP);
    }
}
