//! `login.sign_up = false`: only users are texted, and nobody is told who they are.

use super::{beside, phone, signed_in};
use crate::support::browser::{between, code_in};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::Answer;
use crate::support::provider::Outcome;
use crate::support::settings::{ADA, BOB};
use crate::support::tables::{sessions, spent_codes, users};
use crate::support::words::{word, word_with};

const CLOSED: &[(&str, &str)] = &[("[login]\n", "[login]\nsign_up = false\n")];

/// What a page says, without what is sealed in it.
fn said(page: &Answer) -> String {
    let text = page.text();
    let main = between(&text, "<main>", "</main>").to_owned();
    let sealed = between(&main, "name=\"flow\" value=\"", "\"").to_owned();
    main.replace(&sealed, "…")
}

#[test]
fn a_user_gets_in_and_nobody_else_is_texted_or_told_so() {
    let gate = Gate::changed(CLOSED);
    let mut stranger = gate.browser();
    let number = stranger.visit("/orders");
    let page = stranger.give_number(&number, BOB).is(200).never_says("We sent");
    page.says(&word_with("code_conditional", &[("count", "6")]));
    let mut ada = gate.browser();
    let number = ada.visit("/orders");
    let page = ada.give_number(&number, ADA).is(200).never_says("We sent");
    let text = gate.texts.text(1);
    assert_eq!(text.to, ADA);
    let answer = ada.give_code(&page, &code_in(&text.body)).is(303);
    ada.finish(answer).is(200);
    assert_eq!(gate.texts.requests(), 1, "the stranger was first, and not texted");
    assert_eq!(gate.count(users::ALL), 1);
}

#[test]
fn users_strangers_and_blocked_people_read_the_same() {
    let gate = Gate::changed(CLOSED);
    let blocked = "+12025550177";
    let stranger = "+12025550188";
    let now = doorcode::system::Timestamp::from_millis(0);
    let store = beside(&gate);
    gate.run(async {
        use doorcode::store::UserStore as _;
        let id = doorcode::domain::UserId::from_bytes([7; 12]);
        store.ensure_users(&[(id, phone(blocked).into())], now).await.unwrap();
        store.set_blocked(&phone(blocked).into(), true, now).await.unwrap();
    });
    let read = |e164: &str| {
        let mut browser = gate.browser();
        let number = browser.visit("/orders");
        let page = browser.give_number(&number, e164).is(200);
        let wrong = browser.give_code(&page, "000000").is(303);
        let wrong = browser.follow(wrong).is(200);
        let (page, wrong) = (said(&page), said(&wrong));
        let local = doorcode::domain::PhoneNumber::parse(e164, None).unwrap().international();
        // How long somebody waits for the next text is drawn for everybody anew.
        let drawn = |text: &str| between(text, "data-after=", ">").to_owned();
        // Each attempt has a reference of its own.
        let reference = |text: &str| between(text, "Reference", "</p>").to_owned();
        [page, wrong].map(|text| {
            let plain = text.replace(&local, "(the number)").replace(&drawn(&text), "");
            plain.replace(&reference(&text), "")
        })
    };
    let expected = read(ADA);
    assert_eq!(read(stranger), expected);
    assert_eq!(read(blocked), expected);
    wait_for("both texts", || (gate.texts.messages().len() == 2).then_some(()));
    assert!(gate.texts.messages().iter().all(|text| text.to != stranger));
}

#[test]
fn who_is_blocked_is_told_after_the_right_code_and_not_before() {
    for changes in [&[][..], CLOSED] {
        let gate = Gate::changed(changes);
        signed_in_or_known(&gate);
        let store = beside(&gate);
        gate.run(async {
            use doorcode::store::UserStore as _;
            let now = doorcode::system::Timestamp::from_millis(0);
            store.set_blocked(&phone(ADA).into(), true, now).await.unwrap().unwrap();
        });
        let mut browser = gate.browser();
        let number = browser.visit("/orders");
        let page = browser.give_number(&number, ADA).is(200).never_says("access");
        let text = gate.texts.text(1);
        let denied = browser.give_code(&page, &code_in(&text.body)).is(303);
        let denied = browser.follow(denied).is(403);
        assert!(denied.says(&word("denied_title")).all("set-cookie").is_empty());
        browser.get("/orders").is(303);
        let again = browser.give_code(&page, &code_in(&text.body));
        assert_ne!(again.status, 200, "the code is spent: {again}");
        assert_eq!(gate.count(sessions::ALL), 0);
    }
}

/// The file names her, so that she is a user from the start.
fn signed_in_or_known(gate: &Gate) {
    assert_eq!(gate.count(users::ALL), 1);
}

#[test]
fn a_user_who_is_gone_before_their_code_came_is_not_made_anew() {
    let gate = Gate::changed(CLOSED);
    let mut browser = gate.browser();
    let number = browser.visit("/orders");
    let page = browser.give_number(&number, ADA).is(200);
    let text = gate.texts.text(1);
    let mut database = gate.database();
    let delete = "DELETE FROM contacts; DELETE FROM contact_indexes; DELETE FROM users";
    gate.run(sqlx::raw_sql(delete).execute(&mut database)).unwrap();
    let denied = browser.give_code(&page, &code_in(&text.body)).is(303);
    browser.follow(denied).is(403);
    assert_eq!(gate.count(users::ALL), 0);
    assert_eq!(gate.count(sessions::ALL), 0);
    assert_eq!(gate.count(spent_codes::ALL), 1);
}

/// Not even later and to strangers: whoever asks for a code for somebody else's number just before
/// would learn from their own page whether that number was texted.
#[test]
fn no_page_ever_tells_that_a_text_failed() {
    let gate = Gate::changed(CLOSED);
    let ask = |number: &str| {
        let mut browser = gate.browser();
        let page = browser.visit("/orders");
        browser.give_number(&page, number)
    };
    gate.texts.script(Outcome::Refuse(20003));
    ask(ADA).is(200).says(&word_with("code_conditional", &[("count", "6")]));
    wait_for("a text that failed", || (gate.texts.requests() == 1).then_some(()));
    for number in [BOB, "+12025550166", "+12025550167"] {
        ask(number).is(200).says(&word_with("code_conditional", &[("count", "6")]));
    }
}

#[test]
fn a_country_that_is_not_served_is_told_to_everybody() {
    let gate = Gate::changed(CLOSED);
    let mut browser = gate.browser();
    let number = browser.visit("/orders");
    browser.give_number(&number, "+33612345678").is(200).says(&word("phone_country_not_served"));
}

#[test]
fn who_signed_in_once_is_a_user_of_a_place_that_closed() {
    let gate = Gate::start();
    signed_in(&gate, BOB);
    assert_eq!(gate.count(users::ALL), 2);
}

#[test]
fn a_text_that_is_withheld_counts_like_one_that_is_sent() {
    let limits = ("[login]\n", "[limits]\ntexts_1h = 2\n[login]\nsign_up = false\n");
    let gate = Gate::changed(&[(crate::support::settings::RAISED, ""), limits]);
    let ask = |phone: &str| {
        let mut browser = gate.browser();
        let number = browser.visit("/orders");
        browser.give_number(&number, phone).status
    };
    assert_eq!([BOB, "+12025550188", ADA].map(ask), [200, 200, 429]);
    assert_eq!(gate.texts.requests(), 0, "neither of the first two is a user's");
}
