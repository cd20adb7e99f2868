//! What somebody sends who wants in without a token of ours. One test for each known attack
//! (RFC 8725 §2), each for every algorithm.
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorcode::domain::{Keyring, ServerSecret};
use doorcode::oauth::{
    AccessTokenType, Algorithm, InvalidToken, KeyUsage, SigningKeys, VerifiedAccessToken,
    verify_access_token, verify_id_token_hint,
};
use doorcode::store::{Database, SqlStore};
use doorcode::system::{System, Timestamp};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm as Signature, EncodingKey, crypto};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::node::kids;
use super::world::{
    ALGORITHMS, API, NOW, QUARTER, SECONDS, USERINFO, World, issuer, key_of, parts,
};
use crate::support::contacts::contact_keys;
use crate::support::gate::Gate;
use crate::support::settings::{BOB, SECRET};

fn judge(world: &World, token: &str) -> Result<VerifiedAccessToken, InvalidToken> {
    verify_access_token(&world.keys, &world.issuer, token, NOW)
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// A token with that header and those claims, signed by `key`.
fn forge(header: &Value, claims: &Value, key: &EncodingKey, signature: Signature) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signed = crypto::sign(message.as_bytes(), key, signature).unwrap();
    format!("{message}.{signed}")
}

/// A key of somebody else.
fn stranger(algorithm: Algorithm) -> (EncodingKey, Signature) {
    match algorithm {
        Algorithm::Es256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            let der = pair.to_pkcs8v1().unwrap();
            (EncodingKey::from_ec_der(der.as_ref()), Signature::ES256)
        }
        Algorithm::Rs256 => {
            let der: Pkcs8V1Der<'_> =
                KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
            (EncodingKey::from_rsa_der(&der.as_ref()[26..]), Signature::RS256)
        }
        Algorithm::EdDsa => {
            let der: Pkcs8V1Der<'_> = Ed25519KeyPair::generate().unwrap().as_der().unwrap();
            (EncodingKey::from_ed_der(der.as_ref()), Signature::EdDSA)
        }
    }
}

#[test]
fn unsigned() {
    let world = World::new();
    for algorithm in ALGORITHMS {
        let token = world.access(algorithm);
        let (header, claims) = parts(&token);
        for none in ["none", "None", "NONE", "nOnE", ""] {
            let mut header = header.clone();
            header["alg"] = none.into();
            let unsigned = format!("{}.{}.", encode(&header), encode(&claims));
            assert_eq!(judge(&world, &unsigned), Err(InvalidToken::Malformed), "{none}");
            let mut header = header.clone();
            header.as_object_mut().unwrap().remove("kid");
            let unsigned = format!("{}.{}.", encode(&header), encode(&claims));
            assert_eq!(judge(&world, &unsigned), Err(InvalidToken::Malformed), "{none}");
        }
        // With the header of a good one.
        let (message, _) = token.rsplit_once('.').unwrap();
        assert_eq!(judge(&world, &format!("{message}.")), Err(InvalidToken::WrongSignature));
        assert_eq!(judge(&world, message), Err(InvalidToken::Malformed));
    }
}

#[test]
fn signed_by_hmac_with_the_public_key() {
    let world = World::new();
    for algorithm in ALGORITHMS {
        let (mut header, claims) = parts(&world.access(algorithm));
        header["alg"] = "HS256".into();
        let key = key_of(&world.published(), algorithm);
        // Whatever form of it a careless verifier may hold.
        let of = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
        let mut secrets = vec![key.to_string().into_bytes(), world.published().to_string().into()];
        for part in [of("n"), of("x"), of("y")].into_iter().filter(|part| !part.is_empty()) {
            secrets.push(URL_SAFE_NO_PAD.decode(&part).unwrap());
            secrets.push(part.into_bytes());
        }
        for secret in secrets {
            let key = EncodingKey::from_secret(&secret);
            let forged = forge(&header, &claims, &key, Signature::HS256);
            assert_eq!(judge(&world, &forged), Err(InvalidToken::WrongAlgorithm));
        }
    }
}

