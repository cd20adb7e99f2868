//! The access token, as an API and as we ourselves read it.
use doorcode::domain::{ClientId, GrantId, Scope};
use doorcode::oauth::{Algorithm, Subject, verify_access_token};
use doorcode::system::Timestamp;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation, decode};
use serde_json::{Value, json};

use super::world::{
    ALGORITHMS, API, ISSUER, NOW, QUARTER, SECONDS, SESSION, USER, USERINFO, World, key_of, parts,
};

#[test]
fn an_api_can_check_it_with_the_published_keys_and_finds_these_claims() {
    let world = World::new();
    for algorithm in ALGORITHMS {
        let token = world.access(algorithm);
        let key = key_of(&world.published(), algorithm);
        let (header, _) = parts(&token);
        let expected = json!({"alg": algorithm.as_str(), "typ": "at+jwt", "kid": key["kid"]});
        assert_eq!(header, expected);
        let key: Jwk = serde_json::from_value(key).unwrap();
        let mut rules = Validation::new(algorithm.as_str().parse().unwrap());
        (rules.validate_exp, rules.validate_aud) = (false, false);
        let read = decode::<Value>(&token, &DecodingKey::from_jwk(&key).unwrap(), &rules);
        let expected = json!({
            "iss": ISSUER, "sub": format!("sms|{}", "01".repeat(12)), "aud": [API, USERINFO],
            "azp": "spa", "client_id": "spa", "scope": "openid read:orders", "iat": SECONDS,
            "exp": SECONDS + 900, "jti": "token-1", "sid": "02".repeat(16), "gid": "03".repeat(16),
        });
        assert_eq!(read.unwrap().claims, expected, "these and no others");
    }
}

#[test]
fn we_read_what_we_wrote() {
    let world = World::new();
    for algorithm in ALGORITHMS {
        let read = verify_access_token(&world.keys, &world.issuer, &world.access(algorithm), NOW);
        let read = read.expect("good");
        assert_eq!((read.subject, read.session), (Subject::User(USER), Some(SESSION)));
        assert_eq!((read.client.as_str(), read.grant), ("spa", GrantId::parse(&"03".repeat(16))));
        assert_eq!(read.audiences, [API, USERINFO]);
        assert_eq!(read.scope, Scope::parse("openid read:orders").unwrap());
        assert_eq!(read.expires, Timestamp::from_millis(SECONDS * 1000) + QUARTER);
    }
}

#[test]
fn a_clients_own_token_says_so_and_is_nobodys_else() {
    let world = World { client: ClientId::parse("robot").unwrap(), ..World::new() };
    let token = world.access_of(Algorithm::Rs256, &world.issuer, |token| {
        token.subject = Subject::Client;
        (token.session, token.grant) = (None, None);
        token.audiences.truncate(1);
    });
    let (_, claims) = parts(&token);
    assert_eq!(claims["sub"], "robot@clients");
    assert_eq!(claims["gty"], "client-credentials");
    assert_eq!(claims["aud"], API, "one audience is a text");
    assert!(claims.get("sid").is_none() && claims.get("gid").is_none(), "{claims}");
    let read = verify_access_token(&world.keys, &world.issuer, &token, NOW).expect("good");
    assert_eq!((read.subject, read.client.as_str()), (Subject::Client, "robot"));
    assert_eq!((read.session, read.grant), (None, None));
    assert_eq!(read.audiences, [API]);
}

#[test]
fn a_token_without_scope_has_no_such_claim() {
    let world = World { scope: Scope::default(), ..World::new() };
    let token = world.access(Algorithm::Es256);
    assert!(parts(&token).1.get("scope").is_none());
    let read = verify_access_token(&world.keys, &world.issuer, &token, NOW).expect("good");
    assert!(read.scope.is_empty());
}
