//! What holds for the receipts of every provider, over a socket and against their signatures as the vendors
//! document them.
use doorcode::system::Clock as _;
use sqlx::Row as _;

use super::signed::{Row, Status, Told, VENDORS, tables};
use crate::support::gate::{Gate, wait_for};
use crate::support::http::{Answer, exchange};
use crate::support::twilio::AUTH_TOKEN;

const ALL: &str = r#"providers = ["twilio", "twilio_voice", "twilio_whatsapp", "vonage", "plivo", "messagebird", "messagebird_whatsapp", "telnyx", "sinch", "http", "aws"]
channels = ["sms", "whatsapp", "voice"]"#;

fn gate() -> Gate {
    let tables = format!("{}[sms.twilio]\n", tables());
    Gate::changed(&[("providers = [\"twilio\"]", ALL), ("[sms.twilio]\n", &tables)])
}

/// One vendor at a gate, and the message that it tells of.
struct Case<'a> {
    gate: &'a Gate,
    row: &'a Row,
    url: String,
    id: String,
}

impl<'a> Case<'a> {
    fn of(gate: &'a Gate, row: &'a Row, n: usize) -> Self {
        let url = format!("{}/.doorcode/sms/receipt/{}", gate.origin, row.name);
        Self { gate, row, url, id: format!("message-{n}") }
    }

    fn told(&self, status: Status) -> Told<'_> {
        let at = self.gate.clock.now().as_millis() / 1000;
        Told { url: &self.url, id: &self.id, status, at, secret: AUTH_TOKEN }
    }

    fn send(&self, told: &Told<'_>) -> Answer {
        exchange(self.gate.port, &(self.row.told)(told))
    }

    /// What is stored of the message.
    fn stored(&self) -> Option<Stored> {
        let query = "SELECT status, failure, told_price, told_currency FROM texts
             WHERE provider = $1 AND message = $2";
        let query = sqlx::query(query).bind(self.row.name).bind(&self.id);
        let mut database = self.gate.database();
        let row = self.gate.run(query.fetch_optional(&mut database)).expect("a row");
        row.map(|row| Stored {
            status: row.get(0),
            failure: row.get(1),
            price: Option::zip(row.get(2), row.get(3)),
        })
    }

    #[track_caller]
    fn wait_for(&self, status: i64) -> Stored {
        wait_for(self.row.name, || self.stored().filter(|stored| stored.status == status))
    }
}

/// A row of `texts`, as far as a receipt writes it.
struct Stored {
    status: i64,
    failure: Option<String>,
    price: Option<(i64, String)>,
}

/// Receipts are written in their order: when this one is, those before it are.
#[track_caller]
fn settle(gate: &Gate) {
    let last = Case::of(gate, &VENDORS[0], VENDORS.len());
    last.send(&last.told(Status::Delivered)).is(200);
    last.wait_for(3);
}

#[test]
fn each_vendors_receipts_are_believed_and_move_forward_only() {
    let gate = gate();
    for (n, row) in VENDORS.iter().enumerate() {
        let case = Case::of(&gate, row, n);
        let name = row.name;
        // What is known anyway is nothing to write.
        assert_eq!(case.send(&case.told(Status::Queued)).is(200).body, b"", "{name}");
        case.send(&case.told(Status::Sent)).is(200);
        if row.tells_sent {
            case.wait_for(1);
        }
        case.send(&case.told(Status::Undelivered)).is(200);
        let stored = case.wait_for(2);
        assert_eq!(stored.failure.as_deref(), Some(row.failure), "{name}");
        let price = row.price.map(|(parts, currency)| (parts, currency.to_owned()));
        assert_eq!(stored.price, price, "{name}");
        case.send(&case.told(Status::Delivered)).is(200);
        case.wait_for(3);
        // Out of order, and once more.
        for status in [Status::Delivered, Status::Sent, Status::Undelivered, Status::Queued] {
            case.send(&case.told(status)).is(200);
        }
    }
    settle(&gate);
    for (n, row) in VENDORS.iter().enumerate() {
        assert_eq!(Case::of(&gate, row, n).wait_for(3).failure, None, "{}", row.name);
    }
}

