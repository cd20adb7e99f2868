//! Where starts come from.
use super::{
    BEHIND, HOUR, MINUTE, defaults, ends_after, let_through, number, start_from, told_to_wait,
    use_up_the_hour,
};
use crate::support::browser::flow_of;
use crate::support::http::storm;
use crate::support::settings::ADA;

const TOO_MANY: &str = "Too many tries from this network";

#[test]
fn one_address_starts_ten_times_in_ten_minutes_and_thirty_times_an_hour() {
    let gate = defaults(&[BEHIND]);
    let ask = |n| start_from(&mut gate.browser(), "192.0.2.7", &number(n));
    for round in 0..3 {
        (0..10).for_each(|n| drop(ask(10 * round + n).is(303)));
        let wait = told_to_wait(&ask(900), TOO_MANY);
        assert_eq!(wait, if round < 2 { MINUTE * 10 } else { MINUTE * 40 });
        gate.pass(MINUTE * 10);
    }
    start_from(&mut gate.browser(), "192.0.2.8", &number(901)).is(303);
    let wait = told_to_wait(&ask(900), TOO_MANY);
    ends_after(&gate, wait, || ask(902)).is(303);
}

#[test]
fn other_addresses_do_not_help_against_the_limit_of_a_number() {
    let gate = defaults(&[BEHIND]);
    let mut n = 0;
    let mut ask = || {
        n += 1;
        start_from(&mut gate.browser(), &format!("198.51.100.{n}"), ADA)
    };
    use_up_the_hour(&gate, &mut ask);
    for _ in 0..25 {
        told_to_wait(&ask(), "Too many codes for this number");
    }
    assert_eq!(gate.texts.requests(), 5);
}

#[test]
fn an_ipv6_customer_is_one_address() {
    let gate = defaults(&[BEHIND]);
    let ask = |address: String, n| start_from(&mut gate.browser(), &address, &number(n));
    (0..10).for_each(|n| drop(ask(format!("2001:db8:1:2:{n}:{n}::{n}"), n).is(303)));
    told_to_wait(&ask("2001:db8:1:2:ffff::1".to_owned(), 10), TOO_MANY);
    ask("2001:db8:1:3::1".to_owned(), 11).is(303);
    (0..10).for_each(|n| drop(ask("192.0.2.1".to_owned(), 20 + n).is(303)));
    told_to_wait(&ask("::ffff:192.0.2.1".to_owned(), 30), TOO_MANY);
}

#[test]
fn who_is_not_a_trusted_proxy_cannot_choose_an_address() {
    let gate = defaults(&[]);
    let ask = |n| start_from(&mut gate.browser(), &format!("192.0.2.{n}"), &number(n));
    (0..10).for_each(|n| drop(ask(n).is(303)));
    told_to_wait(&ask(10), TOO_MANY);

    // Before a trusted proxy: what the visitor wrote stands left of what the proxy adds.
    let gate = defaults(&[BEHIND]);
    let ask = |n| {
        let chain = format!("192.0.2.{n}, 203.0.113.9");
        start_from(&mut gate.browser(), &chain, &number(n))
    };
    (0..10).for_each(|n| drop(ask(n).is(303)));
    told_to_wait(&ask(10), TOO_MANY);
}

#[test]
fn parallel_starts_of_one_address_never_exceed_its_limit_together() {
    let gate = defaults(&[]);
    let requests: Vec<Vec<u8>> = (0..40)
        .map(|n| {
            let mut browser = gate.browser();
            let (flow, phone) = (flow_of(&browser.visit("/")), number(n));
            let form = [("flow", flow.as_str()), ("phone", phone.as_str())];
            browser.request("POST", "/.doorcode/login", &[], Some(&form))
        })
        .collect();
    let answers = storm(gate.port, &requests);
    assert_eq!(let_through(&answers), (10, 30));
}

#[test]
fn so_many_logins_of_one_address_are_unfinished_at_once() {
    let changed = ("[login]", "[limits]\nattempts_per_address = 2\n[login]");
    let gate = defaults(&[changed]);
    gate.browser().sign_in("/", &number(0), &gate.texts).is(200);
    gate.browser().sign_in("/", &number(1), &gate.texts).is(200);
    let ask = |n| start_from(&mut gate.browser(), "", &number(n));
    ask(2).is(303);
    ask(3).is(303);
    let wait = told_to_wait(&ask(4), TOO_MANY);
    assert_eq!(wait, MINUTE * 10);
    ends_after(&gate, wait, || ask(4)).is(303);
}

#[test]
fn who_signed_in_before_is_not_counted_by_the_address() {
    let gate = defaults(&[]);
    let mut known = gate.browser();
    known.sign_in("/", ADA, &gate.texts).is(200);
    (1..10).for_each(|n| drop(start_from(&mut gate.browser(), "", &number(n)).is(303)));
    told_to_wait(&start_from(&mut gate.browser(), "", &number(10)), TOO_MANY);
    gate.texts.text(10);
    known.post("/.doorcode/sign-out", &[]).is(303);
    known.sign_in("/", ADA, &gate.texts).is(200);
    known.post("/.doorcode/sign-out", &[]).is(303);
    // With another number it is a stranger's.
    told_to_wait(&start_from(&mut known, "", &number(11)), TOO_MANY);
}

#[test]
fn a_script_is_told_in_json() {
    let gate = defaults(&[("[login]", "[limits]\nstarts_per_address_1h = 1\n[login]")]);
    let mut browser = gate.browser();
    start_from(&mut browser, "", &number(0)).is(303);
    let flow = flow_of(&browser.visit("/"));
    let phone = number(1);
    let form = [("flow", flow.as_str()), ("phone", phone.as_str())];
    let lines = [("Sec-Fetch-Mode", "cors"), ("Accept", "application/json")];
    let answer = browser.send("POST", "/.doorcode/login", &lines, Some(&form)).is(429);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("retry-after"), Some(HOUR.as_secs().to_string().as_str()));
    let told: serde_json::Value = serde_json::from_str(&answer.text()).expect("JSON");
    assert_eq!(told["limit"], "starts_per_address_1h");
    assert_eq!(told["status"], 429);
}

#[test]
fn what_cannot_be_counted_is_not_done() {
    let gate = defaults(&[]);
    let mut browser = gate.browser();
    let answer = start_from(&mut browser, "", ADA).is(303);
    let page = browser.follow(answer).is(200);
    let code = crate::support::browser::code_in(&gate.texts.text(1).body);

    let mut database = gate.database();
    gate.run(sqlx::query("DROP TABLE counters").execute(&mut database)).expect("no table");
    start_from(&mut gate.browser(), "", &number(1)).is(503);
    let answer = browser.give_code(&page, &code).is(303);
    browser.follow(answer).is(503);
    assert_eq!(browser.cookie("doorcode"), None);
    assert_eq!(gate.texts.requests(), 1);
}
