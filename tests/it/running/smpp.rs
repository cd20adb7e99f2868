//! The program and an SMSC: TLS, the commands that ask it, a reload, and a shutdown.
use std::net::Ipv4Addr;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::browser::code_in;
use crate::support::gate::wait_for;
use crate::support::program::{EXEC, Program};
use crate::support::settings::BOB;
use crate::support::smsc::{FakeSmsc, PASSWORD};
use crate::support::tls::{Pair, Shelf};

/// Ends TLS before `target`, on a port of its own.
fn with_tls(pair: &Pair, target: String) -> u16 {
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![pair.der.clone()], key).expect("a pair");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.set_nonblocking(true).expect("a listener for tokio");
    let port = listener.local_addr().expect("bound").port();
    // Ends with the test's process.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, target) = (acceptor.clone(), target.clone());
                runtime.spawn(async move {
                    let Ok(mut secured) = acceptor.accept(stream).await else { return };
                    let mut plain = TcpStream::connect(target).await.expect("an SMSC");
                    drop(copy_bidirectional(&mut secured, &mut plain).await);
                });
            }
        });
    });
    port
}

#[track_caller]
fn wait_for_counts(smsc: &FakeSmsc, binds: usize, unbinds: usize) {
    let counts = || (smsc.binds().len(), smsc.unbinds());
    wait_for("binds and unbinds", || (counts() == (binds, unbinds)).then_some(()));
}

#[test]
fn a_program_binds_with_tls_answers_commands_reloads_and_unbinds() {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let (smsc, pair) = (FakeSmsc::start(), Pair::of(&["localhost"]));
    let shelf = Shelf::with(&[&pair]);
    let port = with_tls(&pair, smsc.address());
    let (url, plain) = (format!("smpps://localhost:{port}"), format!("smpp://{}", smsc.address()));
    let table = format!(
        "[sms.smpp]\nurl = \"{url}\"\nsystem_id = \"shop\"\npassword = \"env:SMPP_PASSWORD\"\nfrom = \"Shop\"\n[sms.twilio]\n"
    );
    let changes = [
        ("providers = [\"twilio\"]", "providers = [\"smpp\", \"twilio\"]"),
        ("[sms.twilio]\n", table.as_str()),
    ];
    let trusted = shelf.files[0].certificate.display();
    let line = format!("export SSL_CERT_FILE='{trusted}'; {EXEC}");
    let mut program = Program::by_shell(&line, "debug", &changes);
    wait_for_counts(&smsc, 1, 0);

    let mut bob = program.browser();
    let page = bob.visit("/orders");
    let page = bob.give_number(&page, BOB);
    let code = code_in(&smsc.text(1).body);
    assert_eq!(smsc.receipt(&smsc.text(1).id, "DELIVRD", "000"), 0);
    let done = bob.give_code(&page, &code);
    bob.finish(done).is(200);

    assert_eq!(program.said(&["reload", "my.toml"]).0, Some(0));
    wait_for_counts(&smsc, 2, 1);

    // The commands trust the system's authorities alone.
    let (exit, said) = program.said(&["text", BOB, "my.toml"]);
    assert_eq!(exit, Some(0), "Twilio is there, too: {said}");
    assert!(said.starts_with("smpp: no connection to the provider\n"), "{said}");
    program.rewrite("plain.toml", &[(&url, &plain)]);
    let (exit, said) = program.said(&["text", BOB, "plain.toml"]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.starts_with("smpp accepted the text, as smsc-2;"), "{said}");
    wait_for_counts(&smsc, 3, 2);
    let (_, said) = program.said(&["doctor", "plain.toml"]);
    assert!(said.contains("smpp knows the account"), "{said}");
    wait_for_counts(&smsc, 4, 3);

    program.signal("TERM");
    assert!(program.wait_for_end().success());
    assert_eq!((smsc.binds().len(), smsc.unbinds(), smsc.submits()), (4, 4, 2));
    let log = program.printed();
    assert!(log.contains("text delivered") && log.contains("provider=\"smpp\""), "{log}");
    for hidden in [PASSWORD, &code, &BOB[1..]] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}
