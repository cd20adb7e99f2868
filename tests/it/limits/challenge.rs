//! Who asks for more than people need is asked for a proof first.
use super::{BEHIND, MINUTE, number, start_from, told_to_wait};
use crate::people::{history_of, shown_reference};
use crate::support::browser::{Browser, between, code_in, flow_of, unlike};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::metrics::{metric, wait_until};
use crate::support::puzzle::{not_solving, puzzle_of, solve};
use crate::support::settings::{ADA, BOB, RAISED};
use crate::support::words::word;

/// With the limits that an operator gets who says nothing of them.
pub(super) fn shipped(changes: &[(&str, &str)]) -> Gate {
    Gate::changed(&[&[(RAISED, "")], changes].concat())
}

/// The page of a challenge, to which a form led.
#[track_caller]
pub(super) fn challenged(browser: &mut Browser, answer: Answer) -> Answer {
    assert!(answer.is_challenge(), "{answer}");
    browser.follow(answer).is(200).says(&word("challenge_title"))
}

impl Answer {
    fn is_challenge(&self) -> bool {
        self.header("location").is_some_and(|to| to.contains("/challenge?"))
    }
}

fn prove(browser: &mut Browser, page: &Answer, number: &str) -> Answer {
    let (page, (flow, puzzle, _)) = (page.text(), puzzle_of(&page.text()));
    let form = [("flow", flow.as_str()), ("puzzle", puzzle.as_str()), ("number", number)];
    browser.post(between(&page, "<form method=\"post\" action=\"", "\""), &form).is(303)
}

fn answer(browser: &mut Browser, flow: &str, puzzle: &str, number: &str) -> Answer {
    let form = [("flow", flow), ("puzzle", puzzle), ("number", number)];
    browser.post("/.doorcode/challenge", &form).is(303)
}

fn solution(page: &Answer) -> String {
    let (_, puzzle, bits) = puzzle_of(&page.text());
    solve(&puzzle, bits)
}

/// Two texts to `phone` that nobody used; the next may be sent.
#[track_caller]
pub(super) fn texted_twice(gate: &Gate, phone: &str) {
    for _ in 0..2 {
        super::texted(gate, || start_from(&mut gate.browser(), "", phone));
        gate.pass(MINUTE * 3);
    }
}

pub(super) fn metric_of(outcome: &str, why: &str) -> String {
    format!("doorcode_challenges_total{{outcome=\"{outcome}\",why=\"{why}\"}}")
}

#[test]
fn the_third_text_to_a_number_needs_a_proof_and_a_sign_in_ends_that() {
    let gate = shipped(&[]);
    texted_twice(&gate, ADA);
    let mut browser = gate.browser();
    let page = start_from(&mut browser, "", ADA);
    let page = challenged(&mut browser, page);
    assert_eq!(puzzle_of(&page.text()).2, 17);
    assert_eq!(gate.texts.requests(), 2, "nothing is sent before");
    let sent = prove(&mut browser, &page, &solution(&page));
    let page = browser.follow(sent).is(200).says("name=\"code\"");
    let code = code_in(&gate.texts.text(3).body);
    let done = browser.give_code(&page, &code).is(303);
    browser.finish(done).is(200);
    wait_until(gate.admin, &metric_of("asked", "texts"), 1);
    wait_until(gate.admin, &metric_of("solved", "work"), 1);
    start_from(&mut gate.browser(), "", ADA).is(303).never_challenged();
}

impl Answer {
    #[track_caller]
    fn never_challenged(&self) {
        assert!(!self.is_challenge(), "{self}");
    }
}

#[test]
fn the_button_for_another_text_leads_to_the_proof_too_and_back_to_the_code() {
    let gate = shipped(&[]);
    let mut browser = gate.browser();
    let first = start_from(&mut browser, "", ADA).is(303);
    let mut page = browser.follow(first).is(200);
    gate.texts.text(1);
    for texts in 2..4 {
        gate.pass(MINUTE * 2);
        let resent = browser.post("/.doorcode/resend", &[("flow", &flow_of(&page))]).is(303);
        let resent = if texts == 3 {
            let asked = challenged(&mut browser, resent);
            prove(&mut browser, &asked, &solution(&asked))
        } else {
            resent
        };
        page = browser.follow(resent).is(200).says(&word("resent_sent"));
        gate.texts.text(texts);
    }
}

