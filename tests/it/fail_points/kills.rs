//! The whole process is killed at any moment of a login, and started again.
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::support::browser::{Browser, Line, code_in, flow_of};
use crate::support::http::{Answer, Wire};
use crate::support::program::Program;
use crate::support::tables::{session_tokens, sessions, spent_codes, users};

/// What a login came to before the process was gone.
struct Came {
    browser: Browser,
    signed_in: bool,
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
fn come_to_code(program: &Program, n: usize) -> Came {
    let mut browser = program.browser();
    let before = program.texts.messages().len();
    let number = browser.visit("/orders").is(200);
    let page = browser.give_number(&number, &phone(n)).is(200);
    let text = program.texts.text(before + 1);
    Came { browser, signed_in: false, page, code: code_in(&text.body) }
}

fn give_code(came: &mut Came) {
    let form = [("flow", flow_of(&came.page)), ("code", came.code.clone())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = post(&mut came.browser, "/.doorcode/code", &form);
    came.signed_in = answer.is_ok_and(|answer| answer.is(303).location().contains("/done?"));
}

fn kill_in_logins(kills: usize, seed: u64) {
    let mut program = Program::start("info");
    let mut random = StdRng::seed_from_u64(seed);
    for n in 0..kills {
        let name = format!("kill {n} of seed {seed}");
        let mut came = come_to_code(&program, n);
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
            program.kill();
        });
        program.start_again("info");
        let sent = program.texts.messages().iter().filter(|text| text.to == phone(n)).count();
        assert_eq!(sent, 1, "{name}: texts for one start");
        is_whole(&program, &phone(n), came.signed_in, &name);
        let there = came.browser.get("/orders");
        assert_eq!(there.status == 200, came.signed_in, "{name}: {there}");
        // The attempt went with the process: the code is dead, whatever it was used for.
        came.signed_in = false;
        give_code(&mut came);
        assert!(!came.signed_in, "{name}: a code survived the process");
        is_whole(&program, &phone(n), false, &name);
    }
}

/// The person, their session, its token and the spent code: all of them or none.
fn is_whole(program: &Program, phone: &str, signed_in: bool, name: &str) {
    let [users, sessions, tokens] =
        [users::OF, sessions::OF, session_tokens::OF].map(|count| program.count_of(count, phone));
    let spent = program.count(spent_codes::WITHOUT_SESSION);
    assert!(sessions <= 1, "{name}: {sessions} sessions for one code");
    assert_eq!((users, tokens, spent), (sessions, sessions, 0), "{name}: by half");
    assert!(sessions == 1 || !signed_in, "{name}: who was let in is forgotten");
}

#[test]
fn a_process_that_is_killed_in_the_middle_of_logins_leaves_nothing_by_half() {
    kill_in_logins(12, 1);
}

#[test]
#[ignore = "tests/long"]
fn a_process_that_is_killed_two_hundred_times_leaves_nothing_by_half() {
    kill_in_logins(200, 2);
}
