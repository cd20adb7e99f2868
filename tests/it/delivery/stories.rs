//! Whole logins by two providers: Twilio, and Vonage after it.
use serde_json::json;

use super::vendors::vonage::{KEY, Vonage};
use crate::support::browser::code_in;
use crate::support::gate::Gate;
use crate::support::http::Answer;
use crate::support::provider::FakeProvider;
use crate::support::settings::{ADA, BOB};

/// A gate that has Vonage too, in this order of providers, with `more` in the file.
fn gate(order: &str, more: &str) -> (Gate, FakeProvider) {
    let vonage = FakeProvider::of(Box::new(Vonage));
    let url = vonage.base_url();
    let table = format!(
        "[sms.vonage]\napi_key = \"{KEY}\"\napi_secret = \"env:TOKEN\"\nfrom = \"+12025550199\"\n\
         base_url = \"{url}\"\n{more}[sms.twilio]"
    );
    let order = format!("providers = {order}");
    let gate = Gate::changed(&[("providers = [\"twilio\"]", &order), ("[sms.twilio]", &table)]);
    (gate, vonage)
}

/// `POST /passwordless/start` of a client.
fn api_start(gate: &Gate, client: &str, phone: &str) -> Answer {
    let body = json!({"client_id": client, "connection": "sms", "phone_number": phone}).to_string();
    gate.exchange(&format!(
        "POST /.doorcode/passwordless/start HTTP/1.1\r\nHost: localhost:{}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        gate.port,
        body.len()
    ))
}

const ROUTES: &str = "[[client]]
id = \"shop\"
name = \"Shop\"
[[client]]
id = \"desk\"
name = \"Desk\"
[[sms.route]]
clients = [\"desk\"]
countries = [\"GB\"]
providers = [\"vonage\"]
[[sms.route]]
clients = [\"@sites\"]
providers = [\"vonage\"]
";

#[test]
fn texts_go_by_the_client_that_asks() {
    let (gate, vonage) = gate("[\"twilio\", \"vonage\"]", ROUTES);
    for (client, phone, by_vonage) in
        [("shop", BOB, 0), ("desk", "+447400123457", 1), ("desk", ADA, 1)]
    {
        api_start(&gate, client, phone).is(200);
        assert_eq!(vonage.messages().len(), by_vonage, "{client} {phone}");
    }
    assert_eq!(gate.texts.messages().len(), 2);

    let mut browser = gate.browser();
    let number = browser.visit("/").is(200);
    let page = browser.give_number(&number, "+12025550124").is(200);
    let code = code_in(&vonage.text(2).body);
    let answer = browser.give_code(&page, &code).is(303);
    browser.finish(answer).is(200);
}
