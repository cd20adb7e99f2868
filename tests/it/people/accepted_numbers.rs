//! `numbers.accept`: ranges of numbers that are newer than this version.
use doorcode::domain::{AcceptedNumbers, Country, LineType, PhoneNumber};

use crate::support::gate::Gate;
use crate::support::program::Program;
use crate::support::words::word;

/// Of no range of the United Kingdom's plan.
const NEW: &str = "+446011223456";
const RANGE: (&str, &str) = ("[login]\n", "[numbers]\naccept = [\"+4460*\"]\n[login]\n");

fn accepting(range: &str) -> AcceptedNumbers {
    AcceptedNumbers::new(vec![range.parse().unwrap()])
}

#[test]
fn a_number_of_an_accepted_range_is_a_mobile_number_in_every_notation() {
    assert!(PhoneNumber::parse(NEW, None).is_err(), "the plan has it now: take another one");
    let (accepted, home) = (accepting("+4460*"), Country::parse("GB").ok());
    for typed in [NEW, "06011 223456", "0044 6011 223 456", "+44 (0)6011-223456", "446011223456"] {
        let number = accepted.parse(typed, home).unwrap();
        assert_eq!(number.e164(), NEW, "{typed}");
        assert_eq!((number.country(), number.line_type()), (home, LineType::Mobile));
        assert!(!number.is_test());
    }
    for other in ["+44601122345", "+4460112234567", "+446112345678", "+44", "+4460"] {
        assert!(accepted.parse(other, home).is_err(), "{other}");
    }
    // What the plan knows stays what it is, also where it is no mobile number.
    assert_eq!(accepted.parse("+447400123456", None).unwrap().e164(), "+447400123456");
    let landline = accepting("+442079*").parse("+442079460123", None).unwrap();
    assert_eq!(landline.line_type(), LineType::Mobile);
    // A read number is known again.
    let stored = PhoneNumber::from_store(NEW).unwrap();
    assert!(stored.is_test() && stored.country().is_none());
    let known = accepted.recognize(stored);
    assert!(!known.is_test() && known.is_of(home.unwrap()));
}

#[test]
fn somebody_with_a_new_number_signs_in_and_is_found_again() {
    let rule = (
        "path = \"/admin/*\"\nallow = [\"role:admin\"]",
        "path = \"/admin/*\"\nallow = [\"country:GB\"]",
    );
    let mut program = Program::changed("info", &[RANGE, rule]);
    let mut browser = program.browser();
    browser.sign_in("/orders", NEW, &program.texts).is(200);
    browser.get("/admin/x").is(200);
    // The session and the number, as they are read from the database.
    program.kill();
    program.start_again("info");
    browser.get("/admin/x").is(200);
    let (code, said) = program.said(&["users", "show", NEW, "my.toml"]);
    assert!(code == Some(0) && said.contains("•456"), "{said}");

    let gate = Gate::start();
    let mut browser = gate.browser();
    let number = browser.visit("/orders");
    browser.give_number(&number, NEW).is(200).says(&word("phone_no_such_number"));
}

#[test]
fn commands_know_the_numbers_of_the_file() {
    let program = Program::start("info");
    program.rewrite("new.toml", &[RANGE]);
    let (code, said) = program.said(&["text", NEW, "new.toml"]);
    assert!(code == Some(0) && said.starts_with("twilio accepted the text"), "{said}");
    let (code, said) = program.command(&["text", NEW, "my.toml"]);
    assert!(code == Some(1) && said.contains("numbers.accept has to name"), "{said}");
}
