//! A login without pages, over a real database, with a trap before every store.
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doorcode::app::{Decorator, StoreSet};
use doorcode::delivery::sms::{Message, Receipt, SmsProvider};
use doorcode::delivery::{Failure, SendError};
use doorcode::domain::{
    ClientId, GrantId, PhoneNumber, RefreshFamilyDigest, RefreshTokenDigest, Scope,
};
use doorcode::login::{LoginGrant, Requester, StartRequest, Verdict};
use doorcode::session::sign_in_context;
use doorcode::store::{
    Attempt, CounterCapacity, MemoryCounters, NewGrant, RefreshDigests, StoreError,
};

use crate::fail_points::trap::{Trap, trapped};
use crate::support::world;

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// What the provider refuses, with a number of its own for it.
pub(super) const REFUSED: (&str, u32) = ("+12025550199", 21_211);

pub(super) struct World {
    pub(super) trap: Arc<Trap>,
    inner: world::World,
}

/// A trap before every store, counts in memory, and a provider that refuses one number.
struct Decorated<'t>(&'t Arc<Trap>);

impl Decorator for Decorated<'_> {
    fn stores_for_requests(&self, stores: StoreSet) -> StoreSet {
        let counters = Arc::new(MemoryCounters::sized(CounterCapacity::default()));
        trapped(StoreSet { counters, ..stores }, self.0)
    }

    fn stores_for_texts(&self, stores: StoreSet) -> StoreSet {
        trapped(stores, self.0)
    }

    fn providers(&self, providers: Vec<Arc<dyn SmsProvider>>) -> Vec<Arc<dyn SmsProvider>> {
        providers.into_iter().map(|provider| Arc::new(Refusing(provider)) as _).collect()
    }
}

/// Refuses one number, and hands every other text on.
struct Refusing(Arc<dyn SmsProvider>);

#[async_trait]
impl SmsProvider for Refusing {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    async fn send(&self, message: &Message<'_>) -> Result<Receipt, SendError> {
        if message.to.e164() == REFUSED.0 {
            let error = SendError::new(self.name(), Failure::BadNumber);
            return Err(SendError { code: Some(REFUSED.1), ..error });
        }
        self.0.send(message).await
    }
}

/// What the code is to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Grant,
    Ticket,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::Grant, Self::Ticket];
}

fn settings(sign_up: bool) -> String {
    format!(
        "[server]\nlisten = [\"127.0.0.1:1\"]\npublic_url = \"http://localhost:1/.doorcode\"\n\
         secret = \"env:SECRET\"\n[store]\ndatabase = \"sqlite:test.db\"\n[limits]\n\
         starts_per_address_10m = 100000\nstarts_per_address_1h = 100000\n\
         attempts_per_address = 100000\nstarts_per_network_1h = 100000\n\
         texts_per_number_block_10m = 100000\ntexts_per_country_1h = 100000\n[login]\ncountries = [\"US\"]\nsign_up = {sign_up}\n\
         [sms]\nproviders = [\"console\"]\ntemplate = \"{{{{ code }}}}\"\n[[site]]\n\
         name = \"Shop\"\nurl = \"http://localhost:1\"\nupstreams = [\"127.0.0.1:2\"]\n"
    )
}

/// The `n`th number.
pub(super) fn phone(n: usize) -> PhoneNumber {
    PhoneNumber::from_e164(&format!("+1212555{:04}", 2000 + n)).unwrap()
}

pub(super) fn client() -> Requester {
    Requester::api("spa", "sms", ADDRESS)
}

impl Deref for World {
    type Target = world::World;

    fn deref(&self) -> &world::World {
        &self.inner
    }
}

impl World {
    pub(super) async fn new() -> Self {
        Self::open(true).await
    }

    pub(super) async fn open(sign_up: bool) -> Self {
        let trap = Arc::<Trap>::default();
        let inner = world::World::new(&settings(sign_up), &Decorated(&trap)).await;
        Self { trap, inner }
    }

    /// Asks for a code, and gives it as it was texted, if it was.
    pub(super) async fn start(&self, requester: Requester, phone: &PhoneNumber) -> Option<String> {
        let start = StartRequest {
            requester,
            phone,
            accept_language: None,
            page_language: None,
            page_host: None,
            application: None,
            proof: None,
            channel: None,
        };
        self.login.start(start).await.unwrap();
        self.send_texts().await;
        self.texts(phone.e164()).pop()
    }

    pub(super) async fn attempt(&self, phone: &PhoneNumber) -> Attempt {
        let patience = Duration::from_secs(10);
        let found = self.login.attempt_with_outcome(&client(), phone, patience).await;
        found.unwrap().expect("an attempt")
    }

    pub(super) async fn give(
        &self,
        phone: &PhoneNumber,
        code: &str,
        kind: Kind,
    ) -> Result<Verdict, StoreError> {
        self.login.verify(&client(), phone, code, self.gives(kind)).await.verdict
    }

    pub(super) fn gives(&self, kind: Kind) -> LoginGrant<'static> {
        let context = sign_in_context(Some("Firefox/140.0 (X11; Linux x86_64)"), ADDRESS);
        let now = self.system.now();
        let grant = || NewGrant {
            id: GrantId::from_bytes(self.system.random()),
            client: ClientId::parse("spa").unwrap(),
            scope: Scope::parse("openid offline_access").unwrap(),
            audience: None,
            expires: now + Duration::from_hours(90 * 24),
            idle: Duration::from_hours(30 * 24),
            refresh: Some(RefreshDigests {
                family: RefreshFamilyDigest::from_bytes(self.system.random()),
                present: RefreshTokenDigest::from_bytes(self.system.random()),
            }),
        };
        match kind {
            Kind::Grant => LoginGrant::Api { context, grant: grant() },
            Kind::Ticket => LoginGrant::Ticket { context },
        }
    }
}
