//! Limits count over both nodes together.
use std::time::Duration;

use super::{Nodes, Unusual};
use crate::support::browser::flow_of;
use crate::support::http::exchange;
use crate::support::settings::ADA;

const MOST: usize = 4;
/// Counted where what expires is.
const OF_TEN_MINUTES: (&str, &str) =
    ("starts_per_address_10m = 1000", "starts_per_address_10m = 4");
/// Counted in the database, whatever the cache is.
const OF_A_DAY: (&str, &str) = ("texts_per_number_24h = 1000", "texts_per_number_24h = 4");

#[test]
fn starts_at_once_on_both_nodes_are_no_more_than_an_address_has() {
    let unusual = Unusual { changes: &[OF_TEN_MINUTES], ..Unusual::default() };
    Nodes::each_with(unusual, |nodes| {
        let start = |n: usize| {
            let mut browser = nodes.browser();
            let (flow, phone) = (flow_of(&browser.visit("/")), format!("+1202555{:04}", 2000 + n));
            let form = [("flow", flow.as_str()), ("phone", phone.as_str())];
            browser.request("POST", "/.doorcode/login", &[], Some(&form))
        };
        let requests: Vec<_> = (0..20).map(start).collect();
        let ask = |n: usize| exchange(nodes.ports()[n % 2], &requests[n]).location().to_owned();
        let answers: Vec<String> = std::thread::scope(|scope| {
            let ask = &ask;
            let asked: Vec<_> = (0..20).map(|n| scope.spawn(move || ask(n))).collect();
            asked.into_iter().map(|asked| asked.join().expect("an answer")).collect()
        });
        let taken = answers.iter().filter(|location| location.contains("/code?")).count();
        assert_eq!(taken, MOST, "{answers:?}");
        nodes.first().texts.text(MOST);
        nodes.first().pass(Duration::from_mins(10));
        // After the window.
        nodes.ask_for_code(&mut nodes.browser(), ADA);
    });
}

#[test]
fn texts_to_a_number_are_no_more_in_a_day_whichever_node_is_asked() {
    let unusual = Unusual { changes: &[OF_A_DAY], ..Unusual::default() };
    Nodes::each_with(unusual, |nodes| {
        for _ in 0..MOST {
            // Each in another browser: none resumes what another has begun.
            nodes.ask_for_code(&mut nodes.browser(), ADA);
            nodes.first().pass(Duration::from_mins(20));
        }
        for port in nodes.ports() {
            let mut browser = nodes.browser();
            let number = browser.visit("/orders").is(200);
            browser.go_by(port);
            browser.give_number(&number, ADA).is(429);
        }
        assert_eq!(nodes.first().texts.messages().len(), MOST);
    });
}
