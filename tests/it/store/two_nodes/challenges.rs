//! A puzzle that was solved at one node is solved for both.
use std::time::Duration;

use super::{Nodes, Unusual};
use crate::support::metrics::wait_until;
use crate::support::puzzle::{puzzle_of, solve};
use crate::support::settings::ADA;
use crate::support::words::word;

const AFTER_ONE_TEXT: (&str, &str) = ("challenge_after_texts = 1000", "challenge_after_texts = 1");

#[test]
fn a_puzzle_may_be_shown_by_one_node_and_solved_at_the_other_and_is_spent_at_both() {
    let unusual = Unusual { changes: &[AFTER_ONE_TEXT], ..Unusual::default() };
    Nodes::each_with(unusual, |nodes| {
        nodes.ask_for_code(&mut nodes.browser(), ADA);
        nodes.first().pass(Duration::from_mins(2));
        let mut browser = nodes.browser();
        let [first, second] = nodes.ports();
        browser.go_by(first);
        let page = browser.visit("/orders").is(200);
        let page = browser.give_number(&page, ADA).is(200).says(&word("challenge_title"));
        let (flow, puzzle, bits) = puzzle_of(&page.text());
        let number = solve(&puzzle, bits);
        let form = [("flow", &*flow), ("puzzle", &*puzzle), ("number", &*number)];
        browser.go_by(second);
        let sent = browser.post("/.doorcode/challenge", &form).is(303);
        assert!(sent.location().contains("/code?"), "{sent}");
        nodes.first().texts.text(2);
        nodes.first().pass(Duration::from_mins(5));
        for (port, node) in nodes.ports().into_iter().zip(&nodes.nodes) {
            browser.go_by(port);
            let again = browser.post("/.doorcode/challenge", &form).is(303);
            assert!(again.location().contains("/challenge?"), "{again}");
            let replayed = "doorcode_challenges_total{outcome=\"failed\",why=\"replayed\"}";
            wait_until(node.admin, replayed, 1);
        }
        assert_eq!(nodes.first().texts.messages().len(), 2);
    });
}