#[test]
fn without_a_script_the_time_is_waited_for() {
    let gate = shipped(&[]);
    texted_twice(&gate, ADA);
    let mut browser = gate.browser();
    let page = start_from(&mut browser, "", ADA);
    let page = challenged(&mut browser, page).says("You can go on in 30 seconds.");
    let early = prove(&mut browser, &page, "");
    let again = challenged(&mut browser, early).says("You can go on in 30 seconds.");
    assert_eq!(puzzle_of(&again.text()).1, puzzle_of(&page.text()).1, "who waits waits on");
    assert_eq!(gate.texts.requests(), 2);
    gate.pass(MINUTE / 2);
    let sent = prove(&mut browser, &again, "");
    browser.follow(sent).is(200).says("name=\"code\"");
    gate.texts.text(3);
    wait_until(gate.admin, &metric_of("failed", "early"), 1);
    wait_until(gate.admin, &metric_of("solved", "wait"), 1);
}

#[test]
fn the_story_of_a_login_says_that_it_began_with_a_proof() {
    let gate = shipped(&[("[login]", "[limits]\nchallenge_after_texts = 0\n[login]")]);
    let mut browser = gate.browser();
    let page = start_from(&mut browser, "", ADA);
    let page = challenged(&mut browser, page);
    let again = prove(&mut browser, &page, "not a number");
    let page = challenged(&mut browser, again);
    let sent = prove(&mut browser, &page, &solution(&page));
    let page = browser.follow(sent).is(200);
    let entries = history_of(&gate, &shown_reference(&page));
    let begins = "a code was asked for by the login page, for ";
    let text = &entries[0].text;
    assert!(text.starts_with(begins) && text.ends_with(", with a proof (work)"), "{text}");
}

#[test]
fn one_address_can_wait_for_few_texts_only() {
    let gate = shipped(&[BEHIND, ("[login]", "[limits]\nchallenge_after_texts = 0\n[login]")]);
    let asked: Vec<_> = (0..6)
        .map(|n| {
            let mut browser = gate.browser();
            browser.address = Some("192.0.2.7".to_owned());
            let page = start_from(&mut browser, "192.0.2.7", &number(n));
            (challenged(&mut browser, page), browser)
        })
        .collect();
    gate.pass(MINUTE / 2);
    let mut sent = 0;
    for (page, mut browser) in asked {
        let answer = prove(&mut browser, &page, "");
        if answer.location().contains("/code?") {
            sent += 1;
        } else {
            told_to_wait(&browser.follow(answer), "Too many tries from this network");
        }
    }
    assert_eq!(sent, 5);
    // Whoever comes now is offered no wait that would be refused.
    let mut browser = gate.browser();
    browser.address = Some("192.0.2.7".to_owned());
    let page = start_from(&mut browser, "192.0.2.7", &number(7));
    let page = challenged(&mut browser, page);
    page.clone().says(&word("limited_network_title")).says("You can try again in about 10 minutes");
    page.clone().never_says("You can go on in").never_says("<button type=\"submit\"");
    let sent = prove(&mut browser, &page, &solution(&page));
    assert!(sent.location().contains("/code?"), "a script still calculates: {sent}");
    gate.pass(MINUTE * 10);
    let page = start_from(&mut browser, "192.0.2.7", &number(8));
    challenged(&mut browser, page).says("You can go on in 30 seconds.");
}

