//! Starts without end: they must not shut others out, clear a count, or fill the memory.
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use doorcode::config::Config;
use doorcode::delivery::sms::{Message, Receipt, SmsProvider};
use doorcode::delivery::{Delivery, SendError};
use doorcode::domain::{Keyring, PhoneNumber, ServerSecret};
use doorcode::events::{Event, EventSink};
use doorcode::login::{
    Channel, CodeChecks, CodeKeys, LIMITS, LimitAction, LimitScope, Limiter, Login, LoginDeps,
    LoginGrant, Outbox, OutboxSender, OutboxWorker, Requester, SentTexts, Standing, StartError,
    StartRequest, Started, TextSettings, Verdict,
};
use doorcode::session::{Browser, Sessions};
use doorcode::store::{CounterCapacity, Increment, MemoryAttempts, MemoryCounters, TakeOutcome};
use doorcode::system::System;
use doorcode::words::{SmsTemplate, SmsTemplates};

use super::counters::{BEGIN, count, database, take};
use super::{DAY, HOUR, MINUTE};
use crate::support::settings::{RAISED, Settings, environment};
use crate::support::still::{SeededRandom, StillClock};

struct Silent;

impl EventSink for Silent {
    fn record(&self, _: &Event<'_>) {}
}

struct Taker;

#[async_trait]
impl SmsProvider for Taker {
    fn name(&self) -> &'static str {
        "taker"
    }

    async fn send(&self, _: &Message<'_>) -> Result<Receipt, SendError> {
        Ok(Receipt { provider: "taker", id: String::new(), segments: None })
    }
}

/// The login alone, with the counters in memory: a flood needs no sockets.
struct Alone {
    login: Login,
    worker: OutboxWorker,
    outbox: Arc<Outbox>,
    counters: Arc<MemoryCounters>,
    clock: Arc<StillClock>,
    _folder: tempfile::TempDir,
}

impl Alone {
    async fn with(limits: &str, room: CounterCapacity) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let origin = "http://localhost:21";
        let twilio = "http://127.0.0.1:24";
        let settings = Settings { port: 21, admin: 22, origin, app: 23, twilio };
        let free = "[sms.prices]\nUS = \"0\"\n[sms]";
        let limits = format!("[limits]\n{limits}\n");
        let text = settings.text(&[
            (RAISED, &limits),
            ("countries = [", "challenge = false\ncountries = ["),
            ("[sms]", free),
        ]);
        let config = Config::read(&text, "flood.toml", Path::new(""), &environment);
        let config = config.unwrap_or_else(|problems| panic!("{problems}"));
        let clock = Arc::new(StillClock::new());
        let system = System::new(clock.clone(), Arc::new(SeededRandom::new(1)));
        let secret = ServerSecret::new(&"s".repeat(40)).expect("a secret");
        let keyring = Keyring::new(secret, Vec::new());
        let store = database(&folder).await;
        let sessions = Arc::new(Sessions::new(store.clone(), &keyring, system.clone()));
        let counters = Arc::new(MemoryCounters::sized(room));
        let (outbox, jobs) = Outbox::new();
        let template = SmsTemplate::parse("{{ code }}", "Acme").expect("a template");
        let texts = Arc::new(ArcSwap::from_pointee(TextSettings {
            delivery: Delivery::new(vec![Arc::new(Taker)], system.clone()),
            templates: SmsTemplates::new(template),
            limits: config.login.limits.clone(),
        }));
        let parts = LoginDeps {
            attempts: Arc::new(MemoryAttempts::default()),
            logins: store.clone(),
            users: store.clone(),
            sessions,
            outbox: Arc::new(outbox),
            limiter: Arc::new(Limiter::new(counters.clone(), &keyring, system.steady())),
            keys: Arc::new(CodeKeys::new(&keyring)),
            code_checks: Arc::new(CodeChecks::new(Arc::clone(&texts))),
            events: Arc::new(Silent),
            system: system.clone(),
        };
        let sender = OutboxSender {
            attempts: Arc::clone(&parts.attempts),
            users: store,
            keys: Arc::clone(&parts.keys),
            texts,
            sent: Arc::new(SentTexts::new(Duration::ZERO, system.clone()).0),
            events: Arc::new(Silent),
            system,
        };
        let outbox = Arc::clone(&parts.outbox);
        let login = Login::new(parts, config.login, config.session);
        let worker = OutboxWorker::new(jobs, sender);
        Self { login, worker, outbox, counters, clock, _folder: folder }
    }

    async fn start(&self, address: IpAddr, who: u32, phone: &str) -> Result<Started, StartError> {
        while self.outbox.unfinished() > 9_000 {
            tokio::task::yield_now().await;
        }
        let phone = PhoneNumber::from_e164(phone).expect("a number");
        let requester = requester(address, who);
        let start = StartRequest {
            requester,
            phone: &phone,
            accept_language: None,
            page_language: None,
            page_host: None,
            application: None,
            proof: None,
            channel: None,
        };
        self.login.start(start).await.map_err(|refused| refused.why)
    }

    /// Somebody types a code that is wrong with all but certainty.
    async fn guess(&self, address: IpAddr, who: u32, phone: &str, code: &str) -> Verdict {
        let phone = PhoneNumber::from_e164(phone).expect("a number");
        let host = doorcode::domain::Origin::parse("http://localhost:1").expect("an origin");
        let host = host.host().clone();
        let browser = Browser { host: &host, user_agent: None, address, session: None };
        let gives = LoginGrant::Browser(&browser);
        let checked = self.login.verify(&requester(address, who), &phone, code, gives).await;
        checked.verdict.expect("an answer")
    }

    /// Each for another number, three in a millisecond: how many were taken, and by which row some were
    /// refused that were among the first ten of their address.
    async fn twelve_starts_of_each(&self, addresses: u32) -> (u32, BTreeMap<&'static str, u32>) {
        let (mut taken, mut early) = (0, BTreeMap::new());
        for n in 0..12 * addresses {
            if n % 3 == 0 {
                self.clock.pass(Duration::from_millis(1));
            }
            let why = match self.start(address(n, addresses), n + 1, &number(n)).await {
                Ok(_) => {
                    taken += 1;
                    continue;
                }
                Err(StartError::Limited(limited)) => limited.row.key,
                Err(StartError::Challenged(_)) => "challenge",
                Err(other) => panic!("{other}"),
            };
            if n < 10 * addresses {
                *early.entry(why).or_default() += 1;
            }
        }
        (taken, early)
    }

    /// Runs `what` while texts are sent.
    async fn meanwhile<T>(&self, what: impl Future<Output = T>) -> T {
        tokio::select! {
            done = what => done,
            () = self.worker.run() => panic!("the worker ended"),
        }
    }
}

