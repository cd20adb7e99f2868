use std::time::Duration;

use super::{SHOP, Story, WIKI, readiness, shown, wait_for_both, wait_for_certificate};
use crate::support::authority::Play;
use crate::support::gate::{Gate, wait_for};

/// Waits until somebody is told this of a host.
#[track_caller]
fn told(gate: &Gate, host: &str, why: &str) {
    let line = format!("no certificate yet for {host}: ");
    let mut last = String::new();
    let found = wait_for("the reason", || {
        last = readiness(gate);
        let told = last.lines().find_map(|known| known.strip_prefix(&line))?.to_owned();
        (!told.contains("not ordered") && !told.contains("not finished")).then_some(told)
    });
    assert!(found.contains(why), "`{why}` is not in `{found}`");
}

/// Each is one attempt for each host: told, held back for a while, and mended afterwards.
#[test]
fn each_refusal_of_a_host_is_told_and_holds_back() {
    for (play, why) in [
        (Play::RejectedIdentifier, "rejectedIdentifier: policy forbids this name"),
        (Play::OrderInvalid, "order"),
        (Play::WrongHost, "it is not for shop.example.com"),
    ] {
        let story = Story::new();
        story.authority.plays(play);
        let gate = story.gate();
        told(&gate, SHOP, why);
        wait_for("both", || (story.authority.asked("new-order") == 2).then_some(()));
        super::rest();
        assert_eq!(story.authority.asked("new-order"), 2, "{play:?}");
        story.authority.plays(Play::Honest);
        gate.pass(Duration::from_mins(6));
        wait_for_both(&gate);
        wait_for("no note", || (readiness(&gate) == "ready\n").then_some(()));
    }
}

#[test]
fn a_refused_challenge_is_answered_in_the_other_way() {
    let story = Story::new();
    story.authority.plays(Play::Unreachable("tls-alpn-01"));
    let gate = story.gate();
    wait_for_both(&gate);
    assert_eq!(story.authority.validated(), ["http-01", "http-01"]);
    assert_eq!(story.authority.asked("new-order"), 4);
}

#[test]
fn where_no_challenge_is_accepted_each_way_is_tried_once_and_then_they_take_turns() {
    for (play, why) in [
        (
            Play::Unauthorized,
            "http-01 was refused: unauthorized: the answer is not accepted; tls-alpn-01 was refused",
        ),
        (Play::Caa, "http-01 was refused: caa: CAA records forbid issuing"),
    ] {
        let story = Story::new();
        story.authority.plays(play);
        let gate = story.gate();
        told(&gate, SHOP, why);
        wait_for("both hosts", || (story.authority.asked("new-order") == 4).then_some(()));
        super::rest();
        assert_eq!(story.authority.asked("new-order"), 4);
        gate.pass(Duration::from_mins(6));
        wait_for("a turn", || (story.authority.asked("new-order") == 6).then_some(()));
        // Ten minutes now.
        gate.pass(Duration::from_mins(6));
        super::rest();
        assert_eq!(story.authority.asked("new-order"), 6);
        assert_eq!(shown(gate.port, SHOP), None);
    }
}

#[test]
fn a_rate_limit_holds_as_long_as_the_authority_asks_for_and_over_a_restart() {
    let story = Story::new();
    story.authority.plays(Play::RateLimited(7200));
    let mut gate = story.gate();
    told(&gate, SHOP, "rateLimited: too many orders");
    told(&gate, WIKI, "rateLimited");
    assert_eq!(story.authority.asked("new-order"), 2);
    gate.pass(Duration::from_mins(110));
    super::rest();
    assert_eq!(story.authority.asked("new-order"), 2);
    gate.end();
    story.authority.plays(Play::Honest);
    // Its clock stands where that of the first stood at its start.
    let gate = story.gate();
    told(&gate, SHOP, "rateLimited: too many orders");
    super::rest();
    assert_eq!(story.authority.asked("new-order"), 2);
    gate.pass(Duration::from_mins(121));
    wait_for_both(&gate);
}

