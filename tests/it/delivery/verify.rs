//! Codes of Twilio Verify: whole logins, by the pages and by the API.
use std::time::Duration;

use doorcode::delivery::Failure;
use doorcode::delivery::sms::twilio::TwilioCredentials;
use doorcode::delivery::sms::twilio_verify::TwilioVerifySettings;
use doorcode::delivery::sms::{AccountCheck, ProviderSettings};
use doorcode::domain::{CodeLength, Secret};
use serde_json::{Value, json};

use super::made;
use super::vendors::twilio_verify::{SERVICE, Verify};
use crate::support::browser::{Browser, code_in, flow_of, unlike};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Answer, storm};
use crate::support::provider::{FakeProvider, Outcome};
use crate::support::settings::ADA;
use crate::support::tables::{sessions, spent_codes};
use crate::support::twilio::{ACCOUNT_SID, AUTH_TOKEN, SERVICE_SID};
use crate::support::words::{tries_left, word_with};

const EXPIRED: &str = "That code has expired";
const DIED: &str = "Too many wrong codes were typed";
const NEITHER: &str = "Sorry, the service is not available right now";

/// A gate whose providers are these; Twilio's Messages are `gate.texts`.
struct World {
    gate: Gate,
    service: Verify,
    verify: FakeProvider,
}

impl World {
    fn new(order: &str) -> Self {
        let service = Verify::default();
        let verify = FakeProvider::of(Box::new(service.clone()));
        let url = verify.base_url();
        let table = format!(
            "[sms.twilio_verify]\naccount_sid = \"{ACCOUNT_SID}\"\nauth_token = \"env:TOKEN\"\n\
             service_sid = \"{SERVICE}\"\nbase_url = \"{url}\"\n\
             [[client]]\nid = \"spa\"\nname = \"My SPA\"\n"
        );
        let providers = ("providers = [\"twilio\"]", &*format!("providers = {order}"));
        let own = "[sms.twilio]\n";
        // Without Twilio, the last line of its table becomes a comment.
        let whole = format!(
            "{own}account_sid = \"{ACCOUNT_SID}\"\nauth_token = \"env:TOKEN\"\n\
             messaging_service_sid = \"{SERVICE_SID}\"\nbase_url = "
        );
        let has_twilio = order.contains("\"twilio\"");
        let (from, to) = if has_twilio {
            (own, format!("{table}{own}"))
        } else {
            (whole.as_str(), format!("{table}# "))
        };
        let gate = Gate::changed(&[providers, (from, &to)]);
        Self { gate, service, verify }
    }

    /// The code of the newest text of Verify.
    #[track_caller]
    fn code(&self) -> String {
        let text = self.verify.text(self.verify.messages().len().max(1)).body;
        text.rsplit(' ').next().expect("a code").to_owned()
    }

    #[track_caller]
    fn signs_in(&self, browser: &mut Browser, page: &Answer, code: &str) {
        let answer = browser.give_code(page, code).is(303);
        browser.finish(answer).is(200).says("the app: ");
        assert_eq!(self.gate.count(sessions::ALL), 1);
        assert_eq!(self.gate.count(spent_codes::ALL), 1);
    }

    #[track_caller]
    fn nobody_got_in(&self, browser: &Browser) {
        assert_eq!(browser.cookie("doorcode"), None);
        assert_eq!((self.gate.count(sessions::ALL), self.gate.count(spent_codes::ALL)), (0, 0));
    }

    fn json(&self, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.gate.exchange(&format!(
            "POST /.doorcode{path} HTTP/1.1\r\nHost: localhost:{}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.gate.port,
            body.len()
        ))
    }

    fn api_start(&self) -> Answer {
        let body = json!({"client_id": "spa", "connection": "sms", "phone_number": ADA});
        self.json("/passwordless/start", &body)
    }

    fn api_code(&self, code: &str) -> Answer {
        let body = json!({
            "client_id": "spa",
            "grant_type": "http://auth0.com/oauth/grant-type/passwordless/otp",
            "realm": "sms",
            "username": ADA,
            "otp": code,
        });
        self.json("/oauth/token", &body)
    }
}