fn requester(address: IpAddr, who: u32) -> Requester {
    let who = doorcode::domain::RequesterDigest::of(who.to_be_bytes());
    Requester { channel: Channel::Page, who, address, standing: Standing::Stranger }
}

/// One of `of`, each in a network of its own.
fn address(n: u32, of: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + n % of * 256).into()
}

/// Of 6,240,000 numbers, another for every `n`, far from the one before: a cell that several keys
/// share counts no further than 254, and those of one block are one key.
fn number(n: u32) -> String {
    let n = u32::try_from(u64::from(n) * 7_919 % 6_240_000).expect("less than that");
    let area = [202, 212, 303, 415, 512, 617, 702, 808][n as usize / 780_000 % 8];
    let n = n % 780_000;
    format!("+1{area}{:03}{:04}", 220 + n / 10_000, n % 10_000)
}

/// Never more, and in a flood that is counted together hardly less.
#[track_caller]
fn assert_ten_of_each(taken: u32, addresses: u32) {
    let most = 10 * addresses;
    assert!(taken <= most && taken >= most - most / 200, "{taken} of {most}");
}

const VICTIM: &str = "+447400123456";

/// Twelve starts of each address, each for another number, then so many newcomers.
#[expect(clippy::print_stdout, reason = "a figure for whoever reads the log")]
async fn flood(addresses: u32, newcomers: u32, room: CounterCapacity) {
    let shared = "texts_1h = 100000000\ntexts_24h = 100000000\n\
        texts_per_country_1h = 100000000\ntexts_per_number_block_10m = 100000000\n\
        starts_per_network_1h = 100000000\n\
        conversion_warn_below = 0\nconversion_pause_below = 0";
    let alone = Alone::with(shared, room).await;
    let guesser: IpAddr = Ipv4Addr::new(192, 0, 2, 7).into();
    let run = async {
        alone.start(guesser, 0, VICTIM).await.expect("the first text");
        for code in ["000000", "000001"] {
            let Verdict::Wrong { .. } = alone.guess(guesser, 0, VICTIM, code).await else {
                panic!("hit by chance")
            };
        }

        let (taken, early) = alone.twelve_starts_of_each(addresses).await;
        let bytes = alone.counters.bytes();
        println!("{taken} taken, too early refused {early:?}, {} KiB of counters", bytes / 1024);
        assert_ten_of_each(taken, addresses);
        // 10 and 15 minutes, an hour, a day.
        assert!(bytes <= 4 * room.most_bytes(), "{bytes}");

        // What was guessed before still counts: of five wrong codes for the number, two.
        for (who, code) in [(1_000_000, "000002"), (1_000_001, "000003")] {
            alone.clock.pass(MINUTE * 2);
            alone.start(guesser, who, VICTIM).await.expect("a text");
            let verdict = alone.guess(guesser, who, VICTIM, code).await;
            assert!(matches!(verdict, Verdict::Wrong { .. }), "{verdict:?}");
        }
        alone.clock.pass(MINUTE * 3);
        alone.start(guesser, 1_000_002, VICTIM).await.expect("a text");
        let verdict = alone.guess(guesser, 1_000_002, VICTIM, "000004").await;
        assert!(matches!(verdict, Verdict::Limited(_)), "{verdict:?}");

        let mut shut_out = Vec::new();
        for n in 0..newcomers {
            // Each of a network (/48) of its own.
            let network = u128::from(n) << 80 | 0x2001_0db8_u128 << 96;
            let newcomer = Ipv6Addr::from(network).into();
            let started = alone.start(newcomer, 2_000_000 + n, &number(6_000_000 + n)).await;
            shut_out.extend(started.err().map(|why| why.to_string()));
        }
        assert_eq!(shut_out, [""; 0], "of {newcomers} newcomers");
    };
    alone.meanwhile(run).await;
}