#[test]
fn what_an_authority_sends_instead_of_an_answer_holds_all_hosts_back() {
    for (play, why) in [
        (Play::Unavailable, "the authority answered with status 503"),
        (Play::Garbage, "the authority's answer is not what RFC 8555 says"),
        (Play::Away, "cannot reach the authority"),
        (Play::BadNonces(100), "badNonce"),
    ] {
        let story = Story::new();
        story.authority.plays(play);
        let gate = story.gate();
        told(&gate, SHOP, why);
        story.authority.plays(Play::Honest);
        super::rest();
        assert_eq!(story.authority.asked("new-order"), 0, "{play:?}");
        gate.pass(Duration::from_mins(6));
        wait_for_both(&gate);
    }
}

#[test]
fn nonces_that_are_refused_now_and_then_are_no_failure() {
    let story = Story::new();
    story.authority.plays(Play::BadNonces(2));
    let gate = story.gate();
    wait_for_both(&gate);
}

#[test]
fn a_slow_authority_is_waited_for() {
    let story = Story::new();
    story.authority.plays(Play::Slow(3));
    let gate = story.gate();
    wait_for_both(&gate);
    assert!(story.authority.asked("order") >= 6);
}

#[test]
fn an_authority_that_never_answers_holds_up_nothing_else() {
    let story = Story::new();
    let mut first = story.gate();
    wait_for_certificate(&first, SHOP);
    let wiki = wait_for_certificate(&first, WIKI);
    wait_for("no note", || (readiness(&first) == "ready\n").then_some(()));
    first.end();
    std::fs::remove_file(story.inner().join("shop.example.com.pem")).expect("removed");
    story.authority.plays(Play::Silent);
    let gate = story.gate();
    super::rest();
    assert_eq!(shown(gate.port, WIKI), Some(wiki));
    // After the limit of a request.
    told(&gate, SHOP, "cannot reach the authority");
    story.authority.plays(Play::Honest);
    gate.pass(Duration::from_mins(6));
    wait_for_certificate(&gate, SHOP);
}

#[test]
fn an_account_that_the_authority_forgot_is_made_anew() {
    let story = Story::new();
    let gate = story.gate();
    let old = [SHOP, WIKI].map(|host| wait_for_certificate(&gate, host));
    story.authority.forgets_accounts();
    story.authority.issues_for(2026, 2060);
    gate.pass(super::DAY * 365 * 7);
    for (host, old) in [SHOP, WIKI].iter().zip(&old) {
        wait_for("another", || (shown(gate.port, host).as_ref() != Some(old)).then_some(()));
    }
    assert_eq!(story.authority.asked("new-account"), 2);
}

#[test]
fn an_attempt_that_a_kill_ended_counts_as_one() {
    let story = Story::new();
    let (mut gate, _) = super::start(&story.authority.table(&story.folder()), &[]);
    // Nobody tells the authority where to ask: the order stays pending.
    wait_for("an order", || (story.authority.asked("challenge") == 1).then_some(()));
    let copy = story.folder.path().join("copy");
    let copied = std::process::Command::new("cp").arg("-a").arg(story.folder()).arg(&copy).status();
    assert!(copied.expect("cp").success());
    story.authority.asks_at(1, gate.port);
    gate.end();
    // What a kill at that moment would have left.
    let (gate, http) = super::start(&story.authority.table(&copy), &[]);
    story.authority.asks_at(http, gate.port);
    let line = format!("no certificate yet for {SHOP}: the order was not finished");
    wait_for("the reason", || readiness(&gate).contains(&line).then_some(()));
    let orders = story.authority.asked("new-order");
    super::rest();
    assert_eq!(story.authority.asked("new-order"), orders);
    gate.pass(Duration::from_mins(6));
    wait_for_certificate(&gate, SHOP);
}

#[test]
fn a_new_contact_is_told_to_the_authority() {
    let story = Story::new();
    let mut gate = story.gate();
    wait_for_both(&gate);
    wait_for("no note", || (readiness(&gate) == "ready\n").then_some(()));
    gate.end();
    std::fs::remove_file(story.inner().join("wiki.example.com.pem")).expect("removed");
    let gate = story.changed(&[("mailto:ops@example.com", "new@example.com")]);
    wait_for_certificate(&gate, WIKI);
    assert_eq!(story.authority.contacts(), ["mailto:ops@example.com", "mailto:new@example.com"]);
    assert_eq!(story.authority.asked("new-account"), 1);
}
