//! Somebody who signs in, step by step, and comes back when a step failed.
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::trap::Fault;
use super::world::{Answer, World, address};
use crate::support::browser::{between, code_in, unlike};
use crate::support::tables::{session_tokens, sessions, spent_codes, users};

/// What a login is made of, as its person sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    GiveNumber,
    /// Not theirs: the text is sent.
    Text,
    ShowCodePage,
    GiveCode,
    LeaveForTheSite,
}

impl Step {
    pub(super) const ALL: [Self; 5] =
        [Self::GiveNumber, Self::Text, Self::ShowCodePage, Self::GiveCode, Self::LeaveForTheSite];
}

pub(super) struct Visitor<'w> {
    world: &'w World,
    pub(super) phone: String,
    address: IpAddr,
    jar: BTreeMap<String, String>,
    number_flow: String,
    code_flow: String,
    done: String,
    /// Codes that signed them in.
    pub(super) logins: i64,
    /// What was there before they came. Nobody else comes meanwhile.
    others: Rows,
}

/// What a login makes.
#[derive(Clone, Copy)]
struct Rows {
    users: i64,
    sessions: i64,
    open: i64,
    tokens: i64,
}

impl Rows {
    async fn of(world: &World) -> Self {
        Self {
            users: world.count(users::ALL).await,
            sessions: world.count(sessions::ALL).await,
            open: world.count(sessions::OPEN).await,
            tokens: world.count(session_tokens::ALL).await,
        }
    }

    const fn without(self, others: Self) -> Self {
        Self {
            users: self.users - others.users,
            sessions: self.sessions - others.sessions,
            open: self.open - others.open,
            tokens: self.tokens - others.tokens,
        }
    }
}

impl<'w> Visitor<'w> {
    /// The `n`th of up to 8000, on the page that asks for a number.
    pub(super) async fn new(world: &'w World, n: u32) -> Self {
        let area = ["202", "212", "303", "415"][n as usize / 2000 % 4];
        let phone = format!("+1{area}555{:04}", 2000 + n % 2000);
        let (jar, empty) = (BTreeMap::new(), String::new);
        let (number_flow, code_flow, done) = (empty(), empty(), empty());
        let (address, logins, others) = (address(n), 0, Rows::of(world).await);
        let mut new =
            Self { world, phone, address, jar, number_flow, code_flow, done, logins, others };
        let page = new.ask("GET", "/login", &[]).await;
        between(&page.body, "name=\"flow\" value=\"", "\"").clone_into(&mut new.number_flow);
        new
    }

    /// Somebody whose browser holds a session.
    pub(super) async fn who_was_here(world: &'w World, n: u32, name: &str) -> Self {
        let mut visitor = Self::new(world, n).await;
        visitor.come_to(Step::GiveCode).await;
        visitor.gets_in_once(name).await;
        visitor
    }

    async fn ask(&mut self, method: &'static str, target: &str, form: &[(&str, &str)]) -> Answer {
        self.world.ask((method, target), form, self.address, &mut self.jar).await
    }

    /// A form. When it is refused, the page that says why.
    async fn post(&mut self, target: &str, form: &[(&str, &str)]) -> Answer {
        let answer = self.ask("POST", target, form).await;
        if answer.location.starts_with("/refused") {
            return self.ask("GET", &answer.location, &[]).await;
        }
        answer
    }

    fn code(&self) -> Option<String> {
        self.world.texts(&self.phone).last().map(|text| code_in(text))
    }

    async fn give(&mut self, code: &str) -> Answer {
        let flow = self.code_flow.clone();
        let answer = self.post("/code", &[("flow", &flow), ("code", code)]).await;
        if answer.location.starts_with("/done") {
            answer.location.clone_into(&mut self.done);
        }
        answer
    }

    pub(super) async fn take(&mut self, step: Step) -> Answer {
        match step {
            Step::GiveNumber => {
                let (flow, phone) = (self.number_flow.clone(), self.phone.clone());
                let form = [("flow", flow.as_str()), ("phone", phone.as_str())];
                let answer = self.post("/login", &form).await;
                if let Some(flow) = answer.location.strip_prefix("/code?flow=") {
                    flow.clone_into(&mut self.code_flow);
                }
                answer
            }
            Step::Text => {
                self.world.send_texts().await;
                Answer { status: 200, location: String::new(), body: String::new() }
            }
            Step::ShowCodePage => {
                let target = format!("/code?flow={}", self.code_flow);
                self.ask("GET", &target, &[]).await
            }
            Step::GiveCode => {
                let code = self.code().unwrap();
                self.give(&code).await
            }
            Step::LeaveForTheSite => {
                let target = self.done.replacen("/done", "/resume", 1);
                self.ask("GET", &target, &[]).await
            }
        }
    }

    /// Every step before this one.
    pub(super) async fn come_to(&mut self, last: Step) {
        for step in Step::ALL.into_iter().take_while(|step| *step != last) {
            let answer = self.take(step).await;
            assert!(matches!(answer.status, 200 | 303), "{step:?}: {answer:?}");
        }
    }

