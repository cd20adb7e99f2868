//! The key sets as clients find them: one for tokens, and others for what is not theirs to read.
use std::time::Duration;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorcode::domain::{Keyring, ServerSecret};
use doorcode::oauth::{Algorithm, KeyUsage, publish_next};
use doorcode::store::{Database, SqlStore};
use doorcode::system::Clock as _;
use serde_json::{Value, json};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;

use super::world::{World, read};
use crate::support::contacts::contact_keys;
use crate::support::gate::wait_for;
use crate::support::settings::{ADA, BOB, SECRET};

const TOKENS: &str = "/.well-known/jwks.json";
const ASSERTIONS: &str = "/.well-known/assertion/jwks.json";

fn keys(world: &World, path: &str) -> Vec<Value> {
    let set = read(&world.get(path, &[]).is(200));
    set["keys"].as_array().expect("keys").clone()
}

fn kids(world: &World, path: &str) -> Vec<String> {
    let text = |key: &Value| key["kid"].as_str().expect("a kid").to_owned();
    keys(world, path).iter().map(text).collect()
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).expect("a JWT").kid.expect("a kid")
}

/// The `kid` of the assertion that the app got last.
fn of_assertion(world: &World) -> String {
    kid(world.gate.app.last().header("x-doorcode-assertion").expect("an assertion"))
}

fn binary(key: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(key[name].as_str().expect(name)).expect("base64url")
}

#[test]
fn clients_find_the_keys_of_tokens_and_no_others() {
    let world = World::start();
    world.signed_in(ADA);
    let shown = keys(&world, TOKENS);
    let kinds: Vec<_> = shown.iter().map(|key| (&key["kty"], &key["alg"], &key["use"])).collect();
    assert_eq!(kinds, [(&json!("RSA"), &json!("RS256"), &json!("sig"))], "{shown:?}");
    let given = world.log_in("spa", BOB, "openid");
    assert_eq!(kid(given["id_token"].as_str().unwrap()), kids(&world, TOKENS)[0]);
    let own = keys(&world, ASSERTIONS);
    assert_eq!(own.iter().map(|key| &key["alg"]).collect::<Vec<_>>(), ["ES256"], "{own:?}");
    assert_eq!(own[0]["kid"], of_assertion(&world));
    let answer = world.get(ASSERTIONS, &[]).is(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"), "{answer}");
}

#[test]
fn every_algorithm_of_tokens_has_a_set_of_its_own_kind() {
    for (algorithm, kty) in [("ES256", "EC"), ("EdDSA", "OKP"), ("RS256", "RSA")] {
        let said = format!("[oauth]\ntoken_algorithm = \"{algorithm}\"\n");
        let world = World::changed(&[("[oauth]\n", &said)]);
        let shown = keys(&world, TOKENS);
        let kinds: Vec<_> = shown.iter().map(|key| (&key["alg"], &key["kty"])).collect();
        assert_eq!(kinds, [(&json!(algorithm), &json!(kty))], "{shown:?}");
        assert_eq!(shown[0].get("x5c").is_some(), kty == "RSA", "{shown:?}");
    }
}

#[test]
fn an_rsa_key_is_also_there_as_its_certificate() {
    let world = World::start();
    let key = keys(&world, TOKENS).remove(0);
    let chain = key["x5c"].as_array().expect("x5c");
    assert_eq!(chain.len(), 1, "{key}");
    let der = STANDARD.decode(chain[0].as_str().unwrap()).expect("base64, not base64url");
    assert_eq!(binary(&key, "x5t"), digest(&SHA1_FOR_LEGACY_USE_ONLY, &der).as_ref());
    assert_eq!(binary(&key, "x5t#S256"), digest(&SHA256, &der).as_ref());

    let (rest, certificate) = X509Certificate::from_der(&der).expect("a certificate");
    assert!(rest.is_empty());
    assert_eq!(certificate.subject(), certificate.issuer(), "signed by itself");
    let now = world.gate.clock.now().as_millis() / 1000;
    let now = ASN1Time::from_timestamp(now).expect("a time");
    assert!(certificate.validity().is_valid_at(now), "now");
    let shown = certificate.public_key();
    let PublicKey::RSA(rsa) = shown.parsed().expect("a key") else { panic!("no RSA key") };
    let modulus = rsa.modulus.strip_prefix(&[0]).unwrap_or(rsa.modulus);
    assert_eq!((modulus, rsa.exponent), (&*binary(&key, "n"), &*binary(&key, "e")));
    let signer =
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &*shown.subject_public_key.data);
    let content = certificate.tbs_certificate.as_ref();
    signer.verify(content, &certificate.signature_value.data).expect("its own signature");
}

#[test]
fn the_key_that_signs_comes_first_and_a_certificate_never_changes() {
    let world = World::start();
    let gate = &world.gate;
    let before = keys(&world, TOKENS);
    let rotate = |usage, algorithm| {
        let path = gate.folder.path().join("doorcode.db");
        let system = gate.system();
        gate.run(async {
            let store = SqlStore::open(&Database::Sqlite(path), contact_keys()).await.unwrap();
            let keyring = Keyring::new(ServerSecret::new(SECRET).unwrap(), Vec::new());
            publish_next(&store, &keyring, &[(usage, algorithm)], &system).await.unwrap()
        })
    };
    let shows = |path, expected: &[&str]| {
        wait_for("such a key set", || (kids(&world, path) == expected).then_some(()));
    };
    gate.pass(Duration::from_mins(1));
    let next = rotate(KeyUsage::Token, Algorithm::Rs256).remove(0).kid;
    let assertion = rotate(KeyUsage::Assertion, Algorithm::Es256).remove(0).kid;
    let former = before[0]["kid"].as_str().unwrap();
    gate.pass(Duration::from_mins(11));
    shows(TOKENS, &[&next, former]);
    let later = keys(&world, TOKENS);
    assert_eq!(later[1], before[0], "with the same certificate");
    let given = world.log_in("spa", BOB, "openid");
    assert_eq!(kid(given["id_token"].as_str().unwrap()), next);
    assert_eq!(kids(&world, ASSERTIONS)[0], assertion);
}
