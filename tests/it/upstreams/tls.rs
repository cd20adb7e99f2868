//! Upstreams over TLS: whose certificate is trusted, and which one is shown.
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::app::App;
use super::{NAME, UPSTREAMS, gate};
use crate::support::gate::{Gate, wait_for};
use crate::support::tls::{Pair, Shelf};

/// What a server with this certificate is configured with. `clients`: whose certificate it demands.
pub(super) fn server(pair: &Pair, clients: Option<&Pair>) -> ServerConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().expect("versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.der.clone()).expect("a certificate");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("a key");
    builder.with_single_cert(vec![pair.der.clone()], key).expect("a certificate")
}

pub(super) fn ca(shelf: &Shelf) -> String {
    format!("upstream.ca = \"{}\"\n", shelf.files[0].certificate.display())
}

#[test]
fn an_app_with_a_certificate_of_the_configured_authority_is_spoken_to_by_tls() {
    let pair = Pair::of(&["localhost"]);
    let (app, shelf) = (App::secure(server(&pair, None)), Shelf::with(&[&pair]));
    let gate = gate(&[format!("https://localhost:{}", app.port)], &ca(&shelf));
    wait_for("address", || (gate.browser().get("/down/x").status == 200).then_some(()));
    let connections = app.connections();
    for _ in 0..10 {
        gate.browser().get("/down/x").is(200).says(&app.port.to_string());
    }
    // It is kept a moment after the answer has gone out.
    assert!(app.connections() < connections + 5, "kept for the next");
    let socket = [("Connection", "Upgrade"), ("Upgrade", "websocket")];
    gate.browser().send("GET", "/down/socket", &socket, None).is(101);
}

#[test]
fn the_name_in_the_certificate_may_be_another_than_the_address() {
    let pair = Pair::of(&["app.internal"]);
    let (app, shelf) = (App::secure(server(&pair, None)), Shelf::with(&[&pair]));
    let upstream = [format!("https://127.0.0.1:{}", app.port)];
    let named = format!("{}upstream.server_name = \"app.internal\"\n", ca(&shelf));
    gate(&upstream, &named).browser().get("/down/x").is(200);
    gate(&upstream, &ca(&shelf)).browser().get("/down/x").is(502);
    assert_eq!(app.requests(), 1);
}

#[test]
fn an_app_that_cannot_prove_who_it_is_gets_no_request() {
    let (good, expired) = (Pair::of(&["127.0.0.1"]), Pair::between(&["127.0.0.1"], 2001, 2002));
    let other = Pair::of(&["127.0.0.1"]);
    for (shown, trusted) in [(&good, Some(&other)), (&good, None), (&expired, Some(&expired))] {
        let app = App::secure(server(shown, None));
        let shelf = Shelf::with(&[trusted.unwrap_or(&other)]);
        let lines = trusted.map(|_| ca(&shelf)).unwrap_or_default();
        let gate = gate(&[format!("https://127.0.0.1:{}", app.port)], &lines);
        gate.browser().get("/down/x").is(502);
        assert_eq!(app.requests(), 0);
        let line = wait_for("a line", || gate.access_log().lines().next().map(str::to_owned));
        assert!(line.contains("\"error\":\"TLSHandshakeFailure\""), "{line}");
    }
}

#[test]
fn an_app_that_demands_a_certificate_gets_the_configured_one() {
    let (pair, own, other) =
        (Pair::of(&["127.0.0.1"]), Pair::of(&["doorcode"]), Pair::of(&["doorcode"]));
    let shelf = Shelf::with(&[&pair, &own, &other]);
    let app = App::secure(server(&pair, Some(&own)));
    let upstream = [format!("https://127.0.0.1:{}", app.port)];
    let shown = |n: usize| {
        let (certificate, key) = (&shelf.files[n].certificate, &shelf.files[n].key);
        let (certificate, key) = (certificate.display(), key.display());
        format!(
            "{}upstream.client_certificate = \"{certificate}\"\nupstream.client_key = \"{key}\"\n",
            ca(&shelf)
        )
    };
    gate(&upstream, &shown(1)).browser().get("/down/x").is(200);
    gate(&upstream, &shown(2)).browser().get("/down/x").is(502);
    gate(&upstream, &ca(&shelf)).browser().get("/down/x").is(502);
    assert_eq!(app.requests(), 1);
}

#[test]
fn a_connection_with_the_certificate_of_one_site_is_not_used_for_another() {
    const ORIGIN: &str = "http://localhost:8123";
    let (pair, own) = (Pair::of(&["127.0.0.1"]), Pair::of(&["doorcode"]));
    let shelf = Shelf::with(&[&pair, &own]);
    let app = App::secure(server(&pair, Some(&own)));
    let upstream = format!("\"https://127.0.0.1:{}\"", app.port);
    let (certificate, key) = (&shelf.files[1].certificate, &shelf.files[1].key);
    let shown = format!(
        "{NAME}{}upstream.client_certificate = \"{}\"\nupstream.client_key = \"{}\"\n",
        ca(&shelf),
        certificate.display(),
        key.display()
    );
    let other = format!(
        "[[site]]\nname = \"Other\"\nurl = \"{ORIGIN}/other\"\nupstreams = [{upstream}]\n{}\
         [[site.rule]]\npath = \"/*\"\nallow = [\"public\"]\n[[site]]\n{shown}",
        ca(&shelf)
    );
    let down = format!("[[site]]\n{NAME}");
    let gate = Gate::at(Some(ORIGIN), &[(UPSTREAMS, &upstream), (&down, &other)]);
    for _ in 0..5 {
        gate.browser().get("/down/x").is(200);
        gate.browser().get("/other/x").is(502);
    }
    assert_eq!(app.requests(), 5);
}
