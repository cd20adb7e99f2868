//! The answer to a captcha at `POST /passwordless/start`.
use serde_json::{Value, json};

use super::world::{World, read};
use crate::support::metrics::wait_until;
use crate::support::provider::{FakeProvider, Outcome};
use crate::support::settings::{ADA, BOB};
use crate::support::siteverify::{FORGOTTEN, Siteverify, captcha_table, verdict};

const CARLA: &str = "+12025550177";
const DORA: &str = "+12025550178";

/// Where the second start of an address needs a proof.
fn world(siteverify: &FakeProvider, hostnames: &str) -> World {
    let table = format!("{}{hostnames}[sms]\n", captcha_table("turnstile", siteverify));
    let one = ("starts_per_address_10m = 1000", "starts_per_address_10m = 1");
    let world = World::changed(&[one, ("[sms]\n", &table)]);
    world.json("/passwordless/start", &start(BOB, None)).is(200);
    world
}

fn start(phone: &str, captcha: Option<&str>) -> Value {
    let mut wanted = json!({"client_id": "spa", "connection": "sms", "phone_number": phone});
    if let Some(captcha) = captcha {
        wanted["captcha"] = json!(captcha);
    }
    wanted
}

fn failed(why: &str) -> String {
    format!("doorcode_challenges_total{{outcome=\"failed\",why=\"{why}\"}}")
}

#[test]
fn a_right_captcha_is_taken_once_and_no_other() {
    let siteverify = FakeProvider::of(Box::<Siteverify>::default());
    let world = world(&siteverify, "");
    let ask = |phone, captcha| world.json("/passwordless/start", &start(phone, captcha));
    for captcha in [None, Some("")] {
        let told = read(&ask(ADA, captcha).is(429));
        assert_eq!(told["error"], "too_many_requests", "{told}");
    }
    assert_eq!(siteverify.requests(), 0, "nothing to verify");
    for (n, wrong) in (1..).zip(["wrong", "expired", "good, elsewhere"]) {
        ask(ADA, Some(wrong)).is(429);
        wait_until(world.gate.admin, &failed("captcha-refused"), n);
    }
    assert_eq!(world.gate.texts.requests(), 1);
    ask(ADA, Some("good")).is(200);
    world.gate.texts.text(2);
    assert_eq!(siteverify.messages().last().expect("one").body, "127.0.0.1");
    // Once: the vendor says so, and we do where it does not.
    ask(CARLA, Some("good")).is(429);
    wait_until(world.gate.admin, &failed("captcha-refused"), 4);
    let forgotten = format!("good, {FORGOTTEN}");
    ask(CARLA, Some(&forgotten)).is(200);
    world.gate.texts.text(3);
    ask(DORA, Some(&forgotten)).is(429);
    wait_until(world.gate.admin, &failed("replayed"), 1);
    // Nobody is offered a calculation, which would not be taken.
    assert!(read(&ask(DORA, None).is(429)).get("challenge").is_none());
    assert_eq!(world.gate.texts.requests(), 3);
}

#[test]
fn a_page_of_an_app_may_show_it_where_its_host_is_listed() {
    let siteverify = FakeProvider::of(Box::<Siteverify>::default());
    let world = world(&siteverify, "hostnames = [\"shop.example\"]\n");
    let ask = |phone, captcha| world.json("/passwordless/start", &start(phone, Some(captcha)));
    ask(ADA, "good, elsewhere").is(200);
    siteverify.script(Outcome::Answer(verdict("other.example", "text")));
    ask(CARLA, "good of another host").is(429);
    siteverify.script(Outcome::Answer(verdict("shop.example", "another")));
    ask(CARLA, "good of another action").is(429);
    assert_eq!(world.gate.texts.requests(), 2);
}