#[test]
fn signed_by_a_strangers_key() {
    let (world, other) = (World::new(), World::new());
    for algorithm in ALGORITHMS {
        let foreign = other.access(algorithm);
        assert_eq!(judge(&world, &foreign), Err(InvalidToken::UnknownKey), "its own kid");
        let (header, claims) = parts(&world.access(algorithm));
        let (key, signature) = stranger(algorithm);
        let forged = forge(&header, &claims, &key, signature);
        assert_eq!(judge(&world, &forged), Err(InvalidToken::WrongSignature), "our kid");
        for kid in [Value::Null, "".into(), "../../dev/null".into(), "' OR 1=1 --".into()] {
            let mut header = header.clone();
            header["kid"] = kid;
            let forged = forge(&header, &claims, &key, signature);
            assert_eq!(judge(&world, &forged), Err(InvalidToken::UnknownKey), "{header}");
        }
    }
}

#[test]
fn signed_by_another_algorithm_than_the_keys() {
    let world = World::new();
    for (algorithm, other) in [
        (Algorithm::Rs256, Algorithm::Es256),
        (Algorithm::Es256, Algorithm::EdDsa),
        (Algorithm::EdDsa, Algorithm::Rs256),
    ] {
        let (mut header, claims) = parts(&world.access(algorithm));
        let (key, signature) = stranger(other);
        header["alg"] = other.as_str().into();
        let forged = forge(&header, &claims, &key, signature);
        assert_eq!(judge(&world, &forged), Err(InvalidToken::WrongAlgorithm));
    }
}

#[test]
fn a_header_that_brings_its_own_key() {
    let world = World::new();
    for algorithm in ALGORITHMS {
        let (header, claims) = parts(&world.access(algorithm));
        let (key, signature) = stranger(algorithm);
        let own = serde_json::to_value(Jwk::from_encoding_key(&key, signature).unwrap()).unwrap();
        let url = "https://evil.example/keys.json";
        for (name, value) in [
            ("jku", json!(url)),
            ("x5u", json!(url)),
            ("jwk", own),
            ("x5c", json!(["MIIB"])),
            ("crit", json!(["exp"])),
            ("b64", json!(false)),
        ] {
            let mut header = header.clone();
            header[name] = value;
            let forged = forge(&header, &claims, &key, signature);
            assert_eq!(judge(&world, &forged), Err(InvalidToken::StrangeHeader), "{name}");
            header.as_object_mut().unwrap().remove("kid");
            let forged = forge(&header, &claims, &key, signature);
            assert_eq!(judge(&world, &forged), Err(InvalidToken::UnknownKey), "{name}");
        }
    }
}

#[test]
fn for_another_audience() {
    let world = World::new();
    for algorithm in ALGORITHMS {
        let read = judge(&world, &world.access(algorithm)).expect("good");
        assert!(read.is_for(API) && read.is_for(USERINFO));
        for other in ["https://api.example.com", "https://api.example.com/x", "API", "", "spa"] {
            assert!(!read.is_for(other), "{other}");
        }
        let none = world.access_of(algorithm, &world.issuer, |token| token.audiences.clear());
        assert!(!judge(&world, &none).expect("good").is_for(""), "for nobody");
    }
}

#[test]
fn of_another_issuer() {
    let world = World::new();
    for algorithm in ALGORITHMS {
        for other in [
            "http://auth.example.com",
            "https://auth.example.com:8443",
            "https://auth.example.org",
            "https://auth.example.com/.doorcode",
        ] {
            let token = world.access_of(algorithm, &issuer(other), |_| {});
            assert_eq!(judge(&world, &token), Err(InvalidToken::WrongIssuer), "{other}");
        }
    }
}

#[test]
fn too_old() {
    let world = World::new();
    let begun = Timestamp::from_millis(SECONDS * 1000);
    for algorithm in ALGORITHMS {
        let token = world.access(algorithm);
        let at = |now| verify_access_token(&world.keys, &world.issuer, &token, now);
        at(begun + QUARTER - Duration::from_millis(1)).expect("good to its end");
        assert_eq!(at(begun + QUARTER), Err(InvalidToken::Expired));
        assert_eq!(at(begun + Duration::from_hours(9_000_000)), Err(InvalidToken::Expired));
        let dead =
            world.access_of(algorithm, &world.issuer, |token| token.lifetime = Duration::ZERO);
        assert_eq!(judge(&world, &dead), Err(InvalidToken::Expired));
    }
}

