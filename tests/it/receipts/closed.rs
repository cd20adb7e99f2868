//! Where only users are texted nothing is told of a receipt; and who is told to text START, and where.
use super::{asked, both, gate_with, gateway, news, tell, wait_for_news};
use crate::support::browser::{Browser, between, code_in, flow_of};
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::provider::{Outcome, Reply};
use crate::support::settings::{ADA, BOB};

#[test]
fn where_only_users_are_texted_receipts_send_again_and_nothing_tells_it() {
    let second = gateway();
    let mut changes = both(&second);
    changes.push((
        "countries = [\"US\", \"GB\"]\n",
        "countries = [\"US\", \"GB\"]\nsign_up = false\n".to_owned(),
    ));
    let gate = gate_with(&changes);
    let (mut stranger, page_of_stranger) = asked(&gate);
    let mut ada = gate.browser();
    let page = ada.visit("/orders");
    let page = ada.give_number(&page, ADA);
    let code = code_in(&gate.texts.text(1).body);
    let page = page.says("If ").never_says("data-news");
    tell(&gate, 1, "undelivered", Some(30_008)).is(200);
    assert_eq!(code_in(&second.text(1).body), code);

    let of_ada = again(&mut ada, &page, "+1 202-555-0123");
    let of_nobody = again(&mut stranger, &page_of_stranger, "+44 7400 123456");
    assert_eq!(of_ada, of_nobody);
    for (browser, page) in [(&mut ada, &page), (&mut stranger, &page_of_stranger)] {
        assert_eq!(news(browser, page), (String::new(), 0));
    }
    assert_eq!(gate.texts.messages().len(), 1);
    let done = ada.give_code(&page, &code);
    ada.finish(done).is(200);
}

/// The page for the code as it is now, without what differs from number to number.
fn again(browser: &mut Browser, page: &Answer, number: &str) -> String {
    let page = browser.get(&format!("/.doorcode/code?flow={}", flow_of(page))).is(200);
    let text = page.text().replace(&flow_of(&page), "FLOW").replace(number, "NUMBER");
    let reference = between(&text, "Reference: ", "</bdi>").to_owned();
    // Of 30 s, drawn anew for each text; a second one would have doubled it.
    let wait = between(&text, "data-after=\"", "\"").to_owned();
    assert!((27..=33).contains(&wait.parse::<u32>().expect("seconds")), "{wait}");
    let text = text.replace(&format!("data-after=\"{wait}\""), "data-after");
    between(&text.replace(&reference, "REFERENCE"), "<main>", "</main>").to_owned()
}

#[test]
fn whoever_stopped_texts_is_told_the_number_of_the_provider_that_said_so() {
    // A short code of the gateway, which is asked first; and a messaging service, which has no number.
    for (first, sender, said) in [
        ("http", "from = \"12345\"\n", "text START to <bdi class=\"num\" dir=\"ltr\">12345</bdi>"),
        (
            "http",
            "from = \"+12025550199\"\n",
            "text START to <bdi class=\"num\" dir=\"ltr\">+1 202-555-0199</bdi>",
        ),
        ("http", "", "text START to the number that our texts came from"),
        ("twilio", "from = \"12345\"\n", "text START to the number that our texts came from"),
    ] {
        let gateway = gateway();
        let refused = Reply::json(403, &serde_json::json!({ "error": "opted_out" }));
        gateway.script(Outcome::Answer(refused));
        let other = if first == "http" { "twilio" } else { "http" };
        let table =
            format!("[sms.http]\nurl = \"{}/send\"\n{sender}[sms.twilio]\n", gateway.base_url());
        let providers = format!("providers = [\"{first}\", \"{other}\"]");
        let gate =
            Gate::changed(&[("providers = [\"twilio\"]", &providers), ("[sms.twilio]\n", &table)]);
        gate.texts.script(Outcome::Refuse(21_610));
        let mut bob = gate.browser();
        let page = bob.visit("/orders");
        bob.give_number(&page, BOB).is(200).says(said);
        assert_eq!(gate.texts.messages(), []);
    }
}

#[test]
fn the_number_for_start_is_told_where_a_messaging_service_has_several() {
    for (number, shown) in [("+12025550188", "+1 202-555-0188"), ("12345", "12345")] {
        let table = format!("[sms.start_numbers]\ntwilio = \"{number}\"\n[sms.twilio]\n");
        let gate = Gate::changed(&[("[sms.twilio]\n", &table)]);
        let said = format!("text START to <bdi class=\"num\" dir=\"ltr\">{shown}</bdi>");
        // By a receipt, and by a refusal.
        let (mut bob, page) = asked(&gate);
        tell(&gate, 1, "undelivered", Some(21_610)).is(200);
        wait_for_news(&mut bob, &page, &said);
        gate.texts.script(Outcome::Refuse(21_610));
        let mut ada = gate.browser();
        let page = ada.visit("/orders");
        ada.give_number(&page, ADA).is(200).says(&said);
    }
}
