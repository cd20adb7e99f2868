//! Every limit is met in the same way by a user's number, a stranger's and that of somebody who is
//! blocked: a text that is withheld counts like one that is sent.
use std::sync::Arc;

use super::recording::Record;
use super::world::{Answer, World};
use super::{BLOCKED, LIMITS, STRANGER, USER};

struct Met {
    answers: Vec<Answer>,
    asked: Vec<&'static str>,
    texts: usize,
}

/// Two browsers ask for a code for this number, the second when the wait is over.
async fn met(limit: &str, number: &str) -> Met {
    let (front, behind) = (Arc::new(Record::default()), Arc::new(Record::default()));
    let mut world = World::limited(limit, &front, &behind).await;
    let mut answers = Vec::new();
    for _ in 0..2 {
        world.forget_cookies();
        let first = world.get("/login").await;
        let typed = world.post("/login", &[("flow", &first.flow()), ("phone", number)]).await;
        answers.push(world.follow(&typed).await);
        answers.push(typed);
        world.send_texts_if(true).await;
        world.pass_cool_down();
    }
    let shown = |mut answer: Answer| {
        // The form of the page that says to wait holds the number.
        answer.body = answer.body.replace(number, "(the number)");
        answer.without_secrets(number)
    };
    let answers = answers.into_iter().map(shown).collect();
    let texts = behind.calls().iter().filter(|call| **call == "send").count();
    Met { answers, asked: front.calls(), texts }
}

#[tokio::test]
async fn limits_and_budgets_do_not_tell_who_is_a_user() {
    // A login that does not end counts only where there is a page of it.
    for limit in LIMITS.into_iter().chain(["attempts_per_address = 1"]) {
        let all = tokio::join!(met(limit, USER), met(limit, STRANGER), met(limit, BLOCKED));
        let (user, stranger, blocked) = all;
        assert_eq!((user.texts, stranger.texts, blocked.texts), (1, 0, 1), "{limit}");
        // A proof is taken in place of a refusal by a limit of an address.
        let asked = user.answers[2].body.contains("data-puzzle");
        assert_eq!(asked, limit.starts_with("starts_per_address_"), "{limit}");
        let second = if asked { 200 } else { 429 };
        assert_eq!((user.answers[0].status, user.answers[2].status), (200, second), "{limit}");
        for other in [stranger, blocked] {
            assert_eq!(other.asked, user.asked, "{limit}");
            assert_eq!(other.answers, user.answers, "{limit}");
        }
    }
}