/// Both have the `typ` `JWT` where the client does not ask for another.
#[test]
fn an_id_token_in_its_place() {
    let world = World::new();
    for algorithm in ALGORITHMS {
        let id = world.id(algorithm, "openid profile phone");
        assert_eq!(judge(&world, &id), Err(InvalidToken::WrongType));
        for token_type in AccessTokenType::ALL {
            let access = world.access_of(algorithm, &world.issuer, |t| t.token_type = token_type);
            assert_eq!(parts(&access).0["typ"], token_type.typ());
            judge(&world, &access).expect("good");
        }
        // Even for an API that has the name of a client, which no configuration has.
        let id = world.id_of(algorithm, "openid", |id| id.session = None);
        assert_eq!(judge(&world, &id), Err(InvalidToken::WrongType));
    }
}

#[test]
fn from_the_future() {
    let world = World::new();
    let begun = Timestamp::from_millis(SECONDS * 1000);
    for algorithm in ALGORITHMS {
        let token = world.access(algorithm);
        let at = |now| verify_access_token(&world.keys, &world.issuer, &token, now);
        at(begun).expect("from the second on in which it was issued");
        for early in [Duration::from_millis(1), QUARTER, Duration::from_hours(1)] {
            assert_eq!(at(begun - early), Err(InvalidToken::NotYetValid));
        }
    }
}

#[test]
fn an_assertion_in_its_place_and_keys_that_never_sign_for_each_other() {
    let gate = Gate::start();
    gate.browser().sign_in("/", BOB, &gate.texts).is(200);
    let assertion = gate.app.last().header("x-doorcode-assertion").expect("one").to_owned();
    let path = gate.folder.path().join("doorcode.db");
    let wanted = ALGORITHMS.map(|algorithm| (KeyUsage::Token, algorithm));
    let keys = gate.run(async {
        let store = SqlStore::open(&Database::Sqlite(path), contact_keys()).await.unwrap();
        let keyring = Keyring::new(ServerSecret::new(SECRET).unwrap(), Vec::new());
        SigningKeys::open(&store, &keyring, &wanted, &System::real()).await.unwrap()
    });
    let world = World::with(Arc::new(keys));
    let kids = |kind| kids(&world.keys.published(kind));
    let kid = parts(&assertion).0["kid"].as_str().unwrap().to_owned();
    let own = (KeyUsage::Assertion, Algorithm::Es256);
    assert!(kids(own).contains(&kid), "the same table");
    assert_eq!(judge(&world, &assertion), Err(InvalidToken::UnknownKey));
    let hint = verify_id_token_hint(&world.keys, &world.issuer, &assertion, NOW);
    assert_eq!(hint, Err(InvalidToken::UnknownKey));
    for algorithm in ALGORITHMS {
        let signed_by = parts(&world.access(algorithm)).0["kid"].as_str().unwrap().to_owned();
        assert_ne!(signed_by, kid);
        let assertions = kids((KeyUsage::Assertion, algorithm));
        assert!(!assertions.contains(&signed_by), "apps are not shown the keys of tokens");
    }
}

#[test]
fn too_long_to_be_one_of_ours() {
    let world = World::new();
    let token = world.access(Algorithm::Es256);
    for length in [8 * 1024 + 1, 1024 * 1024] {
        let long = token.clone() + &"A".repeat(length - token.len());
        assert_eq!(judge(&world, &long), Err(InvalidToken::TooLong));
    }
}

#[test]
fn changed_anywhere_or_no_token_at_all() {
    let world = World::new();
    proptest!(|(at: prop::sample::Index, to in "[A-Za-z0-9_.-]", text in "\\PC{0,80}")| {
        for algorithm in ALGORITHMS {
            let token = world.access(algorithm);
            let at = at.index(token.len());
            let mut changed = token.clone();
            changed.replace_range(at..=at, &to);
            prop_assert!(changed == token || judge(&world, &changed).is_err(), "{}", changed);
        }
        prop_assert!(judge(&world, &text).is_err(), "{}", text);
    });
}
