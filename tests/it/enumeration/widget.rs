//! The same at the door of `<sms-login>`.
use std::sync::Arc;

use super::recording::Record;
use super::world::{Answer, World};
use super::{BLOCKED, STRANGER, Seen, USER};
use crate::support::words::word_with;

async fn post(world: &mut World, step: &str, number: &str, code: &str) -> Answer {
    let form = [("client_id", "spa"), ("phone", number), ("code", code)];
    world.post(&format!("/widget/{step}"), &form).await
}

/// All that somebody can do on an app's page, the right code last. Each text is sent after its
/// answer, so that this waits as long for every number.
async fn seen(sign_up: bool, number: &str) -> Seen {
    let (front, behind) = (Arc::new(Record::default()), Arc::new(Record::default()));
    let mut world = World::new(sign_up, &front, &behind).await;
    let mut answers = vec![world.get("/widget/start?client_id=spa").await];
    for (step, code) in [("start", ""), ("verify", "000000"), ("verify", "12"), ("resend", "")] {
        answers.push(post(&mut world, step, number, code).await);
        world.send_texts_if(true).await;
    }
    world.pass_cool_down();
    answers.push(post(&mut world, "resend", number, "").await);
    let asked = front.calls();
    world.send_texts_if(true).await;
    let code = world.code(number).unwrap_or_else(|| "999999".to_owned());
    let verdict = post(&mut world, "verify", number, &code).await;
    let answers = answers.into_iter().map(|answer| answer.without_secrets(number)).collect();
    Seen { answers, asked, behind: behind.calls(), verdict: verdict.status }
}

#[tokio::test]
async fn an_apps_page_does_not_learn_who_is_a_user() {
    for (sign_up, strangers) in [(true, 200), (false, 403)] {
        let all =
            tokio::join!(seen(sign_up, USER), seen(sign_up, STRANGER), seen(sign_up, BLOCKED));
        let (user, stranger, blocked) = all;
        let said = if sign_up { "code_sending" } else { "code_conditional" };
        let said = word_with(said, &[("count", "6")]);
        assert!(user.answers[1].body.contains(&said), "{}", user.answers[1].body);
        assert!(!user.asked.contains(&"users.with_number"), "{:?}", user.asked);
        assert_eq!((user.verdict, stranger.verdict, blocked.verdict), (200, strangers, 403));
        for other in [stranger, blocked] {
            assert_eq!(other.asked, user.asked);
            assert_eq!(other.answers, user.answers);
        }
    }
}