    /// One step with a fault in it; `None`: the request was dropped.
    pub(super) async fn take_with(
        &mut self,
        step: Step,
        fault: Fault,
        name: &str,
    ) -> Option<Answer> {
        let trap = &self.world.trap;
        trap.arm(Some(fault));
        let answer = tokio::select! {
            biased;
            answer = self.take(step) => Some(answer),
            () = trap.hung() => None,
        };
        let (calls, met) = trap.disarm();
        self.world.mend();
        assert!(met, "{name}: was not met; called were {calls:?}");
        checked(answer, name)
    }

    /// One step, of which no more than so many polls are seen.
    pub(super) async fn take_until(
        &mut self,
        step: Step,
        polls: usize,
        name: &str,
    ) -> Option<Answer> {
        let mut work = pin!(self.take(step));
        let mut left = polls;
        let answer = std::future::poll_fn(|context| {
            left -= 1;
            match work.as_mut().poll(context) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending if left == 0 => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        });
        checked(answer.await, name)
    }

    /// What is there of theirs.
    async fn rows(&self) -> Rows {
        Rows::of(self.world).await.without(self.others)
    }

    /// What holds at every moment, whatever failed.
    async fn is_whole(&self, name: &str) {
        self.world.settle(name).await;
        let Rows { users, sessions, tokens, .. } = self.rows().await;
        assert!(sessions <= self.logins + 1, "{name}: two sessions for one code");
        assert!(sessions >= self.logins, "{name}: a session is lost");
        assert_eq!(users, sessions.min(1), "{name}: a user without a session");
        assert_eq!(tokens, sessions, "{name}: a session without a token");
        assert_eq!(
            self.world.count(spent_codes::WITHOUT_SESSION).await,
            0,
            "{name}: a code spent for nothing"
        );
    }

    /// Asks for texts, with the patience of a person, until one came. None comes twice.
    async fn gets_a_text(&mut self, before: usize, name: &str) {
        for _ in 0..4 {
            let texts = self.world.texts(&self.phone).len();
            if texts > before {
                return;
            }
            let answer = checked(Some(self.take(Step::GiveNumber).await), name);
            self.take(Step::Text).await;
            let sent = self.world.texts(&self.phone).len() - texts;
            assert!(sent <= 1, "{name}: {sent} texts for one start: {answer:?}");
            self.world.pass(Duration::from_secs(125));
        }
        let texts = self.world.texts(&self.phone).len();
        assert!(texts > before, "{name}: nobody is texted any more");
    }

    /// After a fault: nothing is by half, and the person gets in. `tries`: one of the two that
    /// were left is still there, unless the code signed them in.
    pub(super) async fn comes_back(&mut self, before: usize, tries: bool, name: &str) {
        self.is_whole(name).await;
        self.gets_a_text(before, name).await;
        if tries && self.rows().await.sessions == self.logins {
            self.gives_a_wrong_code(1, name).await;
        }
        self.gets_in_once(name).await;
    }

    /// A wrong code, another one for every `n`, after which tries are left.
    pub(super) async fn gives_a_wrong_code(&mut self, n: u64, name: &str) {
        let wrong = unlike(&self.code().unwrap(), n);
        let answer = self.give(&wrong).await;
        assert!(answer.location.starts_with("/code"), "{name}: no try is left: {answer:?}");
    }

    /// The right code works as if nothing had been, and then never again.
    async fn gets_in_once(&mut self, name: &str) {
        let (jar, code) = (self.jar.clone(), self.code().unwrap());
        let answer = self.give(&code).await;
        assert!(answer.location.starts_with("/done"), "{name}: a right code failed: {answer:?}");
        assert!(self.jar.contains_key("doorcode"), "{name}: no session cookie");
        self.logins += 1;
        self.is_whole(name).await;
        assert_eq!(self.rows().await.open, 1, "{name}: the session before was not ended");
        let left = self.take(Step::LeaveForTheSite).await;
        assert_eq!(left.status, 303, "{name}: the session is not good: {left:?}");

        self.world.pass(Duration::from_secs(61));
        let own = std::mem::replace(&mut self.jar, jar);
        self.finds_the_code_used(&code, name).await;
        self.jar = own;
    }

    async fn finds_the_code_used(&mut self, code: &str, name: &str) {
        let jar = self.jar.clone();
        let again = self.give(code).await;
        assert!(again.location.starts_with("/login"), "{name}: a code worked again: {again:?}");
        assert_eq!(self.jar, jar, "{name}: a cookie for a used code");
        self.is_whole(name).await;
        assert_eq!(self.rows().await.sessions, self.logins, "{name}: a code worked twice");
    }
}

/// A page that a person may be shown when a store fails.
fn checked(answer: Option<Answer>, name: &str) -> Option<Answer> {
    if let Some(answer) = &answer {
        assert!(matches!(answer.status, 200 | 303 | 429 | 503), "{name}: {answer:?}");
    }
    answer
}
