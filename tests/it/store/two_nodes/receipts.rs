//! A receipt that reaches another server than the one that sent the text.
use super::{Nodes, Unusual};
use crate::receipts::{both, gateway, tell_at, wait_for_news};
use crate::support::browser::code_in;
use crate::support::settings::BOB;

#[test]
fn a_receipt_at_one_node_sends_again_what_the_other_one_sent() {
    let second = gateway();
    let changes = both(&second);
    let changes: Vec<(&str, &str)> = changes.iter().map(|(a, b)| (*a, b.as_str())).collect();
    let unusual = Unusual { changes: &changes, ..Unusual::default() };
    let mut sent = 0;
    let mut test = |nodes: &Nodes| {
        let [first, other] = &nodes.nodes;
        let mut bob = first.browser();
        let page = bob.visit("/orders");
        let page = bob.give_number(&page, BOB);
        let n = first.texts.messages().len();
        let code = code_in(&first.texts.text(n).body);
        tell_at(other.port, &first.texts.taken(n), "undelivered", Some(30_008)).is(200);
        tell_at(first.port, &first.texts.taken(n), "undelivered", Some(30_008)).is(200);
        sent += 1;
        assert_eq!(code_in(&second.text(sent).body), code);
        bob.go_by(other.port);
        wait_for_news(&mut bob, &page, "The first text did not arrive.");
        let done = bob.give_code(&page, &code);
        bob.finish(done).is(200);
        assert_eq!(second.messages().len(), sent);
    };
    test(&Nodes::on_redis(super::LATE, unusual));
    test(&Nodes::on("database", None, super::LATE, unusual));
}
