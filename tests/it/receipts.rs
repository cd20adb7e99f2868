//! What providers tell of texts they took: who is believed, what the page says of it, and the second text
//! by another provider.
mod again;
mod believed;
mod closed;
mod contract;
mod signed;
mod smpp;
mod sns;
mod unclear;
mod ways;

use axum::http::request::Parts;
use serde_json::{Value, json};

use crate::support::browser::{Browser, flow_of};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Answer, exchange};
use crate::support::metrics::metric;
use crate::support::provider::{FakeProvider, Reply, Taken, Text, Vendor};
use crate::support::settings::BOB;
use crate::support::tables::texts;
use crate::support::twilio::receipts::receipt;

/// A gateway that takes whatever it is asked, as the second provider.
struct AnyGateway;

impl Vendor for AnyGateway {
    fn check(&self, _: &Parts, body: &[u8]) -> Result<Text, Reply> {
        let body: Value = serde_json::from_slice(body).expect("JSON");
        let text = |name: &str| body[name].as_str().expect(name).to_owned();
        Ok(Text { to: text("to"), sender: String::new(), body: text("text"), validity: None })
    }

    fn accepted(&self, _: &Text) -> Reply {
        Reply::json(202, &json!({}))
    }

    fn slow_down(&self) -> Reply {
        Reply::json(429, &json!({}))
    }
}

pub(crate) fn gateway() -> FakeProvider {
    FakeProvider::of(Box::new(AnyGateway))
}

/// The settings for Twilio first, and this gateway second.
pub(crate) fn both(gateway: &FakeProvider) -> Vec<(&'static str, String)> {
    let table = format!("[sms.http]\nurl = \"{}/send\"\n[sms.twilio]\n", gateway.base_url());
    vec![
        ("providers = [\"twilio\"]", "providers = [\"twilio\", \"http\"]".to_owned()),
        ("[sms.twilio]\n", table),
    ]
}

fn gate_with(changes: &[(&'static str, String)]) -> Gate {
    let changes: Vec<(&str, &str)> = changes.iter().map(|(a, b)| (*a, b.as_str())).collect();
    Gate::changed(&changes)
}

/// A browser at the page for the code that was texted.
fn asked(gate: &Gate) -> (Browser, Answer) {
    let mut bob = gate.browser();
    let page = bob.visit("/orders");
    let page = bob.give_number(&page, BOB);
    (bob, page)
}

/// Twilio tells of its `n`th message, at the URL that it was asked to.
fn tell(gate: &Gate, n: usize, status: &str, code: Option<u32>) -> Answer {
    tell_at(gate.port, &gate.texts.taken(n), status, code)
}

/// Twilio tells of a message at the server that listens there.
pub(crate) fn tell_at(port: u16, taken: &Taken, status: &str, code: Option<u32>) -> Answer {
    let url = taken.callback.as_ref().expect("a callback");
    exchange(port, &receipt(url, &taken.id, status, code))
}

/// Waits until all receipts that came are handled, and what follows from them: they are in their order, and
/// this is one more.
#[track_caller]
fn settle(gate: &Gate) {
    settle_after(gate, &gate.texts.taken(1));
}

/// The same by a receipt at the URL of that message.
#[track_caller]
fn settle_after(gate: &Gate, taken: &Taken) {
    let url = taken.callback.as_ref().expect("a callback");
    let id = format!("SM{:032x}", gate.count(texts::ALL));
    exchange(gate.port, &receipt(url, &id, "sent", None)).is(200);
    let query = "SELECT 1 FROM texts WHERE message = $1";
    wait_for("the last receipt", || {
        let mut database = gate.database();
        let found = sqlx::query(query).bind(&id).fetch_optional(&mut database);
        gate.run(found).expect("a row or none")
    });
}

/// How often the same code was given to another provider. It is counted before that is asked.
fn sent_again(gate: &Gate) -> u64 {
    metric(gate.admin, "doorcode_receipts_total{outcome=\"sent-again\",provider=\"twilio\"}")
}

/// What the script of the code page is told: the text, and when it asks again.
fn news(browser: &mut Browser, page: &Answer) -> (String, u64) {
    let target = format!("/.doorcode/code/news?flow={}", flow_of(page));
    let answer = browser.get(&target).is(200);
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let html = body["html"].as_str().expect("a text").trim().to_owned();
    (html, body["after"].as_u64().expect("seconds"))
}

/// The news, as soon as they say this.
#[track_caller]
pub(crate) fn wait_for_news(browser: &mut Browser, page: &Answer, text: &str) -> u64 {
    wait_for(text, || {
        let (said, after) = news(browser, page);
        said.contains(text).then_some(after)
    })
}
