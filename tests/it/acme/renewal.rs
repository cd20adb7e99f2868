use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::first_start::visitor;
use super::{
    DAY, ORIGIN, SHOP, Story, WIKI, readiness, shown, wait_for_both, wait_for_certificate,
};
use crate::support::authority::Play;
use crate::support::gate::{Gate, wait_for};
use crate::support::metrics::{metric, wait_until};
use crate::support::tls::{Hello, Pair, Shelf};

/// Requests over kept connections and new ones while `change` is made, and until it has shown. Returns how
/// many there were; none may fail.
fn under_load(
    gate: &Gate,
    client: impl Fn() -> reqwest::Client + Sync,
    change: impl FnOnce(),
) -> usize {
    let (is_over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let url = format!("{ORIGIN}/public/x");
    let ask = |is_new: bool| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let mut kept = client();
        while !is_over.load(Ordering::SeqCst) {
            if is_new {
                kept = client();
            }
            let status =
                runtime.block_on(async { kept.get(&url).send().await }).expect("no failure");
            assert_eq!(status.status(), 200);
            asked.fetch_add(1, Ordering::SeqCst);
        }
    };
    std::thread::scope(|scope| {
        let ask = &ask;
        let running: Vec<_> =
            [true, true, false, false].map(|is_new| scope.spawn(move || ask(is_new))).into();
        wait_for("requests", || (asked.load(Ordering::SeqCst) > 20).then_some(()));
        change();
        let seen = asked.load(Ordering::SeqCst);
        wait_for("requests afterwards", || {
            (asked.load(Ordering::SeqCst) > seen + 20).then_some(())
        });
        is_over.store(true, Ordering::SeqCst);
        for thread in running {
            thread.join().expect("no failed request");
        }
    });
    assert!(gate.port > 0);
    asked.load(Ordering::SeqCst)
}

#[test]
fn a_renewal_under_load_fails_no_request() {
    let story = Story::new();
    let gate = story.gate();
    let old = [SHOP, WIKI].map(|host| wait_for_certificate(&gate, host));
    // Two thirds of ten years are in 2032, at the earliest half a year before.
    story.authority.issues_for(2026, 2060);
    gate.pass(DAY * 365 * 6);
    super::rest();
    assert_eq!(story.authority.asked("new-order"), 2);
    let root = story.authority.root();
    let asked = under_load(
        &gate,
        || visitor(&gate, root.clone()),
        || {
            gate.pass(DAY * 365);
            for (host, old) in [SHOP, WIKI].iter().zip(&old) {
                wait_for("another certificate", || {
                    (shown(gate.port, host).as_ref() != Some(old)).then_some(())
                });
            }
        },
    );
    assert!(asked > 40, "{asked}");
    assert_eq!(story.authority.asked("new-order"), 4);
    assert_eq!(story.authority.asked("new-account"), 1);
    // 2060-01-01.
    let end = "doorcode_tls_certificate_end_timestamp_seconds";
    wait_until(gate.admin, end, 2_840_140_800);
}

#[test]
fn files_that_change_under_load_fail_no_request() {
    let (old, new) = (Pair::of(&[SHOP]), Pair::of(&[SHOP]));
    let shelf = Shelf::with(&[&old]);
    let gate = Gate::at(Some(ORIGIN), &[("[server]\n", &format!("[server]\n{}", shelf.line()))]);
    let client = || {
        let here = (std::net::Ipv4Addr::LOCALHOST, gate.port).into();
        let roots =
            [&old, &new].map(|pair| reqwest::Certificate::from_der(&pair.der).expect("read"));
        let builder = reqwest::Client::builder().tls_certs_only(roots).resolve(SHOP, here);
        builder.no_proxy().build().expect("a client")
    };
    let is_shown =
        |pair: &Pair| Hello::USUAL.say(gate.port).expect("shown").certificate() == pair.der;
    let asked = under_load(&gate, client, || {
        // Half of a pair first, which is looked at and left alone.
        std::fs::write(&shelf.files[0].certificate, &new.certificate).expect("written");
        gate.pass(Duration::from_mins(2));
        super::rest();
        assert!(is_shown(&old));
        new.write(&shelf.files[0]);
        gate.pass(Duration::from_mins(2));
        wait_for("the new certificate", || is_shown(&new).then_some(()));
    });
    assert!(asked > 40, "{asked}");
}

#[test]
fn while_renewals_fail_the_old_certificate_stays_and_pauses_grow() {
    let story = Story::new();
    let gate = story.gate();
    let old = [SHOP, WIKI].map(|host| wait_for_certificate(&gate, host));
    story.authority.plays(Play::Unavailable);
    gate.pass(DAY * 365 * 7);
    let failing = || metric(gate.admin, "doorcode_acme_hosts_failing");
    // The authority is away for all hosts alike: one of them is enough to find out.
    wait_for("a failure", || (failing() == 1).then_some(()));
    let inner = story.inner().join("authority.json");
    let until = || {
        let text = std::fs::read_to_string(&inner).expect("failures");
        let told: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let is_over = told["why"] != "the order was not finished";
        (is_over, told["count"].as_u64().expect("a count"), told["until"].as_i64().expect("a time"))
    };
    let mut last = until();
    assert_eq!((last.0, last.1), (true, 1));
    for minutes in [6, 12] {
        gate.pass(Duration::from_mins(minutes));
        let next = wait_for("another failure", || {
            let now = until();
            (now.0 && now.1 > last.1).then_some(now)
        });
        assert!(next.2 > last.2);
        last = next;
    }
    assert_eq!([SHOP, WIKI].map(|host| shown(gate.port, host).expect("shown")), old);
    story.authority.plays(Play::Honest);
    story.authority.issues_for(2026, 2060);
    gate.pass(Duration::from_mins(30));
    wait_for("another certificate", || {
        (shown(gate.port, SHOP).as_ref() != Some(&old[0])).then_some(())
    });
    wait_for("no failure", || (failing() == 0 && !inner.exists()).then_some(()));
}

#[test]
fn servers_that_share_a_folder_use_each_others_certificates() {
    let story = Story::new();
    let first = story.gate();
    wait_for_both(&first);
    wait_for("no note", || (readiness(&first) == "ready\n").then_some(()));
    // The second is the one that the authority asks from now on.
    let second = story.gate();
    wait_for_both(&second);
    let orders = story.authority.issued();
    story.authority.issues_for(2026, 2060);
    second.pass(DAY * 365 * 7);
    wait_for("renewals", || (story.authority.issued() == orders + 2).then_some(()));
    let renewed = wait_for_certificate(&second, SHOP);
    wait_until(second.admin, "doorcode_acme_hosts_failing", 0);
    first.pass(DAY * 365 * 7);
    wait_for("the other's", || (shown(first.port, SHOP).as_ref() == Some(&renewed)).then_some(()));
    assert_eq!(story.authority.issued(), orders + 2);
}
