use crate::support::gate::Gate;

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