#[test]
fn a_proof_is_good_once_for_its_number_and_browser_and_not_for_long() {
    let gate = shipped(&[]);
    texted_twice(&gate, ADA);
    texted_twice(&gate, BOB);
    let mut browser = gate.browser();
    let page = start_from(&mut browser, "", ADA);
    let page = challenged(&mut browser, page);
    let (flow, puzzle, bits) = puzzle_of(&page.text());
    let good = solve(&puzzle, bits);

    // Wrong, and of another number or browser.
    let try_it = |browser: &mut Browser, flow: &str, puzzle: &str, number: &str| {
        let asked = answer(browser, flow, puzzle, number);
        assert!(asked.is_challenge(), "{asked}");
        assert_eq!(gate.texts.requests(), 4);
        browser.follow(asked).is(200).says(&word("challenge_failed"))
    };
    try_it(&mut browser, &flow, &puzzle, &not_solving(&puzzle, bits));
    try_it(&mut browser, &flow, &puzzle, "not a number");
    let altered = format!("B{}", &puzzle[1..]);
    let altered = if altered == puzzle { format!("C{}", &puzzle[1..]) } else { altered };
    try_it(&mut browser, &flow, &altered, &solve(&altered, bits));
    let mut other = gate.browser();
    let asked = start_from(&mut other, "", ADA);
    let others = puzzle_of(&challenged(&mut other, asked).text()).0;
    try_it(&mut other, &others, &puzzle, &good);
    let asked = start_from(&mut browser, "", BOB);
    let bobs = puzzle_of(&challenged(&mut browser, asked).text()).0;
    try_it(&mut browser, &bobs, &puzzle, &good);

    // Right, and then once more. After a restart: attacks::replayed_proof; at another server:
    // store::two_nodes::challenges.
    let sent = answer(&mut browser, &flow, &puzzle, &good);
    assert!(sent.location().contains("/code?"), "{sent}");
    gate.texts.text(5);
    gate.pass(MINUTE * 5);
    let replayed = answer(&mut browser, &flow, &puzzle, &good);
    assert!(replayed.is_challenge(), "{replayed}");
    wait_until(gate.admin, &metric_of("failed", "replayed"), 1);
    wait_until(gate.admin, &metric_of("failed", "foreign"), 3);
    wait_until(gate.admin, &metric_of("failed", "wrong"), 2);

    // One that was made long before.
    let page = browser.follow(replayed).is(200);
    let (_, puzzle, bits) = puzzle_of(&page.text());
    let good = solve(&puzzle, bits);
    gate.pass(MINUTE * 11);
    let page = start_from(&mut browser, "", ADA);
    let (flow, ..) = puzzle_of(&challenged(&mut browser, page).text());
    let late = answer(&mut browser, &flow, &puzzle, &good);
    assert!(late.is_challenge(), "{late}");
    wait_until(gate.admin, &metric_of("failed", "expired"), 1);
    assert_eq!(gate.texts.requests(), 5);
}

#[test]
fn who_signed_in_with_the_number_before_is_not_asked() {
    let gate = shipped(&[]);
    let mut owner = gate.browser();
    owner.sign_in("/", ADA, &gate.texts).is(200);
    owner.post("/.doorcode/sign-out", &[]).is(303);
    gate.pass(MINUTE);
    let first = start_from(&mut owner, "", ADA).is(303);
    let mut page = owner.follow(first).is(200);
    gate.texts.text(2);
    for texts in 3..6 {
        gate.pass(MINUTE * 5);
        let again = start_from(&mut owner, "", ADA).is(303);
        again.never_challenged();
        page = owner.follow(again).is(200);
        gate.texts.text(texts);
    }
    drop(page);
    assert_eq!(metric(gate.admin, &metric_of("asked", "texts")), 0);
}

#[test]
fn nobody_is_asked_where_it_is_turned_off() {
    let gate = super::defaults(&[]);
    texted_twice(&gate, ADA);
    start_from(&mut gate.browser(), "", ADA).is(303).never_challenged();
    gate.texts.text(3);
}

