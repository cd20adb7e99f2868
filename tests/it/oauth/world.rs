//! An issuer with a key of each algorithm, and the tokens that it signs for one user.
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorcode::domain::{ClientId, Keyring, PhoneNumber, Scope, ServerSecret, SessionId, UserId};
use doorcode::oauth::{
    AccessToken, AccessTokenType, Algorithm, IdToken, Issuer, KeyUsage, Profile, SigningKeys,
    Subject, UpdatedAtFormat, access_token, id_token,
};
use doorcode::store::{Database, SqlStore};
use doorcode::system::{System, Timestamp};
use serde_json::Value;

use crate::support::contacts::contact_keys;
use crate::support::settings::BOB;

pub(super) const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
pub(super) const ISSUER: &str = "https://auth.example.com/";
pub(super) const API: &str = "https://api.example.com/";
pub(super) const USERINFO: &str = "https://auth.example.com/userinfo";
pub(super) const USER: UserId = UserId::from_bytes([1; 12]);
pub(super) const SESSION: SessionId = SessionId::from_bytes([2; 16]);
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_999);
/// `NOW`, as tokens write it.
pub(super) const SECONDS: i64 = 1_767_225_600;
pub(super) const QUARTER: Duration = Duration::from_mins(15);

pub(super) struct World {
    pub(super) keys: Arc<SigningKeys>,
    pub(super) issuer: Issuer,
    /// Of its access tokens.
    pub(super) scope: Scope,
    pub(super) client: ClientId,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let wanted = ALGORITHMS.map(|algorithm| (KeyUsage::Token, algorithm));
        let keys = runtime.block_on(async {
            let path = folder.path().join("db");
            let store = SqlStore::open(&Database::Sqlite(path), contact_keys()).await.unwrap();
            let keyring = Keyring::new(ServerSecret::new(&"a".repeat(32)).unwrap(), Vec::new());
            SigningKeys::open(&store, &keyring, &wanted, &System::real()).await.unwrap()
        });
        Self::with(Arc::new(keys))
    }

    pub(super) fn with(keys: Arc<SigningKeys>) -> Self {
        let scope = Scope::parse("openid read:orders").unwrap();
        let client = ClientId::parse("spa").unwrap();
        Self { keys, issuer: issuer("https://auth.example.com"), scope, client }
    }

    /// The public keys, as they are served.
    pub(super) fn published(&self) -> Value {
        serde_json::from_slice(&self.keys.published((KeyUsage::Token, Algorithm::Rs256))).unwrap()
    }

    pub(super) fn access(&self, algorithm: Algorithm) -> String {
        self.access_of(algorithm, &self.issuer, |_| {})
    }

    pub(super) fn access_of(
        &self,
        algorithm: Algorithm,
        issuer: &Issuer,
        change: impl FnOnce(&mut AccessToken<'_>),
    ) -> String {
        self.access_at(NOW, algorithm, issuer, change)
    }

    fn access_at(
        &self,
        now: Timestamp,
        algorithm: Algorithm,
        issuer: &Issuer,
        change: impl FnOnce(&mut AccessToken<'_>),
    ) -> String {
        let mut token = AccessToken {
            token_type: AccessTokenType::AtJwt,
            client: &self.client,
            subject: Subject::User(USER),
            session: Some(SESSION),
            grant: Some("03030303030303030303030303030303"),
            audiences: vec![API.to_owned(), USERINFO.to_owned()],
            scope: &self.scope,
            lifetime: QUARTER,
            id: "token-1",
        };
        change(&mut token);
        access_token(&self.keys, algorithm, issuer, &token, now).unwrap()
    }

    /// One that is good for `lifetime` from `now` on.
    pub(super) fn access_for(
        &self,
        lifetime: Duration,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> String {
        let lasts = |token: &mut AccessToken<'_>| token.lifetime = lifetime;
        self.access_at(now, algorithm, &self.issuer, lasts)
    }

    pub(super) fn id(&self, algorithm: Algorithm, scope: &str) -> String {
        self.id_of(algorithm, scope, |_| {})
    }

    pub(super) fn id_of(
        &self,
        algorithm: Algorithm,
        scope: &str,
        change: impl FnOnce(&mut IdToken<'_>),
    ) -> String {
        let scope = Scope::parse(scope).unwrap();
        let profile = profile();
        let mut token = IdToken {
            client: &self.client,
            user: USER,
            session: Some(SESSION),
            nonce: None,
            auth_time: NOW - Duration::from_mins(1),
            at_hash_of: None,
            profile: &profile,
            scope: &scope,
            lifetime: Duration::from_hours(1),
        };
        change(&mut token);
        id_token(&self.keys, algorithm, &self.issuer, &token, NOW).unwrap()
    }
}

pub(super) fn issuer(public_url: &str) -> Issuer {
    Issuer::parse(public_url, "/.doorcode").unwrap()
}

pub(super) fn profile() -> Profile {
    Profile {
        phone: PhoneNumber::parse(BOB, None).unwrap(),
        picture: "https://auth.example.com/assets/person.svg".to_owned(),
        updated: Timestamp::from_millis(1_735_787_045_670),
        groups: None,
        email: None,
        updated_at: UpdatedAtFormat::DateTime,
    }
}

/// Header and claims, as anybody can read them.
pub(super) fn parts(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}

/// The key of an algorithm, as it is published.
pub(super) fn key_of(published: &Value, algorithm: Algorithm) -> Value {
    let keys = published["keys"].as_array().unwrap();
    keys.iter().find(|key| key["alg"] == algorithm.as_str()).unwrap().clone()
}
