//! What the page for the number says of the cost of texts.
use serde_json::Value;

use crate::support::browser::Browser;
use crate::support::gate::Gate;
use crate::support::words::word;

const LINKS: (&str, &str) = (
    "name = \"Acme\"\n",
    "name = \"Acme\"\nlinks.terms = \"https://acme.example/terms?a=1&b=2\"\nlinks.privacy = \"https://acme.example/privacy\"\n",
);

/// The card of the page, without the links at its foot.
fn card(changes: &[(&str, &str)]) -> String {
    let gate = Gate::changed(changes);
    let page: String = gate.browser().visit("/orders").text();
    page.split("<footer>").next().unwrap().to_owned()
}

#[test]
fn where_us_numbers_are_served_rates_are_told_with_the_links_that_there_are() {
    let plain = card(&[]);
    assert!(plain.contains(&word("number_rates")) && !plain.contains("_blank"), "{plain}");
    let linked = card(&[LINKS]);
    for part in [
        word("number_rates").as_str(),
        "<a class=\"action\" href=\"https://acme.example/terms?a=1&amp;b=2\" target=\"_blank\" rel=\"noopener\">Terms</a>",
        "<a class=\"action\" href=\"https://acme.example/privacy\" target=\"_blank\" rel=\"noopener\">Privacy</a>",
    ] {
        assert_eq!(linked.matches(part).count(), 1, "{part}: {linked}");
    }
    assert!(linked.find(&word("number_rates")) < linked.find("<button"), "{linked}");
}

#[test]
fn elsewhere_nothing_is_told_but_what_the_operator_says() {
    let alone = ("countries = [\"US\", \"GB\"]", "countries = [\"GB\", \"IE\"]");
    let silent = card(&[
        alone,
        ("phone = \"+12025550123\"\nroles", "phone = \"+447400123457\"\nroles"),
        LINKS,
    ]);
    assert!(
        !silent.contains("acme.example") && !silent.contains(&word("number_rates")),
        "{silent}"
    );

    let own = "[login.consent]\nUS = \"Costs <i>what</i> it costs.\"\nCA = \"Costs <i>what</i> it costs.\"\nGB = \"Free.\"\n[sms]\n";
    let countries = ("countries = [\"US\", \"GB\"]", "countries = [\"US\", \"CA\", \"GB\"]");
    let told = card(&[countries, ("[sms]\n", own)]);
    let texts = "<bdi>Costs &lt;i&gt;what&lt;/i&gt; it costs.</bdi>\n<bdi>Free.</bdi>";
    assert!(told.contains(texts) && !told.contains(&word("number_rates")), "{told}");
}

#[test]
fn the_widget_tells_it_too() {
    let client = "[[client]]\nid = \"spa\"\nname = \"SPA\"\ncallbacks = [\"https://a.example.com/cb\"]\nweb_origins = [\"https://a.example.com\"]\n[[site]]\nname = \"Down\"\n";
    let gate = Gate::changed(&[("[[site]]\nname = \"Down\"\n", client), LINKS]);
    let mut browser: Browser = gate.browser();
    let lines = [("Origin", "https://a.example.com"), ("Sec-Fetch-Site", "same-site")];
    let target = "/.doorcode/widget/start?client_id=spa";
    let answer = browser.send("GET", target, &lines, None).text();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let html = answer["html"].as_str().unwrap();
    assert!(html.contains(&word("number_rates")), "{html}");
    assert!(html.contains("https://acme.example/privacy"), "{html}");
}