#[test]
fn the_eleventh_person_of_an_address_solves_a_puzzle_and_gets_in() {
    let gate = shipped(&[]);
    (0..10)
        .for_each(|n| start_from(&mut gate.browser(), "", &number(n)).is(303).never_challenged());
    let mut browser = gate.browser();
    let page = start_from(&mut browser, "", &number(10));
    let page = challenged(&mut browser, page);
    let sent = prove(&mut browser, &page, &solution(&page));
    browser.follow(sent).is(200).says("name=\"code\"");
    gate.texts.text(11);
    wait_until(gate.admin, &metric_of("asked", "address"), 1);
    assert_eq!(metric(gate.admin, "doorcode_limited_total{limit=\"starts_per_address_10m\"}"), 0);
}

#[test]
fn nobody_solves_a_puzzle_only_to_be_refused() {
    let gate = shipped(&[("[login]", "[limits]\nproved_starts_per_address_10m = 1\n[login]")]);
    (0..10).for_each(|n| drop(start_from(&mut gate.browser(), "", &number(n)).is(303)));
    let mut browser = gate.browser();
    let page = start_from(&mut browser, "", &number(10));
    let page = challenged(&mut browser, page);
    prove(&mut browser, &page, &solution(&page));
    told_to_wait(
        &start_from(&mut gate.browser(), "", &number(11)),
        "Too many tries from this network",
    );
    wait_until(gate.admin, "doorcode_limited_total{limit=\"proved_starts_per_address_10m\"}", 1);
    // Who asks too early is told so, not asked.
    let gate = shipped(&[("[login]", "[limits]\nchallenge_after_texts = 1\n[login]")]);
    super::texted(&gate, || start_from(&mut gate.browser(), "", ADA));
    told_to_wait(&start_from(&mut gate.browser(), "", ADA), "Please wait a little");
}

#[test]
fn nobody_solves_a_puzzle_for_a_text_that_the_budget_does_not_pay() {
    // Half of a text is left of it.
    let money = "[sms.prices]\nUS = \"0.80\"\n[limits]\nspend_per_country_1h = 2\n\
        challenge_after_texts = 0\n[login]\nchallenge_bits = 8";
    let gate = shipped(&[BEHIND, ("[login]", money)]);
    let ask = |n: u32| {
        let mut browser = gate.browser();
        browser.address = Some(format!("198.51.{n}.7"));
        let answer = start_from(&mut browser, &format!("198.51.{n}.7"), &number(n));
        (answer, browser)
    };
    for n in 0..2 {
        let (page, mut browser) = ask(n);
        let page = challenged(&mut browser, page);
        let sent = prove(&mut browser, &page, &solution(&page));
        assert!(sent.location().contains("/code?"), "{sent}");
    }
    let told = "doorcode_budgets_used_total{limit=\"spend_per_country_1h\",percent=\"100\"}";
    assert_eq!(metric(gate.admin, told), 0);
    for n in 2..5 {
        told_to_wait(&ask(n).0, "Too many people are signing in");
    }
    wait_until(gate.admin, "doorcode_limited_total{limit=\"spend_per_country_1h\"}", 3);
    wait_until(gate.admin, told, 1);
    assert_eq!(metric(gate.admin, &metric_of("asked", "texts")), 2);
}

#[test]
fn many_wrong_codes_everywhere_ask_all_new_people_for_a_proof() {
    let few = ("[login]", "[limits]\nchallenge_after_wrong_codes_24h = 2\n[login]");
    let gate = shipped(&[few]);
    for n in 0..2 {
        let mut browser = gate.browser();
        let page = start_from(&mut browser, "", &number(n)).is(303);
        page.never_challenged();
        let page = browser.follow(page).is(200);
        let code = code_in(&gate.texts.text(usize::try_from(n).unwrap() + 1).body);
        for wrong in 0..2 {
            browser.give_code(&page, &unlike(&code, wrong)).is(303);
        }
    }
    let mut browser = gate.browser();
    let page = start_from(&mut browser, "", &number(3));
    challenged(&mut browser, page);
    wait_until(gate.admin, &metric_of("asked", "wrong-codes"), 1);
    gate.pass(MINUTE * 60 * 24);
    start_from(&mut gate.browser(), "", &number(3)).is(303).never_challenged();
}
