//! Codes that take another way than a text.
use std::sync::Arc;
use std::time::Duration;

use doorcode::delivery::sms::{Message, SmsProvider};
use doorcode::delivery::{Delivery, Failure, SmsRoute};
use doorcode::domain::{PhoneNumber, TextChannel};
use doorcode::system::System;

use super::vendors::{CONTRACTS, Contract};
use super::{CODE, PHONE, TEXT, made};
use crate::support::provider::{FakeProvider, Outcome};

fn contract(name: &str) -> &'static dyn Contract {
    *CONTRACTS.iter().find(|contract| contract.name() == name).expect("a provider")
}

/// The providers of these names, in their order.
fn providers(names: &[&str]) -> (Vec<Arc<dyn SmsProvider>>, Vec<FakeProvider>) {
    let pairs = names.iter().map(|name| {
        let contract = contract(name);
        let fake = FakeProvider::of(contract.vendor());
        (made(&contract.settings(&fake.base_url(), contract.secret())), fake)
    });
    pairs.unzip()
}

async fn send(
    delivery: &Delivery,
    channel: TextChannel,
    language: Option<&str>,
) -> Result<&'static str, Failure> {
    let to = PhoneNumber::from_e164(PHONE).expect("a number");
    let message = Message::new(&to, TEXT, Duration::from_mins(5));
    let message = Message { channel, language, code: Some(CODE), ..message };
    let result = delivery.send(&message).await.result;
    result.map(|receipt| receipt.provider).map_err(|error| error.failure)
}

#[tokio::test]
async fn a_call_says_the_code_in_the_language_of_the_page() {
    let (all, fakes) = providers(&["twilio_voice"]);
    let delivery = Delivery::new(all, System::real());
    let mut rows = vec![
        (Some("de"), "de-DE: 731904"),
        (Some("zh-Hant"), "zh-TW: 731904"),
        (Some("ar"), "arb: 731904"),
        (Some("vi"), "vi-VN: 731904"),
        (Some("fa"), "en-US: 731904"),
        (None, "en-US: 731904"),
    ];
    // The double knows what Twilio documents of the others.
    let others = ["es", "pt-BR", "fr", "it", "nl", "pl", "ru", "ja", "ko", "sv", "zh-Hans"];
    rows.extend(others.map(|tag| (Some(tag), "")));
    rows.extend(["cs", "he", "hi", "id", "th", "tr", "uk"].map(|tag| (Some(tag), "")));
    for (language, said) in rows {
        assert_eq!(send(&delivery, TextChannel::Voice, language).await, Ok("twilio_voice"));
        let call = fakes[0].messages().pop().expect("a call");
        assert_eq!(call.to, PHONE);
        let (spoken, _) = call.body.split_once(": ").expect("a language");
        assert!(spoken != "en-US" || matches!(language, None | Some("fa")), "{language:?}");
        assert!(said.is_empty() || call.body == said, "{language:?}: {}", call.body);
    }
}

#[tokio::test]
async fn whatsapp_gets_the_code_as_the_variable_of_the_template() {
    let (all, fakes) = providers(&["twilio_whatsapp"]);
    let delivery = Delivery::new(all, System::real());
    assert_eq!(send(&delivery, TextChannel::WhatsApp, None).await, Ok("twilio_whatsapp"));
    let message = fakes[0].messages().pop().expect("a message");
    assert_eq!((message.to.as_str(), message.body.as_str()), (PHONE, CODE));
}

#[tokio::test]
async fn bird_gets_the_code_in_all_variables_of_the_template_and_in_a_locale_that_it_has() {
    let (all, fakes) = providers(&["messagebird_whatsapp"]);
    let delivery = Delivery::new(all, System::real());
    for (language, said) in [(Some("de"), "de: 731904"), (Some("fa"), "en: 731904")] {
        let sent = send(&delivery, TextChannel::WhatsApp, language).await;
        assert_eq!(sent, Ok("messagebird_whatsapp"));
        let message = fakes[0].messages().pop().expect("a message");
        assert_eq!((message.to.as_str(), message.body.as_str()), (PHONE, said));
        assert_eq!(message.validity, Some(300));
    }
}

/// Nobody gets two: a number that WhatsApp does not have is not tried again by somebody else.
#[tokio::test]
async fn whatsapp_fails_over_to_the_next_provider_of_whatsapp() {
    let names = ["twilio_whatsapp", "twilio", "messagebird_whatsapp"];
    let (all, fakes) = providers(&names);
    let delivery = Delivery::new(all, System::real());
    let requests = || fakes.iter().map(FakeProvider::requests).collect::<Vec<_>>();
    fakes[0].script(Outcome::Refuse(63024));
    assert_eq!(send(&delivery, TextChannel::WhatsApp, None).await, Err(Failure::BadNumber));
    assert_eq!(requests(), [1, 0, 0]);
    fakes[0].script(Outcome::Refuse(63041));
    assert_eq!(send(&delivery, TextChannel::WhatsApp, None).await, Ok("messagebird_whatsapp"));
    assert_eq!(requests(), [2, 0, 1]);
}

#[tokio::test]
async fn nothing_fails_over_to_another_channel() {
    let (all, fakes) = providers(&["twilio_voice", "twilio", "twilio_whatsapp", "vonage"]);
    let delivery = Delivery::new(all, System::real());
    for fake in &fakes {
        fake.script(Outcome::Garbage(503, ""));
    }
    assert_eq!(send(&delivery, TextChannel::Voice, None).await, Err(Failure::Broken));
    assert_eq!(fakes.iter().map(FakeProvider::requests).collect::<Vec<_>>(), [1, 0, 0, 0]);
    assert_eq!(send(&delivery, TextChannel::Sms, None).await, Err(Failure::Broken));
    assert_eq!(fakes.iter().map(FakeProvider::requests).collect::<Vec<_>>(), [1, 1, 0, 1]);
}

#[tokio::test]
async fn a_route_of_texts_says_nothing_of_calls() {
    let (all, fakes) = providers(&["twilio", "vonage", "twilio_voice"]);
    let route = SmsRoute { countries: None, clients: None, providers: vec!["vonage".to_owned()] };
    let delivery = Delivery::new(all, System::real()).with_routes(vec![route]);
    assert_eq!(send(&delivery, TextChannel::Voice, None).await, Ok("twilio_voice"));
    assert_eq!(send(&delivery, TextChannel::Sms, None).await, Ok("vonage"));
    assert_eq!(fakes[0].requests(), 0);
    assert_eq!(send(&delivery, TextChannel::WhatsApp, None).await, Err(Failure::Misconfigured));
}

#[tokio::test]
async fn a_route_of_calls_says_nothing_of_texts() {
    let (all, fakes) = providers(&["twilio", "vonage", "twilio_voice"]);
    let route =
        |name: &str| SmsRoute { countries: None, clients: None, providers: vec![name.to_owned()] };
    let routes = vec![route("twilio_voice"), route("vonage")];
    let delivery = Delivery::new(all, System::real()).with_routes(routes);
    assert_eq!(send(&delivery, TextChannel::Voice, None).await, Ok("twilio_voice"));
    assert_eq!(send(&delivery, TextChannel::Sms, None).await, Ok("vonage"), "the next route");
    assert_eq!(fakes[0].requests(), 0);
}
