//! Checking a session cookie: one that is not cached (SQLite is read) and one that is.
use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use doorcode::domain::{
    AttemptId, Host, Keyring, Origin, PhoneNumber, Role, ServerSecret, SessionId, TokenDigest,
    UserId,
};
use doorcode::gate::Caller;
use doorcode::session::{SessionSettings, SessionToken, Sessions};
use doorcode::store::{
    self, ContactKeys, Database, LoginStore as _, NewLogin, SessionBinding, SignInContext, SqlStore,
};
use doorcode::system::System;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::measure;

const TOKENS: usize = 2000;
const WARM: usize = 200_000;

pub(crate) fn keyring() -> Keyring {
    Keyring::new(ServerSecret::new(&"k".repeat(32)).expect("a secret"), Vec::new())
}

/// A database with a session that has many tokens, none of which is cached.
pub(crate) struct Store {
    runtime: Runtime,
    sessions: Sessions,
    host: Host,
    settings: SessionSettings,
    tokens: Vec<SessionToken>,
    signed_in: Caller,
    _folder: TempDir,
}

impl Store {
    pub(crate) fn open(keyring: &Keyring) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let database = Database::Sqlite(folder.path().join("doorcode.db"));
        let sql = runtime
            .block_on(SqlStore::open(&database, ContactKeys::new(keyring, System::real())))
            .expect("a database");
        let sql: Arc<SqlStore> = Arc::new(sql);
        let system = System::real();
        let origin = Origin::parse("https://shop.example.com").expect("an origin");
        let host = origin.host().clone();
        let hour = Duration::from_hours(1);
        let settings = SessionSettings { idle: hour, lifetime: hour };
        let (at, session) = (system.now(), SessionId::from_bytes([1; 16]));
        let login = NewLogin {
            attempt: AttemptId::from_bytes([1; 12]),
            identifier: PhoneNumber::parse("+12025550123", None).expect("a number").into(),
            new_user: Some(UserId::from_bytes([1; 12])),
            session,
            sign_in_context: SignInContext::default(),
            binding: SessionBinding::Token {
                token: TokenDigest::from_bytes([1; 32]),
                host: host.clone(),
                replaces: None,
            },
            at,
            expires: at + hour,
        };
        runtime.block_on(sql.commit(&login)).expect("a session");
        let new = || {
            Sessions::new(Arc::clone(&sql) as Arc<dyn store::SessionStore>, keyring, system.clone())
        };
        let (before, sessions) = (new(), new());
        let mut begun: Vec<_> = (0..TOKENS)
            .map(|_| {
                let begun = runtime.block_on(before.begin_at(session, &host, settings));
                begun.expect("the store").expect("a token")
            })
            .collect();
        let roles = BTreeSet::from([Role::parse("admin").expect("a role")]);
        let (_, who) = begun.pop().expect("one of them");
        let signed_in = Caller::Session(who, Arc::new(roles));
        let tokens = begun.into_iter().map(|(token, _)| token).collect();
        Self { runtime, sessions, host, settings, tokens, signed_in, _folder: folder }
    }

    pub(crate) fn signed_in(&self) -> Caller {
        self.signed_in.clone()
    }

    pub(crate) fn run(&self) {
        let check = |token: &SessionToken| {
            let found = self.sessions.check(token, &self.host, self.settings);
            assert!(self.runtime.block_on(found).expect("the store").is_some());
        };
        measure("session: cold", self.tokens.iter(), check);
        let text = self.tokens[0].reveal();
        measure("session: warm, from the cookie", 0..WARM, |_| {
            check(&SessionToken::parse(black_box(&text)).expect("a token"));
        });
    }
}
