//! A challenge is asked, refused and passed in the same way for a user's number, a stranger's and that of
//! somebody who is blocked.
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::recording::Record;
use super::world::{Answer, World};
use super::{BLOCKED, STRANGER, USER};
use crate::support::puzzle::{not_solving, puzzle_of, solve};

const WAIT: Duration = Duration::from_secs(33);
/// Longer than the wait for a third text, and shorter than a puzzle lives.
const LATER: Duration = Duration::from_mins(6);

struct Met {
    answers: Vec<Answer>,
    asked: Vec<&'static str>,
    texts: usize,
}

/// One who asks, at one of the doors.
struct Asker<'a> {
    world: World,
    number: &'a str,
    front: Arc<Record>,
    behind: Arc<Record>,
    answers: Vec<Answer>,
}

impl<'a> Asker<'a> {
    async fn new(limit: &str, number: &'a str) -> Self {
        let (front, behind) = (Arc::new(Record::default()), Arc::new(Record::default()));
        let world = World::limited(limit, &front, &behind).await;
        Self { world, number, front, behind, answers: Vec::new() }
    }

    fn keep(&mut self, answer: &Answer) {
        let (mut answer, last) = (answer.clone(), &self.number[self.number.len() - 3..]);
        answer.body = answer.body.replace(self.number, "(the number)");
        // As people write it, and as it is hidden; a wait may be as many seconds.
        for before in ["-0", "•"] {
            let end = format!("{before}{last}");
            answer.body = answer.body.replace(&end, &format!("{before}(its end)"));
        }
        self.answers.push(answer.without_secrets(self.number));
    }

    /// A form of the pages, and the page that it leads to.
    async fn page(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let sent = self.world.post(path, form).await;
        let page = self.world.follow(&sent).await;
        self.keep(&sent);
        self.keep(&page);
        page
    }

    async fn ask_at_pages(&mut self) -> Answer {
        self.world.forget_cookies();
        let first = self.world.get("/login").await;
        let number = self.number;
        let page = self.page("/login", &[("flow", &first.flow()), ("phone", number)]).await;
        self.world.send_texts_if(true).await;
        page
    }

    async fn form(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let answer = self.world.post(path, form).await;
        self.keep(&answer);
        self.world.send_texts_if(true).await;
        answer
    }

    fn met(self) -> Met {
        let texts = self.behind.calls().iter().filter(|call| **call == "send").count();
        Met { answers: self.answers, asked: self.front.calls(), texts }
    }
}

/// On the pages: wrong, too early, right, and once more.
async fn on_the_pages(number: &str) -> Met {
    let mut asker = Asker::new("challenge_after_texts = 1", number).await;
    asker.ask_at_pages().await;
    asker.world.pass(WAIT);
    let page = asker.ask_at_pages().await;
    let (flow, puzzle, bits) = puzzle_of(&page.body);
    let wrong = not_solving(&puzzle, bits);
    let form = [("flow", &*flow), ("puzzle", &*puzzle), ("number", &*wrong)];
    let page = asker.page("/challenge", &form).await;
    let (flow, puzzle, bits) = puzzle_of(&page.body);
    asker.page("/challenge", &[("flow", &flow), ("puzzle", &puzzle), ("number", "")]).await;
    let right = solve(&puzzle, bits);
    let form = [("flow", &*flow), ("puzzle", &*puzzle), ("number", &*right)];
    asker.page("/challenge", &form).await;
    asker.world.send_texts_if(true).await;
    asker.world.pass(LATER);
    let again = asker.page("/challenge", &form).await;
    assert!(again.body.contains("data-puzzle"), "{}", again.body);
    asker.met()
}

/// On the pages where few codes of a country are used: after a text that had a proof comes a pause.
async fn where_few_codes_are_used(number: &str) -> Met {
    let few = "conversion_least_texts = 1\nconversion_warn_below = 50\nconversion_pause_below = 50";
    let mut asker = Asker::new(few, number).await;
    asker.ask_at_pages().await;
    // A text is judged when it is ten minutes old, by the start after it.
    asker.world.pass(Duration::from_mins(11));
    let page = asker.ask_at_pages().await;
    let (flow, puzzle, bits) = puzzle_of(&page.body);
    let right = solve(&puzzle, bits);
    let form = [("flow", &*flow), ("puzzle", &*puzzle), ("number", &*right)];
    asker.page("/challenge", &form).await;
    asker.world.send_texts_if(true).await;
    asker.world.pass(Duration::from_mins(11));
    let page = asker.ask_at_pages().await;
    assert_eq!(page.status, 429, "{}", page.body);
    asker.met()
}

