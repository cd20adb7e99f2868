//! Nobody learns from Doorcode which numbers are users: for a user, a stranger and somebody who is
//! blocked the store is asked the same, in the same order, and the answers are the same bytes.
mod api;
mod challenges;
mod limits;
mod limits_of_programs;
mod recording;
mod rows;
mod widget;
mod world;

use std::sync::Arc;

use crate::support::words::{word, word_with};
use recording::Record;
use world::{Answer, World};

const USER: &str = "+12025550123";
const STRANGER: &str = "+12025550145";
const BLOCKED: &str = "+12025550167";

/// What somebody with this number saw, and what was called for it.
struct Seen {
    answers: Vec<Answer>,
    asked: Vec<&'static str>,
    /// What was called behind the answers.
    behind: Vec<&'static str>,
    verdict: u16,
}

/// Everything that somebody can do before the right code. `wait`: texts are sent before the next
/// page is asked for. The last page is the one that asks for the code.
async fn walk(world: &mut World, number: &str, wait: bool) -> Vec<Answer> {
    let first = world.get("/login").await;
    let typed = world.post("/login", &[("flow", &first.flow()), ("phone", number)]).await;
    world.send_texts_if(wait).await;
    let page = world.follow(&typed).await;
    let flow = page.flow();
    let mut answers = vec![typed, page];
    for (path, code) in [("/code", "000000"), ("/code", "12"), ("/resend", "")] {
        answers.push(world.post(path, &[("flow", &flow), ("code", code)]).await);
        let next = world.follow(answers.last().unwrap()).await;
        answers.push(next);
    }
    world.pass_cool_down();
    answers.push(world.post("/resend", &[("flow", &flow)]).await);
    world.send_texts_if(wait).await;
    let page = world.follow(answers.last().unwrap()).await;
    answers.push(page);
    answers
}

async fn seen(sign_up: bool, number: &str, wait: bool) -> Seen {
    let (front, behind) = (Arc::new(Record::default()), Arc::new(Record::default()));
    let mut world = World::new(sign_up, &front, &behind).await;
    let answers = walk(&mut world, number, wait).await;
    let asked = front.calls();
    world.send_texts_if(true).await;
    let flow = answers.last().unwrap().flow();
    let code = world.code(number).unwrap_or_else(|| "999999".to_owned());
    let verdict = world.post("/code", &[("flow", &flow), ("code", &code)]).await;
    let verdict = world.follow(&verdict).await.status;
    let answers = answers.into_iter().map(|answer| answer.without_secrets(number)).collect();
    Seen { answers, asked, behind: behind.calls(), verdict }
}

#[tokio::test]
async fn where_everybody_may_sign_up_everybody_is_texted_and_told_the_same() {
    let user = seen(true, USER, true).await;
    assert!(
        user.answers[1].body.contains(&word_with("code_sent", &[("count", "6")])),
        "{}",
        user.answers[1].body
    );
    assert_eq!(user.verdict, 200);
    assert_eq!(user.behind.iter().filter(|call| **call == "send").count(), 2);
    assert!(!user.asked.contains(&"users.with_number"));
    for (number, verdict) in [(STRANGER, 200), (BLOCKED, 403)] {
        let other = seen(true, number, true).await;
        assert_eq!(other.asked, user.asked, "{number}");
        assert_eq!(other.behind, user.behind, "{number}");
        assert_eq!(other.answers, user.answers, "{number}");
        assert_eq!(other.verdict, verdict, "{number}");
    }
}

/// Asks to be called, and looks at the page.
async fn called(number: &str) -> Seen {
    let (front, behind) = (Arc::new(Record::default()), Arc::new(Record::default()));
    let mut world = World::calling(&front, &behind).await;
    let first = world.get("/login").await;
    let typed = world.post("/login", &[("flow", &first.flow()), ("phone", number)]).await;
    let page = world.follow(&typed).await;
    let flow = page.flow();
    world.pass_cool_down();
    let form = [("flow", &*flow), ("channel", "voice")];
    let asked = world.post("/resend", &form).await;
    world.send_texts_if(true).await;
    let next = world.follow(&asked).await;
    let answers = [page, asked, next].map(|answer| answer.without_secrets(number)).into();
    Seen { answers, asked: front.calls(), behind: behind.calls(), verdict: 0 }
}

#[tokio::test]
async fn a_call_that_is_not_made_looks_like_one_that_is() {
    let user = called(USER).await;
    assert!(user.answers[0].body.contains(&word("channel_voice")), "{}", user.answers[0].body);
    assert!(user.answers[2].body.contains(&word("code_voice_conditional")));
    assert!(user.behind.contains(&"send"), "{:?}", user.behind);
    for number in [STRANGER, BLOCKED] {
        let other = called(number).await;
        assert_eq!((other.asked, other.answers), (user.asked.clone(), user.answers.clone()));
        assert_eq!(other.behind.contains(&"send"), number == BLOCKED, "{number}");
    }
}

#[tokio::test]
async fn where_only_users_may_sign_in_a_stranger_is_not_texted_and_cannot_tell() {
    for wait in [true, false] {
        let user = seen(false, USER, wait).await;
        assert!(
            user.answers[1].body.contains(&word_with("code_conditional", &[("count", "6")])),
            "{}",
            user.answers[1].body
        );
        assert_eq!(user.verdict, 200);
        assert!(!user.asked.contains(&"users.with_number"), "{:?}", user.asked);
        for (number, verdict) in [(STRANGER, 200), (BLOCKED, 403)] {
            let other = seen(false, number, wait).await;
            assert_eq!(other.asked, user.asked, "{number}");
            assert_eq!(other.answers, user.answers, "{number}");
            assert_eq!(other.verdict, verdict, "{number}");
            let sent = |seen: &Seen| seen.behind.contains(&"send");
            assert_eq!((sent(&user), sent(&other)), (true, number == BLOCKED), "{number}");
            let without_send = |seen: &Seen| -> Vec<&'static str> {
                seen.behind.iter().copied().filter(|call| *call != "send").collect()
            };
            assert_eq!(without_send(&other), without_send(&user), "{number}");
        }
    }
}
