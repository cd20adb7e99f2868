//! Who is in the databases: each person by a number, with one session, whose cookie can be told.
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::{
    AttemptId, Host, Keyring, PhoneNumber, ServerSecret, SessionId, UserId, sha256,
};
use doorcode::session::{PreparedSession, SessionSettings, Sessions};
use doorcode::store::{
    Database, LoginOutcome, LoginStore as _, NewLogin, SessionBinding, SignInContext, SqlStore,
    copy,
};
use doorcode::system::System;
use futures_util::{StreamExt as _, stream};

use crate::support::contacts::contact_keys;
use crate::support::databases::Beside;
use crate::support::settings::SECRET;

/// As the defaults are.
const LIFETIME: Duration = Duration::from_hours(30 * 24);
/// Sessions began within this time, less than they may be unused for.
const BEGAN_WITHIN: u32 = 12 * 3600;
/// Logins that are written at once.
const WRITERS: usize = 16;

pub(crate) struct People {
    pub(crate) count: u32,
    system: System,
    sessions: Sessions,
    host: Host,
}

impl People {
    /// `store` is not asked: it makes the type whole.
    pub(crate) fn new(count: u32, store: Arc<SqlStore>) -> Self {
        let secret = ServerSecret::new(SECRET).expect("a secret");
        let system = System::real();
        let sessions = Sessions::new(store, &Keyring::new(secret, Vec::new()), system.clone());
        Self { count, system, sessions, host: Host::parse("localhost").expect("a host") }
    }

    /// In area 202; others are of nobody.
    pub(crate) fn phone(number: u32) -> String {
        format!("+1202{}", 2_000_000 + number)
    }

    fn prepared(&self, number: u32) -> PreparedSession {
        let settings = SessionSettings { idle: LIFETIME, lifetime: LIFETIME };
        self.sessions.prepare(&self.host, &sha256(&number.to_be_bytes()), settings)
    }

    /// The value of the cookie of a person's session.
    pub(crate) fn cookie(&self, number: u32) -> String {
        self.prepared(number).token.reveal()
    }

    fn login(&self, number: u32) -> NewLogin {
        let (session, random) = (self.prepared(number), sha256(&number.to_le_bytes()));
        let mut id = [0; 12];
        id.copy_from_slice(&random[..12]);
        let mut session_id = [0; 16];
        session_id.copy_from_slice(&random[16..]);
        let ago = Duration::from_secs(u64::from(number % BEGAN_WITHIN));
        let at = self.system.now() - ago;
        NewLogin {
            attempt: AttemptId::from_bytes(id),
            identifier: PhoneNumber::from_e164(&Self::phone(number)).expect("a number").into(),
            new_user: Some(UserId::from_bytes(id)),
            session: SessionId::from_bytes(session_id),
            sign_in_context: SignInContext {
                device: "Firefox|Android".to_owned(),
                address_block: "203.0.113.0/24".to_owned(),
            },
            at,
            expires: at + LIFETIME,
            binding: SessionBinding::Token {
                token: session.digest,
                host: session.host,
                replaces: None,
            },
        }
    }

    /// Signs everybody in, as `login` does: users and whatever belongs to them, sessions, spent codes.
    pub(crate) async fn fill(&self, store: &SqlStore) {
        let each = stream::iter(0..self.count).for_each_concurrent(WRITERS, async |number| {
            let outcome = store.commit(&self.login(number)).await.expect("written");
            assert!(matches!(outcome, LoginOutcome::Begun { new_user: true, .. }), "{number}");
        });
        each.await;
    }
}

/// Copies everything to a file.
pub(crate) async fn copy_to(from: &SqlStore, file: &Database) {
    let to = SqlStore::open(file, contact_keys()).await.expect("a file");
    copy(from, &to, &mut |_| {}).await.expect("copied");
    to.close().await;
}

/// As many rows of what no login of a browser writes: grants and authorization codes of applications,
/// roles, counts, cells. Every sixteenth session and grant has ended.
pub(crate) async fn fill_rest(database: &mut Beside) {
    let Beside::Postgresql(database) = database else { return };
    let statements = "
        INSERT INTO grants (id, client, user_id, session_id, scope, audience, created, last_used,
            expires, idle, refresh_family, refresh_present)
          SELECT id, 'spa', user_id, id, 'openid', '', created, created, expires, 86400000,
            md5(id) || md5(user_id), md5(user_id) || md5(id) FROM sessions;
        INSERT INTO authorization_codes (digest, client, redirect_uri, user_id, session_id, scope,
            audience, made, expires, used)
          SELECT md5(id) || md5(user_id), 'spa', 'https://app.example/callback', user_id, id,
            'openid', '', created, created + 60000, created FROM sessions;
        INSERT INTO personal_access_tokens (session_id, digest, name, site)
          SELECT id, md5(id) || md5(user_id), 'git', 'https://git.example.com' FROM sessions;
        INSERT INTO user_roles (user_id, role) SELECT id, 'staff' FROM users ON CONFLICT DO NOTHING;
        INSERT INTO counters (key, length, at, n) SELECT md5(id), 86400000, created, 1 FROM sessions;
        INSERT INTO counter_totals (key, length, began, total, last, newest, jitter)
          SELECT md5(id), 86400000, created, 1, created, created, 0 FROM sessions;
        INSERT INTO counter_marks (key, length, began, at, n, given_back, after, upto)
          SELECT md5(id), 86400000, created, created + n, 1, 0, n - 1, n
          FROM sessions, GENERATE_SERIES(1, 30) n;
        INSERT INTO cells (key, value, expires)
          SELECT 'counter:' || md5(id) || '-86400000', md5(id), created + 86400000 FROM sessions;
        UPDATE sessions SET ended = created WHERE id LIKE '0%';
        UPDATE grants SET revoked = created WHERE id LIKE '0%';";
    sqlx::raw_sql(statements).execute(&mut *database).await.expect("rows");
    sqlx::query("VACUUM ANALYZE").execute(&mut *database).await.expect("analyzed");
}
