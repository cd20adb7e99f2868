//! The whole process is killed at any moment of a login, and started again.
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::support::browser::{Browser, Line, code_in, flow_of};
use crate::support::http::{Answer, Wire};
use crate::support::postgresql;
use crate::support::program::Program;
use crate::support::redis_server::TestRedis;
use crate::support::tables::{Count, session_tokens, sessions, spent_codes, users};

/// What a login came to before the process was gone.
pub(super) struct Came {
    pub(super) browser: Browser,
    pub(super) signed_in: bool,
    page: Answer,
    code: String,
}

fn phone(n: usize) -> String {
    format!("+1212555{:04}", 2000 + n)
}

fn post(browser: &mut Browser, target: &str, form: &[Line<'_>]) -> io::Result<Answer> {
    let mut wire = Wire::try_to(browser_port(browser))?;
    wire.send(&browser.request("POST", target, &[], Some(form)))?;
    let answer = wire.answer(false)?;
    browser.take_cookies(&answer);
    Ok(answer)
}

fn browser_port(browser: &Browser) -> u16 {
    let port = browser.authority.rsplit_once(':').expect("a port").1;
    port.parse().expect("a number")
}

/// Comes to the page that asks for the code; nothing is killed so far.
pub(super) fn come_to_code(program: &Program, n: usize) -> Came {
    let mut browser = program.browser();
    let before = program.texts.messages().len();
    let number = browser.visit("/orders").is(200);
    let page = browser.give_number(&number, &phone(n)).is(200);
    let text = program.texts.text(before + 1);
    Came { browser, signed_in: false, page, code: code_in(&text.body) }
}

pub(super) fn give_code(came: &mut Came) {
    let form = [("flow", flow_of(&came.page)), ("code", came.code.clone())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = post(&mut came.browser, "/.doorcode/code", &form);
    came.signed_in = answer.is_ok_and(|answer| answer.is(303).location().contains("/done?"));
}

/// The program, and where its data are.
pub(super) struct Site {
    pub(super) program: Program,
    servers: Option<Servers>,
}

/// PostgreSQL's database, and Redis, neither of which is killed.
struct Servers {
    database: String,
    _redis: TestRedis,
}

/// What logins left in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    users: i64,
    sessions: i64,
    tokens: i64,
    spent: i64,
}

impl Site {
    /// With a file.
    pub(super) fn of(program: Program) -> Self {
        Self { program, servers: None }
    }

    fn on_file() -> Self {
        Self::of(Program::start("info"))
    }

    fn on_servers() -> Self {
        let (setting, database) = postgresql::shared().named_setting(Duration::from_secs(30));
        let redis = TestRedis::start();
        let cache = format!("{setting}\ncache = \"redis://127.0.0.1:{}/0\"", redis.port);
        let program = Program::changed("info", &[("database = \"sqlite:doorcode.db\"", &cache)]);
        Self { program, servers: Some(Servers { database, _redis: redis }) }
    }

    fn count(&self, count: Count) -> i64 {
        match &self.servers {
            None => self.program.count(count),
            Some(servers) => postgresql::shared().count(&servers.database, count),
        }
    }

    pub(super) fn rows(&self) -> Rows {
        let [users, sessions] = [users::ALL, sessions::ALL].map(|count| self.count(count));
        let [tokens, spent] =
            [session_tokens::ALL, spent_codes::ALL].map(|count| self.count(count));
        Rows { users, sessions, tokens, spent }
    }

    /// The person, their session, its token and the spent code: all of them or none.
    pub(super) fn is_whole(&self, before: Rows, signed_in: bool, name: &str) -> i64 {
        let Rows { users, sessions, tokens, spent } = self.rows();
        let came = sessions - before.sessions;
        assert!((0..=1).contains(&came), "{name}: {came} sessions for one code");
        let all = [users - before.users, tokens - before.tokens, spent - before.spent];
        assert_eq!(all, [came; 3], "{name}: by half");
        assert!(came == 1 || !signed_in, "{name}: who was let in is forgotten");
        came
    }

    /// What the right code does once the process is there again.
    fn comes_back(&self, mut came: Came, before: Rows, name: &str) {
        let there = came.browser.get("/orders");
        assert_eq!(there.status == 200, came.signed_in, "{name}: {there}");
        came.signed_in = false;
        give_code(&mut came);
        if self.servers.is_some() {
            // The attempt outlived the process: the same code leads to the one session.
            assert!(came.signed_in, "{name}: a right code is refused");
            assert_eq!(self.is_whole(before, true, name), 1, "{name}");
            came.browser.get("/orders").is(200);
        } else {
            // The attempt went with the process: the code is dead, whatever it was used for.
            assert!(!came.signed_in, "{name}: a code survived the process");
            self.is_whole(before, false, name);
        }
    }
}

fn kill_in_logins(mut site: Site, kills: usize, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    for n in 0..kills {
        let name = format!("kill {n} of seed {seed}");
        let before = site.rows();
        let mut came = come_to_code(&site.program, n);
        let after = Duration::from_micros(random.random_range(0..30_000));
        let began = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                began.store(true, Ordering::SeqCst);
                give_code(&mut came);
            });
            while !began.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            std::thread::sleep(after);
            site.program.kill();
        });
        site.program.start_again("info");
        let sent = site.program.texts.messages().iter().filter(|text| text.to == phone(n)).count();
        assert_eq!(sent, 1, "{name}: texts for one start");
        site.is_whole(before, came.signed_in, &name);
        site.comes_back(came, before, &name);
    }
}

#[test]
fn a_process_that_is_killed_in_the_middle_of_logins_leaves_nothing_by_half() {
    kill_in_logins(Site::on_file(), 12, 1);
}

#[test]
fn a_process_with_servers_that_is_killed_in_the_middle_of_logins_leaves_nothing_by_half() {
    kill_in_logins(Site::on_servers(), 6, 3);
}

#[test]
#[ignore = "tests/long"]
fn a_process_that_is_killed_two_hundred_times_leaves_nothing_by_half() {
    kill_in_logins(Site::on_file(), 200, 2);
}

#[test]
#[ignore = "tests/long"]
fn a_process_with_servers_that_is_killed_two_hundred_times_leaves_nothing_by_half() {
    kill_in_logins(Site::on_servers(), 200, 4);
}