#[test]
fn what_a_vendor_did_not_sign_for_this_place_and_time_is_refused() {
    let gate = gate();
    for (n, row) in VENDORS.iter().enumerate() {
        let case = Case::of(&gate, row, n);
        let good = case.told(Status::Delivered);
        let refused = |bytes: &[u8], what: &str| {
            let answer = exchange(gate.port, bytes);
            assert_eq!((answer.status, &*answer.body), (403, &b""[..]), "{}: {what}", row.name);
        };
        refused(&(row.told)(&Told { secret: "of somebody else, long enough", ..good }), "forged");
        let text = String::from_utf8((row.told)(&good)).expect("text");
        refused(
            text.replace(&case.id, &case.id.replace("message", "another")).as_bytes(),
            "altered",
        );
        if let Some(seconds) = row.ages {
            for at in [good.at - seconds, good.at + seconds] {
                refused(&(row.told)(&Told { at, ..good }), "replayed");
            }
        }
        // To the place of each other provider, and signed for another host where the URL is signed.
        for other in VENDORS.iter().filter(|other| other.name != row.name) {
            let place = |name: &str| format!("/sms/receipt/{name}");
            refused(text.replace(&place(row.name), &place(other.name)).as_bytes(), other.name);
        }
        if matches!(row.name, "plivo" | "messagebird" | "messagebird_whatsapp")
            || row.name.starts_with("twilio")
        {
            let url = case.url.replace("localhost", "elsewhere.example.com");
            let text = String::from_utf8((row.told)(&Told { url: &url, ..good })).expect("text");
            refused(text.replace("elsewhere.example.com", "localhost").as_bytes(), "wrong URL");
        }
        for body in ["", "{", "\0\u{1}", "a=b&&&=", "[]", "null"] {
            let head = format!(
                "POST /.doorcode/sms/receipt/{} HTTP/1.1\r\nHost: localhost:{}\r\n",
                row.name, gate.port
            );
            refused(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes(), body);
        }
        let head = format!(
            "POST /.doorcode/sms/receipt/{} HTTP/1.1\r\nHost: localhost:{}\r\n",
            row.name, gate.port
        );
        let large = "x".repeat(20_000);
        exchange(
            gate.port,
            format!("{head}Content-Length: {}\r\n\r\n{large}", large.len()).as_bytes(),
        )
        .is(413);
    }
    settle(&gate);
    for (n, row) in VENDORS.iter().enumerate() {
        assert!(Case::of(&gate, row, n).stored().is_none(), "{}", row.name);
    }
}

#[test]
fn where_receipts_are_not_wanted_nobody_is_asked_for_them_or_believed() {
    let gate = Gate::changed(&[("[sms.twilio]\n", "receipts = false\n[sms.twilio]\n")]);
    let (_, page) = super::asked(&gate);
    assert_eq!(gate.texts.taken(1).callback, None);
    page.never_says("data-news");
    let case = Case::of(&gate, &VENDORS[0], 1);
    case.send(&case.told(Status::Delivered)).is(403);
}

/// A provider elsewhere cannot reach a place on this machine.
#[test]
fn a_place_on_this_machine_is_told_to_no_provider_elsewhere() {
    use std::sync::Arc;

    use doorcode::delivery::sms::{self, ProviderCalls, ProviderSettings};
    use doorcode::system::System;

    let gate = Gate::start();
    let gives = |base_url: &str, place: &str| {
        let ProviderSettings::Twilio(mut twilio) = gate.config.providers[0].clone() else {
            panic!("no Twilio")
        };
        twilio.base_url = base_url.parse().expect("a URL");
        let receipts = Some(place.parse().expect("a URL"));
        let calls = ProviderCalls { receipts, ..ProviderCalls::new(System::real()) };
        let provider: Arc<_> = sms::provider(&ProviderSettings::Twilio(twilio), &calls);
        provider.gives_receipts()
    };
    let [here, there] =
        ["http://localhost:8080/sms/receipt", "https://auth.example.com/sms/receipt"];
    assert!(!gives("https://api.twilio.com", here));
    assert!(gives("http://127.0.0.1:9", here));
    assert!(gives("https://api.twilio.com", there));
}
