//! Numbers and codes as people type and paste them.
use crate::support::browser::{code_in, flow_of};
use crate::support::gate::Gate;
use crate::support::settings::{ADA, BOB};
use crate::support::tables::users;

fn serving(countries: &'static str) -> Gate {
    Gate::changed(&[("countries = [\"US\", \"GB\"]", countries)])
}

#[test]
fn a_person_has_one_account_however_they_write_their_number() {
    let gate = serving("countries = [\"US\", \"AR\", \"MX\", \"DE\"]");
    for (number, country, spellings) in [
        ("+5491123456789", "AR", &["11 2345-6789", "011 15-2345-6789", "+54 11 2345-6789"][..]),
        ("+525512345678", "MX", &["55 1234 5678", "+52 1 55 1234 5678", "044 55 1234 5678"]),
        ("+4915123456789", "DE", &["0151 23456789", "4915123456789", "+49 (0)151/234567-89"]),
    ] {
        let before = gate.count(users::ALL);
        for typed in spellings {
            let texts = gate.texts.messages().len();
            let mut browser = gate.browser();
            let page = browser.visit("/orders").is(200);
            let form = [("flow", flow_of(&page)), ("phone", (*typed).to_owned())];
            let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
            let form = [&form[..], &[("country", country)]].concat();
            let answer = browser.post("/.doorcode/login", &form);
            let page = browser.follow(answer).is(200).says("name=\"code\"");
            let text = gate.texts.text(texts + 1);
            assert_eq!(text.to, number, "{typed}");
            let answer = browser.give_code(&page, &code_in(&text.body)).is(303);
            browser.finish(answer).is(200).says("the app: ");
            assert_eq!(gate.count(users::ALL), before + 1, "{typed}");
            // A text to the number of a moment ago is not sent anew.
            gate.pass(std::time::Duration::from_mins(11));
        }
    }
}

#[test]
fn the_whole_message_may_be_pasted_into_the_field_of_the_code() {
    let gate = Gate::start();
    for (phone, paste) in [
        (ADA, (|text: &str| text.to_owned()) as fn(&str) -> String),
        // What a field of one line makes of it.
        (BOB, |text| text.replace('\n', "")),
    ] {
        let texts = gate.texts.messages().len();
        let mut browser = gate.browser();
        let page = browser.visit("/orders").is(200);
        let page = browser.give_number(&page, phone).is(200).says("name=\"code\"");
        let body = gate.texts.text(texts + 1).body;
        assert_eq!(body.matches(&code_in(&body)).count(), 2, "{body}");
        let answer = browser.give_code(&page, &paste(&body)).is(303);
        browser.finish(answer).is(200).says("the app: ");
    }
}

#[test]
fn digits_of_any_script_are_read_in_both_fields() {
    let gate = Gate::start();
    let thai = |text: &str| -> String {
        text.chars()
            .map(|c| c.to_digit(10).and_then(|n| char::from_u32(0xe50 + n)).unwrap_or(c))
            .collect()
    };
    let mut browser = gate.browser();
    let page = browser.visit("/orders").is(200);
    let page = browser.give_number(&page, &thai(BOB)).is(200).says("name=\"code\"");
    let code = code_in(&gate.texts.text(1).body);
    let answer = browser.give_code(&page, &thai(&code)).is(303);
    browser.finish(answer).is(200).says("the app: ");
}

#[test]
fn the_example_of_a_country_that_shares_a_plan_is_taken() {
    let gate = serving("countries = [\"US\", \"IM\"]");
    let mut browser = gate.browser();
    let page = browser.visit("/orders").is(200);
    let flow = flow_of(&page);
    let form = [("flow", flow.as_str()), ("phone", "07924 123456"), ("country", "IM")];
    let answer = browser.post("/.doorcode/login", &form);
    browser.follow(answer).is(200).says("name=\"code\"").says("+44 7924 123456");
    assert_eq!(browser.cookie("doorcode-country").as_deref(), Some("IM"), "what was chosen");
}

#[test]
fn an_article_fits_the_number_of_digits() {
    let gate = Gate::changed(&[("[login]", "[login]\ncode_digits = 8")]);
    let mut browser = gate.browser();
    let page = browser.visit("/orders").is(200);
    browser.give_number(&page, BOB).is(200).says("We sent an 8-digit code to ");
}
