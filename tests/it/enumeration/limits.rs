//! Every limit is met in the same way by a user's number, a stranger's and that of somebody who is
//! blocked: a text that is withheld counts like one that is sent.
use std::sync::Arc;

use super::recording::Record;
use super::rows::{MetBy, met_by};
use super::world::{Answer, World};
use super::{BLOCKED, STRANGER, USER};
use crate::support::puzzle::{puzzle_of, solve};

struct Met {
    answers: Vec<Answer>,
    asked: Vec<&'static str>,
    texts: usize,
}

/// Somebody at the pages with this number.
struct Visitor<'a> {
    world: World,
    number: &'a str,
    answers: Vec<Answer>,
}

impl Visitor<'_> {
    /// A form, and the page that it leads to.
    async fn send(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let sent = self.world.post(path, form).await;
        let page = self.world.follow(&sent).await;
        self.answers.extend([sent, page.clone()]);
        page
    }

    /// Asks for a code in another browser.
    async fn start(&mut self) -> Answer {
        self.world.forget_cookies();
        let first = self.world.get("/login").await;
        let form = [("flow", &*first.flow()), ("phone", self.number)];
        self.send("/login", &form).await
    }

    /// The same with a proof.
    async fn start_with_proof(&mut self, waits: bool) -> Answer {
        let page = self.start().await;
        if !page.body.contains("data-puzzle") {
            return page;
        }
        let (flow, puzzle, bits) = puzzle_of(&page.body);
        let number = if waits { String::new() } else { solve(&puzzle, bits) };
        if waits {
            self.world.pass_cool_down();
        }
        let form = [("flow", &*flow), ("puzzle", &*puzzle), ("number", &*number)];
        self.send("/challenge", &form).await
    }
}

/// What somebody meets who does this twice, the second time when the wait between texts is over.
async fn met(limit: &str, by: MetBy, number: &str) -> Met {
    let (front, behind) = (Arc::new(Record::default()), Arc::new(Record::default()));
    let world = World::limited(limit, &front, &behind).await;
    let mut visitor = Visitor { world, number, answers: Vec::new() };
    for _ in 0..2 {
        let page = match by {
            MetBy::Proof | MetBy::Wait => visitor.start_with_proof(by == MetBy::Wait).await,
            _ => visitor.start().await,
        };
        visitor.world.send_texts_if(true).await;
        if by == MetBy::WrongCode && page.status == 200 {
            let flow = page.flow();
            for wrong in ["000000", "000001"] {
                visitor.send("/code", &[("flow", &flow), ("code", wrong)]).await;
            }
        }
        visitor.world.pass_cool_down();
    }
    let shown = |mut answer: Answer| {
        // The form of the page that says to wait holds the number.
        answer.body = answer.body.replace(number, "(the number)");
        // As people write it, and as it is hidden.
        for before in ["-0", "•"] {
            let end = format!("{before}{}", &number[number.len() - 3..]);
            answer.body = answer.body.replace(&end, &format!("{before}(its end)"));
        }
        answer.without_secrets(number)
    };
    let answers = visitor.answers.into_iter().map(shown).collect();
    let texts = behind.calls().iter().filter(|call| **call == "send").count();
    Met { answers, asked: front.calls(), texts }
}

/// One text is sent to whoever is texted, and the statuses are these.
async fn assert_alike(limit: &str, by: MetBy, statuses: &[u16]) {
    let met = |number| met(limit, by, number);
    let (user, stranger, blocked) =
        tokio::join!(Box::pin(met(USER)), Box::pin(met(STRANGER)), Box::pin(met(BLOCKED)));
    assert_eq!((user.texts, stranger.texts, blocked.texts), (1, 0, 1), "{limit}");
    let seen: Vec<_> = user.answers.iter().map(|answer| answer.status).collect();
    assert_eq!(seen, statuses, "{limit}: {:?}", user.answers);
    for other in [stranger, blocked] {
        assert_eq!(other.asked, user.asked, "{limit}");
        assert_eq!(other.answers, user.answers, "{limit}");
    }
}

#[tokio::test]
async fn limits_and_budgets_do_not_tell_who_is_a_user() {
    for limit in met_by(&[MetBy::Start, MetBy::StartOnPages]) {
        // A proof is taken in place of a refusal by a limit of an address.
        let asked = limit.starts_with("starts_per_address_");
        let second = if asked { 200 } else { 429 };
        assert_alike(&limit, MetBy::Start, &[303, 200, 303, second]).await;
    }
}

#[tokio::test]
async fn limits_of_starts_with_a_proof_do_not_tell_who_is_a_user() {
    let asked = |limit: String| format!("{limit}\nchallenge_after_texts = 0");
    for limit in met_by(&[MetBy::Proof]).map(asked) {
        assert_alike(&limit, MetBy::Proof, &[303, 200, 303, 200, 303, 429]).await;
    }
    for limit in met_by(&[MetBy::Wait]).map(asked) {
        // That a wait is refused is said beside the puzzle.
        let statuses = [303, 200, 303, 200, 303, 200, 303, 429];
        assert_alike(&limit, MetBy::Wait, &statuses).await;
    }
}

#[tokio::test]
async fn limits_of_wrong_codes_do_not_tell_who_is_a_user() {
    for limit in met_by(&[MetBy::WrongCode]) {
        let statuses = [303, 200, 303, 429, 303, 429, 303, 429];
        assert_alike(&limit, MetBy::WrongCode, &statuses).await;
    }
}
