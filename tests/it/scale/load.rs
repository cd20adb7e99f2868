//! Logins and checks of sessions, and how long they take.
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use doorcode::system::System;

use super::people::People;
use super::site::Site;
use crate::support::browser::code_in;
use crate::support::http::Wire;

/// Logins at once, where many are under way.
const AT_ONCE: usize = 8;
/// Connections that check sessions beside them.
const CHECKERS: usize = 2;
/// A prime number that divides no number of people.
const STRIDE: u64 = 7919;

/// What a phase of the load took.
#[derive(Default)]
pub(crate) struct Times {
    pub(crate) logins: Vec<Duration>,
    /// Of sessions that the process did not know.
    pub(crate) cold: Vec<Duration>,
    /// Of the same, right after.
    pub(crate) warm: Vec<Duration>,
    /// The whole phase.
    pub(crate) whole: Duration,
    /// Processor time of a login, milliseconds.
    pub(crate) cpu: [f64; 3],
}

pub(crate) struct Load<'a> {
    site: &'a Site<'a>,
    people: &'a People,
    system: System,
    /// The next person whose session is not known to the process.
    unknown: AtomicU32,
    /// Logins so far: each comes from an address of its own.
    begun: AtomicU32,
}

/// Who signs in.
#[derive(Clone, Copy)]
pub(crate) enum Who {
    /// Somebody for the first time.
    New,
    /// One of the people.
    Known,
}

impl<'a> Load<'a> {
    pub(crate) fn new(site: &'a Site<'a>, people: &'a People) -> Self {
        let (unknown, begun) = (AtomicU32::new(0), AtomicU32::new(0));
        Self { site, people, system: System::real(), unknown, begun }
    }

    fn now(&self) -> Duration {
        self.system.clock.elapsed()
    }

    fn since(&self, begun: Duration) -> Duration {
        self.now().saturating_sub(begun)
    }

    /// One after the other.
    pub(crate) fn logins_alone(&self, count: u32) -> Times {
        let logins = (0..count).map(|_| self.login(Who::Known)).collect();
        Times { logins, ..Times::default() }
    }

    /// One after the other.
    pub(crate) fn checks_alone(&self, count: u32) -> Times {
        let (cold, warm) = self.checks(|done| done < count);
        Times { cold, warm, ..Times::default() }
    }

    /// Several at once, and no checks.
    pub(crate) fn logins_together(&self, count: u32) -> Times {
        let (before, begun) = (self.site.cpu(), self.now());
        let logins = self.together(count, Who::Known);
        let whole = self.since(begun);
        Times { logins, whole, cpu: self.site.cpu().each(before, count), ..Times::default() }
    }

    /// Logins, and checks as long as they last.
    pub(crate) fn at_once(&self, count: u32) -> Times {
        let over = AtomicBool::new(false);
        let begun = self.now();
        std::thread::scope(|scope| {
            let checker = || scope.spawn(|| self.checks(|_| !over.load(Ordering::Relaxed)));
            let checkers: Vec<_> = (0..CHECKERS).map(|_| checker()).collect();
            let logins = self.together(count, Who::New);
            over.store(true, Ordering::Relaxed);
            let mut times = Times { logins, whole: self.since(begun), ..Times::default() };
            for checker in checkers {
                let (cold, warm) = checker.join().expect("checks");
                times.cold.extend(cold);
                times.warm.extend(warm);
            }
            times
        })
    }

    fn together(&self, count: u32, who: Who) -> Vec<Duration> {
        let left = AtomicU32::new(count);
        let next = || {
            let taken =
                left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
            taken.is_ok().then(|| self.login(who))
        };
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..AT_ONCE)
                .map(|_| scope.spawn(|| std::iter::from_fn(next).collect::<Vec<_>>()))
                .collect();
            all.into_iter().flat_map(|one| one.join().expect("logins")).collect()
        })
    }

    /// All hops of a login, from the page that needs one to the app's answer.
    fn login(&self, who: Who) -> Duration {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let phone = match who {
            Who::New => format!("+1212{}", 2_000_000 + number),
            Who::Known => People::phone(self.people.count - 1 - self.somebody(number)),
        };
        let [_, a, b, c] = number.to_be_bytes();
        let mut browser = self.site.program.browser();
        browser.address = Some(format!("10.{a}.{b}.{c}"));
        let begun = self.now();
        let page = browser.visit("/orders").is(200);
        let page = browser.give_number(&page, &phone).is(200);
        let code = code_in(&self.site.program.texts.text_to(&phone).body);
        let answer = browser.give_code(&page, &code).is(303);
        browser.finish(answer).is(200);
        self.since(begun)
    }

    /// Of one session after the other that the process does not know, twice each, while `goes_on` says
    /// so of how many there were.
    fn checks(&self, goes_on: impl Fn(u32) -> bool) -> (Vec<Duration>, Vec<Duration>) {
        let mut wire = Wire::to(self.site.program.port);
        let (mut cold, mut warm) = (Vec::new(), Vec::new());
        for done in 0.. {
            let person = self.unknown.fetch_add(1, Ordering::Relaxed);
            if !goes_on(done) || person >= self.people.count / 2 {
                break;
            }
            let cookie = self.people.cookie(self.somebody(person));
            cold.push(self.check(&mut wire, &cookie));
            warm.push(self.check(&mut wire, &cookie));
        }
        (cold, warm)
    }

    /// Another one of half of the people for each number, and no neighbour in the tables.
    fn somebody(&self, number: u32) -> u32 {
        let place = u64::from(number) * STRIDE % u64::from(self.people.count / 2);
        u32::try_from(place).expect("fewer than people")
    }

    fn check(&self, wire: &mut Wire, cookie: &str) -> Duration {
        let port = self.site.program.port;
        let request = format!(
            "GET /orders HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: doorcode={cookie}\r\n\r\n"
        );
        let begun = self.now();
        wire.send(request.as_bytes()).expect("sent");
        wire.answer(false).expect("an answer").is(200);
        self.since(begun)
    }
}
