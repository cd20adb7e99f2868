use std::time::Duration;

use doorcode::delivery::sms::Message;
use doorcode::delivery::{Delivery, SmsRoute};
use doorcode::domain::{ClientId, Country, PhoneNumber};
use doorcode::system::System;

use super::vendors::CONTRACTS;
use super::{TEXT, made};
use crate::support::provider::{FakeProvider, Outcome};

fn route(countries: &[&str], providers: &[&str]) -> SmsRoute {
    let country = |letters: &&str| Country::parse(letters).expect("a country");
    let all: Vec<Country> = countries.iter().map(country).collect();
    let countries = Some(all).filter(|all| !all.is_empty());
    let providers = providers.iter().map(|name| (*name).to_owned()).collect();
    SmsRoute { countries, clients: None, providers }
}

fn client(id: &str) -> ClientId {
    ClientId::parse(id).expect("a client id")
}

/// The first three providers of the suite: twilio, vonage, plivo.
fn delivery(routes: Vec<SmsRoute>) -> (Delivery, Vec<FakeProvider>) {
    let fakes: Vec<_> = CONTRACTS[..3].iter().map(|c| FakeProvider::of(c.vendor())).collect();
    let pairs = CONTRACTS.iter().zip(&fakes);
    let all = pairs.map(|(c, fake)| made(&c.settings(&fake.base_url(), c.secret()))).collect();
    (Delivery::new(all, System::real()).with_routes(routes), fakes)
}

async fn sent(delivery: &Delivery, to: &str) -> Option<&'static str> {
    sent_for(delivery, to, None).await
}

async fn sent_for(delivery: &Delivery, to: &str, by: Option<&ClientId>) -> Option<&'static str> {
    let to = PhoneNumber::from_e164(to).expect("a number");
    let message = Message { client: by, ..Message::new(&to, TEXT, Duration::from_mins(5)) };
    delivery.send(&message).await.result.ok().map(|receipt| receipt.provider)
}

const US: &str = "+12025550123";
const GB: &str = "+447400123456";
const FR: &str = "+33612345678";

#[tokio::test]
async fn the_first_route_that_is_for_a_number_decides() {
    let routes = vec![route(&["GB", "US"], &["vonage", "twilio"]), route(&["US"], &["plivo"])];
    let (delivery, fakes) = delivery(routes);

    assert_eq!(sent(&delivery, GB).await, Some("vonage"));
    assert_eq!(sent(&delivery, US).await, Some("vonage"));
    assert_eq!(sent(&delivery, FR).await, Some("twilio"));

    fakes[1].script(Outcome::Garbage(503, ""));
    assert_eq!(sent(&delivery, GB).await, Some("twilio"));
    assert_eq!(fakes[2].requests(), 0);
}

#[tokio::test]
async fn a_provider_that_no_route_names_gets_nothing() {
    let routes = vec![route(&["GB"], &["vonage"]), route(&[], &["plivo"])];
    let (delivery, fakes) = delivery(routes);

    assert_eq!(sent(&delivery, FR).await, Some("plivo"));
    fakes[1].script(Outcome::Garbage(503, ""));
    assert_eq!(sent(&delivery, GB).await, None);
    assert_eq!((fakes[0].requests(), fakes[2].requests()), (0, 1));
}

#[tokio::test]
async fn a_route_of_clients_and_countries_wants_both() {
    let (shop, desk) = (client("shop"), client("desk"));
    let of = |clients, countries: &[&str], providers: &[&str]| SmsRoute {
        clients: Some(clients),
        ..route(countries, providers)
    };
    let routes = vec![
        of(vec![Some(shop.clone())], &["GB"], &["vonage"]),
        of(vec![Some(desk.clone()), None], &[], &["plivo"]),
    ];
    let (delivery, _fakes) = delivery(routes);

    assert_eq!(sent_for(&delivery, GB, Some(&shop)).await, Some("vonage"));
    assert_eq!(sent_for(&delivery, US, Some(&shop)).await, Some("twilio"));
    assert_eq!(sent_for(&delivery, GB, Some(&desk)).await, Some("plivo"));
    assert_eq!(sent_for(&delivery, US, None).await, Some("plivo"), "the login pages of a site");
    assert_eq!(sent_for(&delivery, GB, Some(&client("other"))).await, Some("twilio"));
}
