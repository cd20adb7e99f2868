use crate::support::browser::code_in;
use crate::support::gate::{Gate, wait_for};
use crate::support::program::Program;
use crate::support::settings::ADA;

#[test]
fn the_demo_app_tells_what_it_was_sent_in_a_page_with_one_main_landmark() {
    let gate = Gate::changed(&[("upstreams = [\"127.0.0.1:1\"]", "upstreams = [\"demo\"]")]);
    let answer = gate.browser().get("/down/x").is(200).says("<html lang=\"en\">");
    let text = answer.text();
    assert_eq!(text.matches("<main>").count(), 1, "{text}");
    let (_, main) = text.split_once("<main>").expect("a landmark");
    let (main, after) = main.split_once("</main>").expect("its end");
    assert!(
        main.contains("<h1>You are in the app") && main.contains("<code>/down/x</code>"),
        "{text}"
    );
    assert_eq!(after, "</html>", "{text}");
}

#[test]
fn a_terminal_is_told_the_address_a_number_and_where_the_code_appears() {
    let program = Program::changed(
        "info",
        &[("providers = [\"twilio\"]", "providers = [\"console\", \"twilio\"]")],
    );
    let said = || program.printed_to("out");
    let greeting = wait_for("a greeting", || said().contains("code appears").then(said));
    let address = format!("  Shop  http://localhost:{}/\n", program.port);
    assert!(greeting.contains(&address), "{greeting}");
    let last =
        format!("Type a number, such as {ADA}. Its code appears here, instead of being texted.");
    assert!(greeting.trim_end().ends_with(&last), "{greeting}");

    let mut browser = program.browser();
    let number = browser.visit("/");
    let page = browser.give_number(&number, ADA).is(200);
    let code = || {
        let line = said().lines().find(|line| line.starts_with("@localhost #")).map(str::to_owned);
        line.map(|line| code_in(&line))
    };
    browser.give_code(&page, &wait_for("a code", code)).is(303);
}