/// Small in a debug build, where reading a number takes a fifth of a millisecond: the counters
/// have as little room in proportion.
#[tokio::test]
async fn a_flood_shuts_nobody_out_and_clears_nothing() {
    flood(300, 50, CounterCapacity { keys: 200, ..CounterCapacity::default() }).await;
}

#[tokio::test]
#[ignore = "tests/long"]
async fn a_flood_from_ten_thousand_addresses() {
    flood(10_000, 1_000, CounterCapacity::default()).await;
}

#[tokio::test]
#[ignore = "tests/long"]
async fn a_flood_of_more_than_a_million() {
    flood(100_000, 1_000, CounterCapacity::default()).await;
}

/// What a start counts, as the table of limits has it but for the texts in all.
fn counts_of_a_start(address: u32, number: u32) -> Vec<Increment> {
    let counts = LIMITS.iter().enumerate().filter_map(|(n, row)| {
        let n = 100_000_000 * u32::try_from(n).expect("few rows");
        let (whose, most) = match (row.action, row.scope) {
            (LimitAction::WrongCode, _) => {
                return Some(Increment { n: 0, ..count(n + number, row.window, 5) });
            }
            (LimitAction::Text, LimitScope::Number) => {
                (number, if row.window == HOUR { 5 } else { 10 })
            }
            (LimitAction::Start, LimitScope::Address) => {
                (address, if row.window == HOUR { 30 } else { 10 })
            }
            (LimitAction::Attempt, LimitScope::Address) => (address, 50),
            // Texts in all, and what only clients of the API do.
            _ => return None,
        };
        Some(count(n + whose, row.window, most))
    });
    counts.collect()
}

#[tokio::test]
async fn a_hundred_and_twenty_thousand_starts_stay_within_their_memory() {
    counted(10_000).await;
}

#[tokio::test]
#[ignore = "tests/long"]
async fn a_million_and_more_starts_stay_within_their_memory() {
    counted(100_000).await;
}

/// How many of 1,000 addresses that were never seen, each with a number of its own, are refused.
async fn newcomers_shut_out(counters: &MemoryCounters) -> u32 {
    let mut shut_out = 0;
    for n in 0..1_000 {
        let counts = counts_of_a_start(200_000 + n, 2_000_000 + n);
        shut_out +=
            u32::from(matches!(take(counters, &counts, BEGIN).await, TakeOutcome::Refused { .. }));
    }
    shut_out
}

/// Twelve starts of each address, each for another number, as the counters alone see them.
#[expect(clippy::print_stdout, reason = "a figure for whoever reads the log")]
async fn counted(addresses: u32) {
    let counters = MemoryCounters::default();
    let guessed = count(4_000_000_000, MINUTE * 15, 5);
    for _ in 0..5 {
        take(&counters, &[guessed], BEGIN).await;
    }
    let (mut taken, mut most) = (0, 0);
    for n in 0..12 * addresses {
        let now = BEGIN + Duration::from_millis((n / 100).into());
        let counts = counts_of_a_start(n % addresses, n);
        taken += u32::from(matches!(take(&counters, &counts, now).await, TakeOutcome::Taken(_)));
        if n % 10_000 == 0 {
            most = most.max(counters.bytes());
        }
    }
    assert_ten_of_each(taken, addresses);
    assert!(most <= 4 * CounterCapacity::default().most_bytes(), "{most}");
    println!("at most {} KiB of counters", most / 1024);
    assert!(matches!(take(&counters, &[guessed], BEGIN).await, TakeOutcome::Refused { .. }));
    let shut_out = newcomers_shut_out(&counters).await;
    assert_eq!(shut_out, 0, "of 1,000 newcomers");

    // A day later all of it is over, and its memory is given back with the next count.
    let counts = counts_of_a_start(0, 0);
    take(&counters, &counts, BEGIN + DAY * 2).await;
    let kept = counters.bytes();
    assert!(kept < 64 * 1024, "{kept}");
}
