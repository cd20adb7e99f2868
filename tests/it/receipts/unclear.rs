//! A text that may have been sent: the connection broke after its request.
use doorcode::system::Clock as _;
use sqlx::Row as _;

use super::signed::{Status, Told, VENDORS};
use super::{asked, gate_with, gateway, wait_for_news};
use crate::support::browser::code_in;
use crate::support::gate::{Gate, wait_for};
use crate::support::http::exchange;
use crate::support::provider::Outcome;
use crate::support::twilio::AUTH_TOKEN;

/// Provider, id and when it was used.
fn row(gate: &Gate) -> (String, String, Option<i64>) {
    wait_for("the row of the text", || {
        let mut database = gate.database();
        let query = sqlx::query("SELECT provider, message, used FROM texts");
        let row = gate.run(query.fetch_optional(&mut database)).expect("a row or none")?;
        Some((row.get(0), row.get(1), row.get(2)))
    })
}

#[test]
fn it_counts_as_a_text_and_its_receipt_is_told() {
    let gateway = gateway();
    let table = format!(
        "[sms.http]\nurl = \"{}/send\"\nsigning_secret = \"env:TOKEN\"\nreceipts = true\n[sms.twilio]\n",
        gateway.base_url()
    );
    let gate = gate_with(&[
        ("providers = [\"twilio\"]", "providers = [\"http\", \"twilio\"]".to_owned()),
        ("[sms.twilio]\n", table),
    ]);
    gateway.script(Outcome::AcceptAndHangUp);
    let (mut bob, page) = asked(&gate);
    let code = code_in(&gateway.text(1).body);
    let (provider, id, used) = row(&gate);
    assert_eq!((&*provider, used), ("http", None));

    let url = format!("{}/.doorcode/sms/receipt/http", gate.origin);
    let at = gate.clock.now().as_millis() / 1000;
    let told = Told { url: &url, id: &id, status: Status::Delivered, at, secret: AUTH_TOKEN };
    let vendor = VENDORS.iter().find(|row| row.name == "http").expect("a row");
    exchange(gate.port, &(vendor.told)(&told)).is(200);
    assert_eq!(wait_for_news(&mut bob, &page, "The text has arrived at your phone."), 0);

    let done = bob.give_code(&page, &code);
    bob.finish(done).is(200);
    wait_for("its use", || row(&gate).2);
    assert_eq!(gate.texts.requests(), 0);
}
