use crate::support::program::Program;
use crate::support::settings::{ADA, BOB};

#[test]
fn a_log_in_json_has_an_object_on_every_line_and_no_secret_in_any() {
    let program =
        Program::changed("debug", &[("[server]\n", "[log]\nformat = \"json\"\n[server]\n")]);
    let mut ada = program.browser();
    ada.sign_in("/orders", ADA, &program.texts).is(200);
    let mut bob = program.browser();
    let number = bob.visit("/");
    bob.give_number(&number, BOB).is(200);

    let log = program.printed_to("err");
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    assert!(lines.iter().all(|line| line["timestamp"].is_string() && line["level"].is_string()));
    let signed_in = lines.iter().find(|line| line["message"] == "signed in").expect(&log);
    assert!(signed_in["user"].as_str().is_some_and(|user| user.starts_with("sms|")), "{signed_in}");
    let id = signed_in["span"]["id"].as_str().expect("the request's id").to_owned();
    let access = program.printed_to("out");
    let line = access.lines().find(|line| line.contains(&id)).expect("its access line");
    assert!(line.contains("\"path\":\"/.doorcode/code\""), "{line}");
    let code = crate::support::browser::code_in(&program.texts.text(1).body);
    let session = ada.session();
    for hidden in [code.as_str(), session.as_str(), &ADA[1..], &BOB[1..]] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}

#[test]
fn a_log_for_people_is_no_json() {
    let program = Program::start("info");
    program.browser().sign_in("/orders", ADA, &program.texts).is(200);
    let log = program.printed_to("err");
    let line = log.lines().find(|line| line.contains("signed in")).expect(&log);
    assert!(serde_json::from_str::<serde_json::Value>(line).is_err(), "{line}");
    assert!(line.contains("request{id="), "{line}");
}