/// Asks for a page and gives the number: the page for the code.
#[track_caller]
fn begin(browser: &mut Browser) -> Answer {
    let number = browser.visit("/").is(200);
    browser.give_number(&number, ADA).is(200).says("name=\"code\"")
}

const ALONE: &str = "[\"twilio_verify\"]";
const BEFORE_TWILIO: &str = "[\"twilio_verify\", \"twilio\"]";

#[test]
fn the_right_code_signs_in_and_is_asked_about_once() {
    let world = World::new(BEFORE_TWILIO);
    let mut browser = world.gate.browser();
    let page = begin(&mut browser);
    let text = world.verify.text(1);
    assert_eq!((text.to.as_str(), text.sender.as_str()), (ADA, "en"), "in the page's language");
    world.signs_in(&mut browser, &page, &world.code());
    assert_eq!((world.verify.checks(), world.service.approved()), (1, 1));
    assert_eq!(world.gate.texts.messages(), [], "one text for one start");
    let story = "SELECT text FROM attempt_history WHERE text LIKE 'twilio_verify %'";
    let said: String = wait_for("the story", || {
        let mut database = world.gate.database();
        world.gate.run(sqlx::query_scalar(story).fetch_optional(&mut database)).expect("a row")
    });
    assert!(said.starts_with("twilio_verify is to text a code of its own, as VE"), "{said}");

    // The same answer again leads to the same session, without another question.
    let again = browser.give_code(&page, "424247").is(303);
    assert!(again.location().starts_with("/.doorcode/done?flow="), "{again}");
    assert_eq!((world.verify.checks(), world.gate.count(sessions::ALL)), (1, 1));
}

#[test]
fn wrong_codes_take_tries_and_are_asked_about_once_each() {
    let world = World::new(BEFORE_TWILIO);
    let mut browser = world.gate.browser();
    let page = begin(&mut browser);
    let code = world.code();
    for _ in 0..3 {
        browser.guess(&page, &unlike(&code, 0)).says(&tries_left("2"));
    }
    assert_eq!(world.verify.checks(), 1, "an answer that was wrong is wrong");
    browser.guess(&page, "12345").says(&word_with("code_wrong_length", &[("count", "6")]));
    browser.guess(&page, &unlike(&code, 1)).says(&tries_left("1"));
    let number = browser.guess(&page, &unlike(&code, 2)).says(DIED);
    browser.guess(&page, &code).says("name=\"phone\"");
    // Three answers, and the end of the code at Verify.
    assert_eq!(world.verify.checks(), 4);
    world.nobody_got_in(&browser);

    let page = browser.give_number(&number, ADA).is(200).says("name=\"code\"");
    assert_ne!(world.code(), code, "Verify would text the old one again");
    world.signs_in(&mut browser, &page, &world.code());
}

#[test]
fn a_code_that_verify_forgot_is_over_and_a_new_one_is_texted_at_once() {
    let world = World::new(BEFORE_TWILIO);
    let mut browser = world.gate.browser();
    let page = begin(&mut browser);
    let code = world.code();
    world.service.expire();
    let number = browser.guess(&page, &code).says(EXPIRED);
    world.nobody_got_in(&browser);
    let page = browser.give_number(&number, ADA).is(200).says("name=\"code\"");
    world.signs_in(&mut browser, &page, &world.code());
}

