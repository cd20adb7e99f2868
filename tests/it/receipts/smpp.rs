//! Receipts over an SMPP session: they come when the SMSC has them, and lead to what those over HTTP lead to.
use sqlx::Row as _;

use super::{asked, gate_with, wait_for_news};
use crate::support::browser::code_in;
use crate::support::gate::{Gate, wait_for};
use crate::support::settings::BOB;
use crate::support::smsc::{FakeSmsc, Play};

const BIND_TRANSCEIVER: u32 = 0x09;
const ARRIVED: &str = "The text has arrived at your phone.";
const AGAIN: &str = "The first text did not arrive.";

/// A gate that texts by this SMSC, and then by Twilio.
fn gate(smsc: &FakeSmsc) -> Gate {
    gate_with(&changes(smsc, "providers = [\"smpp\", \"twilio\"]"))
}

fn changes(smsc: &FakeSmsc, providers: &str) -> Vec<(&'static str, String)> {
    let table = format!(
        "[sms.smpp]\nurl = \"smpp://{}\"\nsystem_id = \"shop\"\npassword = \"env:SMPP_PASSWORD\"\nfrom = \"12345\"\n[sms.twilio]\n",
        smsc.address()
    );
    vec![("providers = [\"twilio\"]", providers.to_owned()), ("[sms.twilio]\n", table)]
}

/// Status, failure and code of a message, as soon as it has this status.
#[track_caller]
fn stored(gate: &Gate, id: &str, status: i64) -> Option<String> {
    let query =
        "SELECT failure FROM texts WHERE provider = 'smpp' AND message = $1 AND status = $2";
    let row = wait_for("a status", || {
        let mut database = gate.database();
        let found = sqlx::query(query).bind(id).bind(status).fetch_optional(&mut database);
        gate.run(found).expect("a row or none")
    });
    row.get(0)
}

#[test]
fn a_login_by_a_text_over_smpp_and_what_became_of_it() {
    let smsc = FakeSmsc::start();
    let gate = gate(&smsc);
    let (mut bob, page) = asked(&gate);
    let text = smsc.text(1);
    assert_eq!((text.to.as_str(), text.wants_receipt), (BOB, true));
    assert_eq!(smsc.binds(), [BIND_TRANSCEIVER]);

    assert_eq!(smsc.receipt(&text.id, "ENROUTE", "000"), 0);
    assert_eq!(smsc.receipt(&text.id, "DELIVRD", "000"), 0);
    wait_for_news(&mut bob, &page, ARRIVED);
    let done = bob.give_code(&page, &code_in(&text.body));
    bob.finish(done).is(200);
    assert_eq!((smsc.submits(), gate.texts.messages().len()), (1, 0));
}

#[test]
fn what_is_not_delivered_the_next_provider_sends_once() {
    let smsc = FakeSmsc::start();
    let gate = gate(&smsc);
    let (mut bob, page) = asked(&gate);
    let text = smsc.text(1);
    for _ in 0..2 {
        assert_eq!(smsc.receipt(&text.id, "UNDELIV", "069"), 0);
    }
    let second = gate.texts.text(1);
    assert_eq!((second.to.as_str(), code_in(&second.body)), (BOB, code_in(&text.body)));
    wait_for_news(&mut bob, &page, AGAIN);
    assert_eq!(stored(&gate, &text.id, 2).as_deref(), Some("unexpected"));
    // Late, and true: it arrived after all.
    smsc.receipt(&text.id, "DELIVRD", "000");
    stored(&gate, &text.id, 3);
    assert_eq!((smsc.submits(), gate.texts.messages().len()), (1, 1));
}

