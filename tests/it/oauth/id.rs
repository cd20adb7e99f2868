//! The ID token, as Auth0's SDKs expect it, and as a hint that comes back.
use std::time::Duration;

use doorcode::domain::Scope;
use doorcode::oauth::{
    AccessTokenType, Algorithm, IdTokenHint, InvalidToken, Profile, UpdatedAtFormat,
    verify_id_token_hint,
};
use doorcode::system::Timestamp;
use serde_json::json;

use super::world::{ALGORITHMS, ISSUER, NOW, SECONDS, SESSION, USER, World, parts, profile};
use crate::support::settings::BOB;

#[test]
fn it_says_who_signed_in_and_no_more_than_was_asked_for() {
    let world = World::new();
    for algorithm in ALGORITHMS {
        let (header, claims) = parts(&world.id(algorithm, "openid"));
        let kid = super::world::key_of(&world.published(), algorithm)["kid"].clone();
        assert_eq!(header, json!({"alg": algorithm.as_str(), "typ": "JWT", "kid": kid}));
        let expected = json!({
            "iss": ISSUER, "sub": format!("sms|{}", "01".repeat(12)), "aud": "spa",
            "iat": SECONDS, "exp": SECONDS + 3600, "auth_time": SECONDS - 60, "sid": "02".repeat(16),
        });
        assert_eq!(claims, expected);
    }
}

#[test]
fn scopes_show_the_profile_and_the_number() {
    let world = World::new();
    let picture = "https://auth.example.com/assets/person.svg";
    let of = |scope: &str| parts(&world.id(Algorithm::Rs256, scope)).1;
    let claims = of("openid profile");
    assert_eq!(claims["name"], BOB);
    assert_eq!(claims["nickname"], "");
    assert_eq!(claims["picture"], picture);
    assert_eq!(claims["updated_at"], "2025-01-02T03:04:05.670Z");
    assert!(claims.get("phone_number").is_none(), "{claims}");
    let claims = of("openid phone");
    assert_eq!(
        (&claims["phone_number"], &claims["phone_number_verified"]),
        (&json!(BOB), &json!(true))
    );
    assert!(claims.get("name").is_none() && claims.get("picture").is_none(), "{claims}");
    let claims = profile().claims(&Scope::parse("openid email").unwrap());
    assert!(claims.is_empty(), "{claims:?}");
    let strict = Profile { updated_at: UpdatedAtFormat::NumericDate, ..profile() };
    let claims = strict.claims(&Scope::parse("openid profile").unwrap());
    assert_eq!(claims["updated_at"], json!(1_735_787_045));
}

#[test]
fn nonce_and_hash_stand_in_it_only_when_asked_for_and_the_time_always() {
    let world = World::new();
    // The access token and the first hash are those of OpenID Connect Core 1.0, Appendix A.3.
    let access = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    let sha_256 = "77QmUPtjPfzWtF2AnpK9RQ";
    let sha_512 = "q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM";
    let hashes = [sha_256, sha_256, sha_512];
    for (algorithm, hash) in ALGORITHMS.into_iter().zip(hashes) {
        let (_, claims) = parts(&world.id_of(algorithm, "openid", |token| {
            token.nonce = Some("a~b.c-d+/=");
            token.at_hash_of = Some(access);
            token.session = None;
        }));
        assert_eq!(claims["nonce"], "a~b.c-d+/=");
        assert_eq!(claims["auth_time"], SECONDS - 60);
        assert_eq!(claims["at_hash"], hash, "{}", algorithm.as_str());
        assert!(claims.get("sid").is_none(), "{claims}");
    }
}

#[test]
fn a_hint_is_read_however_old_it_is() {
    let world = World::new();
    for algorithm in ALGORITHMS {
        let hint =
            world.id_of(algorithm, "openid profile", |token| token.lifetime = Duration::ZERO);
        let read = verify_id_token_hint(&world.keys, &world.issuer, &hint, NOW).expect("good");
        let (client, session) = (world.client.clone(), Some(SESSION));
        let expires = Timestamp::from_millis(SECONDS * 1000);
        let expected = IdTokenHint { client, user: USER, session, expires };
        assert_eq!(read, expected);
    }
}

#[test]
fn a_hint_of_others_or_of_another_kind_is_refused() {
    let (world, other) = (World::new(), World::new());
    for algorithm in ALGORITHMS {
        let read =
            |hint: &str| verify_id_token_hint(&world.keys, &world.issuer, hint, NOW).unwrap_err();
        assert_eq!(read(&other.id(algorithm, "openid")), InvalidToken::UnknownKey);
        for token_type in AccessTokenType::ALL {
            let access = world.access_of(algorithm, &world.issuer, |t| t.token_type = token_type);
            assert_eq!(read(&access), InvalidToken::WrongType);
        }
        let hint = world.id(algorithm, "openid");
        let elsewhere = super::world::issuer("https://auth.example.org");
        let read = verify_id_token_hint(&world.keys, &elsewhere, &hint, NOW).unwrap_err();
        assert_eq!(read, InvalidToken::WrongIssuer);
    }
}

#[test]
fn a_hint_from_the_future_is_refused() {
    let world = World::new();
    let hint = world.id(Algorithm::Rs256, "openid");
    let at = |now| verify_id_token_hint(&world.keys, &world.issuer, &hint, now);
    at(Timestamp::from_millis(SECONDS * 1000)).expect("issued this second");
    let early = Timestamp::from_millis(SECONDS * 1000 - 1);
    assert_eq!(at(early), Err(InvalidToken::NotYetValid));
}