#[test]
fn without_a_verdict_nobody_gets_in_and_the_try_is_given_back() {
    let world = World::new(BEFORE_TWILIO);
    let mut browser = world.gate.browser();
    let page = begin(&mut browser);
    let code = world.code();
    for outcome in [
        Outcome::Garbage(503, ""),
        Outcome::Garbage(201, "{\"status\":\"approved\"}"),
        Outcome::Garbage(200, "<html>"),
        Outcome::Garbage(404, ""),
        Outcome::Refuse(20429),
        Outcome::Refuse(20003),
    ] {
        world.verify.script_check(outcome.clone());
        let answer = browser.give_code(&page, &code);
        browser.follow(answer).is(503).says(NEITHER);
        world.nobody_got_in(&browser);
        let wrong = unlike(&code, 7);
        world.verify.script_check(outcome);
        let answer = browser.give_code(&page, &wrong);
        browser.follow(answer).is(503);
    }
    // All three tries are left.
    browser.guess(&page, &unlike(&code, 0)).says(&tries_left("2"));
    world.signs_in(&mut browser, &page, &code);
}

#[test]
fn a_verdict_that_is_lost_is_none_and_the_code_is_over() {
    let world = World::new(BEFORE_TWILIO);
    let mut browser = world.gate.browser();
    let page = begin(&mut browser);
    world.verify.script_check(Outcome::AcceptAndHangUp);
    let answer = browser.give_code(&page, &world.code());
    browser.follow(answer).is(503);
    world.nobody_got_in(&browser);
    browser.guess(&page, &world.code()).says(EXPIRED);
    world.nobody_got_in(&browser);
}

#[test]
fn too_many_checks_at_verify_end_the_code() {
    let world = World::new(BEFORE_TWILIO);
    let mut browser = world.gate.browser();
    let page = begin(&mut browser);
    world.verify.script_check(Outcome::Refuse(60202));
    browser.guess(&page, &world.code()).says(EXPIRED);
    world.nobody_got_in(&browser);
}

/// The text arrives before the provider's answer to us.
#[test]
fn a_code_that_is_typed_before_verify_has_answered_is_asked_about() {
    let world = World::new(BEFORE_TWILIO);
    let mut browser = world.gate.browser();
    world.verify.script(Outcome::AcceptAfter(Duration::from_secs(6)));
    let page = begin(&mut browser);
    world.verify.script_check(Outcome::AcceptAfter(Duration::from_secs(1)));
    world.signs_in(&mut browser, &page, &world.code());
}

#[test]
fn many_right_answers_at_once_make_one_session() {
    let world = World::new(BEFORE_TWILIO);
    let mut browser = world.gate.browser();
    let page = begin(&mut browser);
    let (flow, code) = (flow_of(&page), world.code());
    let form = [("flow", flow.as_str()), ("code", code.as_str())];
    let request = browser.request("POST", "/.doorcode/code", &[], Some(&form));
    world.verify.script_check(Outcome::AcceptAfter(Duration::from_millis(300)));

    for answer in storm(world.gate.port, &vec![request; 10]) {
        assert_eq!(answer.status, 303, "{answer}");
        assert!(answer.location().starts_with("/.doorcode/done?flow="), "{answer}");
    }
    assert_eq!((world.verify.checks(), world.service.approved()), (1, 1));
    assert_eq!((world.gate.count(sessions::ALL), world.gate.count(spent_codes::ALL)), (1, 1));
}

#[test]
fn where_verify_is_down_the_next_provider_texts_a_code_of_ours() {
    let world = World::new(BEFORE_TWILIO);
    let mut browser = world.gate.browser();
    world.verify.script(Outcome::Garbage(503, ""));
    let page = begin(&mut browser);
    let code = code_in(&world.gate.texts.text(1).body);
    world.signs_in(&mut browser, &page, &code);
    assert_eq!((world.verify.checks(), world.verify.messages().len()), (0, 0));
}

#[test]
fn verify_goes_down_in_the_middle_of_a_login_and_the_code_of_the_newest_text_counts() {
    let world = World::new(BEFORE_TWILIO);
    let mut browser = world.gate.browser();
    let page = begin(&mut browser);
    let first = world.code();
    world.verify.script_check(Outcome::Garbage(503, ""));
    let answer = browser.give_code(&page, &first);
    browser.follow(answer).is(503);

    world.gate.pass(Duration::from_mins(1));
    world.verify.script(Outcome::Garbage(503, ""));
    let page = browser.resend(&page).is(200).says("name=\"code\"");
    let second = code_in(&world.gate.texts.text(1).body);
    assert_eq!((world.verify.messages().len(), world.gate.texts.messages().len()), (1, 1));
    browser.guess(&page, &first).says(&tries_left("2"));
    world.signs_in(&mut browser, &page, &second);
}