/// By words, by parameters, and by a text in `message_payload`.
#[test]
fn receipts_are_read_however_they_are_written() {
    let smsc = FakeSmsc::start();
    let gate = gate(&smsc);
    asked(&gate);
    smsc.text(1);
    let words = |id: &str, state: &str| format!("id:{id} sub:001 stat:{state} err:000 text:x");
    for (n, (state, status, failure)) in [
        ("ACCEPTD", 1, None),
        ("EXPIRED", 2, Some("not_reached")),
        ("DELETED", 2, Some("unexpected")),
        ("REJECTD", 2, Some("blocked")),
        ("DELIVRD", 3, None),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("by-words-{n}");
        smsc.deliver(0x04, &words(&id, state), &[]);
        assert_eq!(stored(&gate, &id, status).as_deref(), failure, "{state}");
    }
    smsc.deliver(0x04, "", &[(0x001e, b"by-tlv\0"), (0x0427, &[2])]);
    stored(&gate, "by-tlv", 3);
    // They say it, whatever the words are.
    smsc.deliver(0x04, &words("other", "UNDELIV"), &[(0x001e, b"both\0"), (0x0427, &[2])]);
    stored(&gate, "both", 3);
    smsc.deliver(0x04, "", &[(0x0424, words("by-payload", "DELIVRD").as_bytes())]);
    stored(&gate, "by-payload", 3);
}

#[test]
fn what_is_no_receipt_is_acknowledged_and_forgotten() {
    let smsc = FakeSmsc::start();
    let gate = gate(&smsc);
    asked(&gate);
    let id = smsc.text(1).id;
    let forged = format!("id:{id} stat:DELIVRD err:000");
    // A person's answer that looks like one, and receipts that say nothing of a text of ours.
    for (class, text) in [
        (0x00, forged.as_str()),
        (0x20, forged.as_str()),
        (0x04, "id:<script> stat:DELIVRD"),
        (0x04, "id:1 stat:SOMETHING"),
        (0x04, "stat:DELIVRD"),
        (0x04, "text:id:1 stat:DELIVRD"),
        (0x00, "STOP"),
        (0x04, ""),
    ] {
        assert_eq!(smsc.deliver(class, text, &[]), 0, "{text}");
    }
    smsc.enquire();
    smsc.receipt("the-last-one", "DELIVRD", "000");
    stored(&gate, "the-last-one", 3);
    let mut database = gate.database();
    let told = sqlx::query("SELECT count(*) FROM texts WHERE status > 0").fetch_one(&mut database);
    assert_eq!(gate.run(told).expect("a count").get::<i64, _>(0), 1);
}

#[test]
fn a_session_that_ends_is_bound_again_without_a_text() {
    let smsc = FakeSmsc::start();
    smsc.script_bind(Play::Refuse(0x05));
    let gate = gate(&smsc);
    wait_for("a session", || (smsc.binds().len() == 1).then_some(()));
    smsc.unbind();
    wait_for("another session", || (smsc.binds().len() == 2).then_some(()));
    smsc.end_session();
    wait_for("a third session", || (smsc.binds().len() == 3).then_some(()));
    smsc.receipt("early", "DELIVRD", "000");
    stored(&gate, "early", 3);
    assert_eq!((smsc.unbinds(), smsc.submits()), (0, 0));
}

#[test]
fn without_receipts_the_session_is_for_sending_only() {
    const BIND_TRANSMITTER: u32 = 0x02;
    let smsc = FakeSmsc::start();
    let gate = gate_with(&changes(&smsc, "receipts = false\nproviders = [\"smpp\", \"twilio\"]"));
    let (mut bob, page) = asked(&gate);
    let text = smsc.text(1);
    assert_eq!((text.wants_receipt, smsc.binds()), (false, vec![BIND_TRANSMITTER]));
    let done = bob.give_code(&page, &code_in(&text.body));
    bob.finish(done).is(200);
}

#[test]
fn an_smsc_that_is_away_costs_no_login_and_an_unclear_text_is_not_sent_twice() {
    let smsc = FakeSmsc::start();
    let gate = gate(&smsc);
    smsc.script(Play::Refuse(0x58));
    let (mut bob, page) = asked(&gate);
    let done = bob.give_code(&page, &code_in(&gate.texts.text(1).body));
    bob.finish(done).is(200);
    assert_eq!((smsc.submits(), smsc.texts().len()), (1, 0));

    gate.pass(std::time::Duration::from_hours(1));
    smsc.script(Play::Drop);
    let (mut bob, page) = asked(&gate);
    let text = smsc.text(1);
    // It arrived all the same, and its code works.
    let done = bob.give_code(&page, &code_in(&text.body));
    bob.finish(done).is(200);
    assert_eq!((smsc.submits(), gate.texts.messages().len()), (2, 1));
}
