//! The same for the doors of programs, and for what is refused because few codes were used.
use std::sync::Arc;
use std::time::Duration;

use super::recording::Record;
use super::rows::{MetBy, met_by};
use super::world::{Answer, World};
use super::{BLOCKED, STRANGER, USER};
use crate::support::settings::OTHER;

/// Half of an hour's codes, and of a single one, is too few.
const FEW_USED: &str =
    "conversion_least_texts = 1\nconversion_warn_below = 50\nconversion_pause_below = 50";

#[derive(Clone, Copy, Debug)]
enum Door {
    Pages,
    Widget,
    Api,
    /// The same for a client that shows its secret.
    Server,
}

impl Door {
    async fn ask(self, world: &mut World, number: &str) -> Answer {
        world.forget_cookies();
        match self {
            Self::Pages => {
                let first = world.get("/login").await;
                let typed =
                    world.post("/login", &[("flow", &first.flow()), ("phone", number)]).await;
                world.follow(&typed).await
            }
            Self::Widget => {
                world.get("/widget/start?client_id=spa").await;
                let form = [("client_id", "spa"), ("phone", number), ("code", "")];
                world.post("/widget/start", &form).await
            }
            Self::Api => {
                let form = [("client_id", "spa"), ("connection", "sms"), ("phone_number", number)];
                world.post("/passwordless/start", &form).await
            }
            Self::Server => {
                let own = [("client_id", "web"), ("client_secret", OTHER)];
                let form = [("connection", "sms"), ("phone_number", number)];
                world.post("/passwordless/start", &[own, form].concat()).await
            }
        }
    }
}

/// Whether a proof is taken in place of a refusal by this limit.
fn is_before_proof(key: &str) -> bool {
    key.starts_with("starts_per_address_") || key.starts_with("conversion_")
}

struct Met {
    answers: Vec<Answer>,
    asked: Vec<&'static str>,
    texts: usize,
}

/// Codes for this number are asked for with these pauses before each but the first.
async fn met(door: Door, limit: &str, pauses: &[Duration], number: &str) -> Met {
    let (front, behind) = (Arc::new(Record::default()), Arc::new(Record::default()));
    let mut world = World::limited(limit, &front, &behind).await;
    let mut answers = vec![door.ask(&mut world, number).await];
    world.send_texts_if(true).await;
    for pause in pauses {
        world.pass(*pause);
        answers.push(door.ask(&mut world, number).await);
        world.send_texts_if(true).await;
    }
    let shown = |mut answer: Answer| {
        let last = &number[number.len() - 3..];
        answer.body = answer.body.replace(number, "(the number)").replace(last, "(its end)");
        answer.without_secrets(number)
    };
    let answers = answers.into_iter().map(shown).collect();
    let texts = behind.calls().iter().filter(|call| **call == "send").count();
    Met { answers, asked: front.calls(), texts }
}

/// What all three meet: the last start is refused, or on the pages asked for a proof where one is taken
/// in place of the limit. Each before it was a text to whoever is texted.
async fn assert_alike(door: Door, limit: &str, pauses: &[Duration]) {
    let met = |number| met(door, limit, pauses, number);
    let (user, stranger, blocked) =
        tokio::join!(Box::pin(met(USER)), Box::pin(met(STRANGER)), Box::pin(met(BLOCKED)));
    let passed = pauses.len();
    let texts = (user.texts, stranger.texts, blocked.texts);
    assert_eq!(texts, (passed, 0, passed), "{door:?} {limit}");
    let refused = user.answers.last().unwrap();
    let key = limit.split(' ').next().unwrap();
    let (status, said) = match (door, is_before_proof(key)) {
        (Door::Pages, true) => (200, "data-puzzle"),
        (Door::Pages, false) => (429, "<h1>"),
        (Door::Widget, true) => (429, "\"error\":\"challenge\""),
        (Door::Widget, false) => (429, key),
        (Door::Api, true) => (429, "\"challenge\":"),
        (Door::Api | Door::Server, false) => (429, "too_many_requests"),
        (Door::Server, true) => panic!("no server is asked for a proof"),
    };
    assert_eq!(refused.status, status, "{door:?} {limit}: {}", refused.body);
    assert!(refused.body.contains(said), "{door:?} {limit}: {}", refused.body);
    for other in [stranger, blocked] {
        assert_eq!(other.asked, user.asked, "{door:?} {limit}");
        assert_eq!(other.answers, user.answers, "{door:?} {limit}");
    }
}

#[tokio::test]
async fn limits_and_budgets_of_programs_do_not_tell_who_is_a_user() {
    for door in [Door::Widget, Door::Api] {
        for limit in met_by(&[MetBy::Start]) {
            assert_alike(door, &limit, &[Duration::from_secs(33)]).await;
        }
    }
    for limit in met_by(&[MetBy::Server]) {
        assert_alike(Door::Server, &limit, &[Duration::from_secs(33)]).await;
    }
}

#[tokio::test]
async fn a_challenge_because_few_codes_were_used_does_not_tell_who_is_a_user() {
    // A text is judged when it is ten minutes old, by the start after it.
    let pauses = [Duration::from_mins(11)];
    for door in [Door::Pages, Door::Widget, Door::Api] {
        assert_alike(door, FEW_USED, &pauses).await;
    }
}
