//! `doorcode users`, beside a server that runs on the same database.
use crate::support::gate::wait_for;
use crate::support::program::Program;
use crate::support::settings::{ADA, BOB};

#[track_caller]
fn command(program: &Program, what: &str, phone: &str) -> String {
    let (code, said) = program.said(&["users", what, phone, "--config", "my.toml"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains(&phone[1..]), "the whole number: {said}");
    said
}

/// A line of `doorcode users show`.
#[track_caller]
fn shown(said: &str, what: &str) -> String {
    let line = said.lines().find_map(|line| line.strip_prefix(what));
    line.unwrap_or_else(|| panic!("no {what} in {said}")).trim().to_owned()
}

#[test]
fn a_person_is_shown_and_blocked_on_the_database_of_a_running_server() {
    let program = Program::start("info");
    let mut ada = program.browser();
    ada.sign_in("/orders", ADA, &program.texts).is(200);
    let said = command(&program, "show", ADA);
    let id = program.user_id(ADA);
    assert_eq!(shown(&said, "id"), id);
    assert_eq!(shown(&said, "number"), "+1 •••-•••-•123");
    assert!(shown(&said, "since").ends_with('Z'), "{said}");
    let now = |said: &str| ["blocked since", "roles", "sessions"].map(|what| shown(said, what));
    assert_eq!(now(&said), ["-", "admin, staff", "1"]);

    assert!(command(&program, "block", ADA).starts_with(&id));
    wait_for("an end", || (ada.get("/orders").status == 303).then_some(()));
    let said = command(&program, "show", ADA);
    let [since, roles, sessions] = now(&said);
    assert_eq!([roles.as_str(), sessions.as_str()], ["admin, staff", "0"]);
    assert!(since.starts_with("20") && since.ends_with('Z'), "{said}");

    assert!(command(&program, "unblock", ADA).contains("may sign in again"));
    assert!(command(&program, "unblock", ADA).contains("was not blocked"));
    assert_eq!(now(&command(&program, "show", ADA))[0], "-");
}

#[test]
fn a_number_that_nobody_has_is_told_and_so_is_a_database_that_is_not_there() {
    let program = Program::start("info");
    for what in ["block", "unblock", "show"] {
        for nobody in [BOB, "+15550100001"] {
            let (code, said) = program.command(&["users", what, nobody, "--config", "my.toml"]);
            assert_eq!(code, Some(1));
            assert!(said.starts_with("doorcode: no user "), "{said}");
            assert!(!said.contains(&nobody[1..]), "{said}");
        }
    }
    program.rewrite("new.toml", &[("doorcode.db", "new.db")]);
    let (code, said) = program.command(&["users", "block", ADA, "--config", "new.toml"]);
    assert!(code == Some(1) && said.contains("there is no database yet"), "{said}");
}

#[test]
fn a_person_is_found_by_the_end_of_their_number() {
    let program = Program::start("info");
    program.browser().sign_in("/orders", BOB, &program.texts).is(200);
    let (code, said) = program.said(&["users", "find", "3456", "my.toml"]);
    assert!(code == Some(0) && !said.contains("0123456"), "{said}");
    assert!(said.contains(&program.user_id(BOB)) && said.contains("+44 •••• •••456"), "{said}");
    for (digits, why) in
        [("9999", "no user has a number that ends in 9999"), ("45", "last 4 digits")]
    {
        let (code, said) = program.command(&["users", "find", digits, "--config", "my.toml"]);
        assert!(code != Some(0) && said.contains(why), "{said}");
    }
}

#[test]
fn the_secret_is_changed_beside_a_running_server() {
    const FORMER: &str = r#"secret = "env:SECRET""#;
    const BOTH: &str = r#"secret = ["env:OTHER", "env:SECRET"]"#;
    const NEXT: &str = r#"secret = "env:OTHER""#;
    let mut program = Program::start("info");
    let mut ada = program.browser();
    ada.sign_in("/orders", ADA, &program.texts).is(200);
    let id = program.user_id(ADA);
    let restart = |program: &mut Program, from, to| {
        program.kill();
        program.rewrite("my.toml", &[(from, to)]);
        program.start_again("info");
    };
    restart(&mut program, FORMER, BOTH);
    // Whoever takes the second value away before it is time.
    program.rewrite("early.toml", &[(BOTH, NEXT)]);
    let (code, said) = program.command(&["migrate", "early.toml"]);
    assert!(code == Some(1) && said.contains("run `doorcode secret rotate`"), "{said}");
    ada.get("/orders").is(200);
    let (code, said) = program.said(&["secret", "rotate", "my.toml"]);
    assert!(code == Some(0) && said.starts_with("phone numbers encrypted anew: 1. "), "{said}");
    ada.get("/orders").is(200);
    restart(&mut program, BOTH, NEXT);
    assert_eq!(ada.get("/orders").status, 303, "the session began under the former secret");
    ada.sign_in("/orders", ADA, &program.texts).is(200);
    assert_eq!(shown(&command(&program, "show", ADA), "id"), id, "the same person");

    // Whoever forgot the second value before it was done.
    program.rewrite("former.toml", &[(NEXT, FORMER)]);
    let (code, said) = program.command(&["secret", "rotate", "former.toml"]);
    assert!(
        code == Some(1) && said.contains("under another secret than those of server.secret"),
        "{said}"
    );
}