#[test]
fn the_code_that_a_person_has_is_texted_again_by_whoever_made_it() {
    let world = World::new("[\"twilio\", \"twilio_verify\"]");
    let mut browser = world.gate.browser();
    world.gate.texts.script(Outcome::Garbage(503, ""));
    let page = begin(&mut browser);
    let code = world.code();
    // Twilio is well again, and first in the order.
    world.gate.pass(Duration::from_mins(1));
    let page = browser.resend(&page).is(200);
    world.verify.text(2);
    assert_eq!((world.verify.messages().len(), world.gate.texts.messages().len()), (2, 0));
    assert_eq!(world.code(), code);
    // Neither works: the code that was texted still does.
    world.gate.pass(Duration::from_mins(1));
    world.verify.script(Outcome::Garbage(503, ""));
    world.gate.texts.script(Outcome::Garbage(503, ""));
    let page = browser.resend(&page).is(503).says("name=\"code\"");
    world.signs_in(&mut browser, &page, &code);
}

#[test]
fn what_verify_blocks_is_offered_to_nobody_else() {
    let world = World::new(BEFORE_TWILIO);
    for (n, code) in [60410, 60412, 60605, 60203, 60220].into_iter().enumerate() {
        let mut browser = world.gate.browser();
        world.verify.script(Outcome::Refuse(code));
        let number = browser.visit("/").is(200);
        browser.give_number(&number, &format!("+1202555013{n}"));
    }
    assert_eq!((world.verify.messages().len(), world.gate.texts.messages().len()), (0, 0));
}

#[test]
fn an_api_login_goes_by_the_same_rules() {
    let world = World::new(BEFORE_TWILIO);
    world.api_start().is(200);
    let code = world.code();
    world.api_code(&unlike(&code, 0)).is(403).says("Wrong phone number or verification code.");
    world.verify.script_check(Outcome::Garbage(500, ""));
    world.api_code(&code).is(503);
    world.api_code(&code).is(200).says("access_token");
    world.api_code(&code).is(403).says("Wrong phone number or verification code.");
    assert_eq!((world.gate.count(sessions::ALL), world.service.approved()), (1, 1));

    world.gate.pass(Duration::from_mins(1));
    world.api_start().is(200);
    world.service.expire();
    world.api_code(&world.code()).is(403).says("The verification code has expired.");
}

#[tokio::test]
async fn a_service_whose_codes_have_another_length_is_not_set_up() {
    let fake = FakeProvider::of(Box::new(Verify::default()));
    for (digits, good) in [(6, true), (8, false)] {
        let settings = TwilioVerifySettings {
            account_sid: ACCOUNT_SID.to_owned(),
            credentials: TwilioCredentials::AuthToken(Secret::new(AUTH_TOKEN)),
            service_sid: SERVICE.to_owned(),
            template_sid: None,
            code_length: CodeLength::new(digits).expect("a length"),
            base_url: fake.base_url().parse().expect("a URL"),
        };
        let told = made(&ProviderSettings::TwilioVerify(settings)).check_account().await;
        match told {
            AccountCheck::Good { .. } => assert!(good, "{digits}"),
            AccountCheck::Failed(error) => {
                assert_eq!((good, error.failure), (false, Failure::Misconfigured));
            }
            AccountCheck::NotAsked => panic!("it can be asked"),
        }
    }
}

#[test]
fn a_provider_that_is_alone_fails_openly() {
    let world = World::new(ALONE);
    world.verify.script(Outcome::Garbage(503, ""));
    world.api_start().is(400).says("sms_provider_error");
    world.gate.pass(Duration::from_mins(1));
    world.api_start().is(200);
    world.api_code(&world.code()).is(200);
}