#[tokio::test]
async fn a_start_where_few_codes_are_used_asks_the_counters_five_times() {
    let few = "conversion_least_texts = 1\nconversion_warn_below = 50\nconversion_pause_below = 0";
    let mut asker = Asker::new(few, STRANGER).await;
    for _ in 0..2 {
        asker.ask_at_pages().await;
        asker.world.pass(Duration::from_mins(11));
    }
    let before = asker.front.calls().len();
    let page = asker.ask_at_pages().await;
    assert!(page.body.contains("data-puzzle"), "{}", page.body);
    let calls = asker.front.calls().split_off(before);
    // How many codes are used, whether that is told, why a proof is asked for, whether it would help, and
    // whether a wait would.
    assert_eq!(calls.iter().filter(|call| **call == "counters.take").count(), 5, "{calls:?}");
}

/// In the widget, which leads to the pages.
async fn in_the_widget(number: &str) -> Met {
    let mut asker = Asker::new("challenge_after_texts = 1", number).await;
    let form = [("client_id", "spa"), ("phone", number), ("code", "")];
    for _ in 0..2 {
        asker.world.forget_cookies();
        asker.world.get("/widget/start?client_id=spa").await;
        asker.form("/widget/start", &form).await;
        asker.world.pass(WAIT);
    }
    asker.form("/widget/resend", &form).await;
    asker.met()
}

/// At the API, which asks where an address has used up its starts: none, wrong, right, and once more.
async fn at_the_api(number: &str) -> Met {
    let mut asker = Asker::new("starts_per_address_10m = 1", number).await;
    let own = [("client_id", "spa"), ("connection", "sms"), ("phone_number", number)];
    let path = "/passwordless/start";
    asker.form(path, &own).await;
    asker.world.pass(WAIT);
    let told = asker.form(path, &own).await;
    let told: Value = serde_json::from_str(&told.body).unwrap();
    let puzzle = told["challenge"]["puzzle"].as_str().unwrap();
    let bits = u8::try_from(told["challenge"]["bits"].as_u64().unwrap()).unwrap();
    let wrong = format!("{puzzle}.{}", not_solving(puzzle, bits));
    let right = format!("{puzzle}.{}", solve(puzzle, bits));
    for proof in [&wrong, &right] {
        asker.form(path, &[&own[..], &[("proof", proof)]].concat()).await;
    }
    asker.world.pass(LATER);
    asker.form(path, &[&own[..], &[("proof", &right)]].concat()).await;
    asker.met()
}

#[track_caller]
fn assert_alike((user, stranger, blocked): (Met, Met, Met), statuses: &[u16], texts: usize) {
    let met: Vec<_> = user.answers.iter().map(|answer| answer.status).collect();
    assert_eq!(met, statuses, "{:?}", user.answers);
    assert_eq!((user.texts, stranger.texts, blocked.texts), (texts, 0, texts));
    for other in [stranger, blocked] {
        assert_eq!(other.asked, user.asked);
        assert_eq!(other.answers, user.answers);
    }
}

macro_rules! all {
    ($door:ident) => {
        tokio::join!(Box::pin($door(USER)), Box::pin($door(STRANGER)), Box::pin($door(BLOCKED)))
    };
}

#[tokio::test]
async fn a_challenge_on_the_pages_does_not_tell_who_is_a_user() {
    let statuses = [303, 200, 303, 200, 303, 200, 303, 200, 303, 200, 303, 200];
    assert_alike(all!(on_the_pages), &statuses, 2);
}

#[tokio::test]
async fn a_challenge_and_a_pause_where_few_codes_are_used_do_not_tell_who_is_a_user() {
    let statuses = [303, 200, 303, 200, 303, 200, 303, 429];
    assert_alike(all!(where_few_codes_are_used), &statuses, 2);
}

#[tokio::test]
async fn a_challenge_in_the_widget_does_not_tell_who_is_a_user() {
    assert_alike(all!(in_the_widget), &[200, 429, 429], 1);
}

#[tokio::test]
async fn a_challenge_at_the_api_does_not_tell_who_is_a_user() {
    assert_alike(all!(at_the_api), &[200, 429, 429, 200, 429], 2);
}
