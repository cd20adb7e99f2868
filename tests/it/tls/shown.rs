//! Which certificate, of which version, by whose choice.
use std::time::Duration;

use rustls::version::{TLS12, TLS13};
use rustls::{ProtocolVersion, SignatureScheme};

use super::gate;
use crate::support::gate::{Gate, wait_for};
use crate::support::http::Wire;
use crate::support::tls::{Hello, Pair, Shelf};

#[track_caller]
fn assert_shown(gate: &Gate, hello: &Hello<'_>, pair: &Pair, why: &str) {
    let spoken = hello.say(gate.port).unwrap_or_else(|error| panic!("{why}: {error}"));
    assert!(spoken.certificate() == pair.der, "{why}: another certificate");
}

#[test]
fn the_name_that_a_visitor_asks_for_chooses_the_certificate() {
    let first = Pair::of(&["auth.example.com", "127.0.0.1"]);
    let all = Pair::of(&["*.example.com", "*.Example.org"]);
    let shop = Pair::of(&["shop.example.com", "example.com"]);
    let gate = gate(&Shelf::with(&[&first, &all, &shop]), "");
    for (name, pair, why) in [
        (Some("auth.example.com"), &first, "its name, before the wildcard's"),
        (Some("shop.example.com"), &shop, "its name, though the wildcard comes first"),
        (Some("SHOP.example.COM"), &shop, "names have no case"),
        (Some("example.com"), &shop, "a wildcard is not for the domain itself"),
        (Some("wiki.example.com"), &all, "one label below"),
        (Some("wiki.example.org"), &all, "in lower case too"),
        (Some("a.wiki.example.com"), &first, "two labels below is unknown"),
        (Some("example.net"), &first, "unknown"),
        (None, &first, "no name"),
    ] {
        assert_shown(&gate, &Hello { name, ..Hello::USUAL }, pair, why);
    }
}

#[test]
fn of_two_certificates_for_a_name_a_visitor_gets_the_one_whose_key_it_understands() {
    let older = Pair::of(&["*.example.com"]);
    let newer = Pair::signed(&["shop.example.com"], &rcgen::PKCS_ED25519);
    let gate = gate(&Shelf::with(&[&older, &newer]), "");
    let with = |signatures| Hello { signatures, ..Hello::USUAL };
    assert_shown(&gate, &Hello::USUAL, &newer, "both would do");
    assert_shown(&gate, &with(&[SignatureScheme::ED25519]), &newer, "it only");
    let without = with(&[SignatureScheme::ECDSA_NISTP256_SHA256]);
    assert_shown(&gate, &without, &older, "the other only");
}

#[test]
fn two_versions_and_two_protocols_are_spoken_and_no_others() {
    let gate = gate(&Shelf::with(&[&Pair::of(&["shop.example.com"])]), "");
    for (versions, version) in
        [(&[&TLS12], ProtocolVersion::TLSv1_2), (&[&TLS13], ProtocolVersion::TLSv1_3)]
    {
        for (protocols, protocol) in [
            (&["h2", "http/1.1"][..], Some("h2")),
            (&["http/1.1", "h2"], Some("h2")),
            (&["http/1.1"], Some("http/1.1")),
            (&[], None),
        ] {
            let hello = Hello { protocols, versions, ..Hello::USUAL };
            let spoken = hello.say(gate.port).expect("a handshake");
            assert_eq!(spoken.version(), Some(version));
            assert_eq!(spoken.protocol(), protocol, "{protocols:?}");
        }
        let other = Hello { versions, protocols: &["acme-tls/1"], ..Hello::USUAL };
        assert!(other.say(gate.port).is_err());
    }
}

#[test]
fn a_renewed_certificate_is_served_without_a_restart_and_a_broken_one_never() {
    let (old, other) = (Pair::of(&["shop.example.com"]), Pair::of(&["other.example.com"]));
    let shelf = Shelf::with(&[&old, &other]);
    let gate = gate(&shelf, "");
    let to_other = Hello { name: Some("other.example.com"), ..Hello::USUAL };
    let mut open = Wire::over(Hello::USUAL.say(gate.port).expect("a handshake").0);
    let mut asked = || {
        open.send(b"GET /public/x HTTP/1.1\r\nHost: shop.example.com\r\n\r\n").expect("sent");
        open.answer(false).expect("an answer").is(200);
    };
    asked();

    // Half of a pair is written, and what was shown goes on to be.
    let new = Pair::of(&["shop.example.com"]);
    std::fs::write(&shelf.files[0].certificate, &new.certificate).expect("written");
    let newer = Pair::of(&["other.example.com"]);
    newer.write(&shelf.files[1]);
    gate.pass(Duration::from_secs(61));
    let shown = |hello: &Hello<'_>| hello.say(gate.port).expect("a handshake").certificate();
    wait_for("renewal of the other", || (shown(&to_other) == newer.der).then_some(()));
    assert_shown(&gate, &Hello::USUAL, &old, "a pair that does not match");

    new.write(&shelf.files[0]);
    gate.pass(Duration::from_secs(61));
    wait_for("renewal", || (shown(&Hello::USUAL) == new.der).then_some(()));
    // Who came before is not sent away.
    asked();

    // No file at all, and one that is none; then the clock is set back.
    std::fs::remove_file(&shelf.files[0].key).expect("removed");
    std::fs::write(&shelf.files[1].certificate, "").expect("written");
    gate.pass(Duration::from_secs(61));
    let third = Pair::of(&["third.example.com"]);
    third.write(&shelf.files[1]);
    gate.clock.set_back(Duration::from_hours(1));
    let to_third = Hello { name: Some("third.example.com"), ..Hello::USUAL };
    wait_for("renewal after all", || (shown(&to_third) == third.der).then_some(()));
    assert_shown(&gate, &Hello::USUAL, &new, "whose key is gone");
}
