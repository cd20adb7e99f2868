//! Texts on their way to a phone, against doubles of the providers.
//! Says nothing about who is texted.
mod breaker;
mod channels;
mod console;
mod contract;
mod double;
mod order;
mod routes;
mod smpp;
mod stories;
mod twilio;
mod vendors;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use doorcode::delivery::sms::twilio::{TwilioCredentials, TwilioSender, TwilioSettings};
use doorcode::delivery::sms::{
    self, Message, ProviderCalls, ProviderSettings, Receipt, SmsProvider,
};
use doorcode::delivery::{Delivery, Outcome, SendError};
use doorcode::domain::{PhoneNumber, Secret};
use doorcode::outbound::HttpTimeouts;
use doorcode::system::System;

use crate::support::twilio::{ACCOUNT_SID, AUTH_TOKEN, FakeTwilio, SERVICE_SID};

const PHONE: &str = "+12025550123";
const CODE: &str = "731904";
const TEXT: &str = "731904 is your Shop code. Don't share it.";

/// Long enough for a busy machine where an answer is expected, short where none is.
const HASTY: HttpTimeouts =
    HttpTimeouts { connect: Duration::from_secs(2), total: Duration::from_secs(6) };

fn settings(base_url: &str) -> TwilioSettings {
    TwilioSettings {
        account_sid: ACCOUNT_SID.to_owned(),
        credentials: TwilioCredentials::AuthToken(Secret::new(AUTH_TOKEN)),
        signing_token: None,
        sender: TwilioSender::MessagingService(SERVICE_SID.to_owned()),
        base_url: base_url.parse().expect("a URL"),
    }
}

/// The provider, with time enough.
fn made(settings: &ProviderSettings) -> Arc<dyn SmsProvider> {
    made_with(settings, HttpTimeouts::default())
}

fn made_with(settings: &ProviderSettings, timeouts: HttpTimeouts) -> Arc<dyn SmsProvider> {
    sms::provider(settings, &ProviderCalls { timeouts, ..ProviderCalls::new(System::real()) })
}

/// A provider that may be in these networks.
fn provider_in(settings: &ProviderSettings, networks: &[&str]) -> Arc<dyn SmsProvider> {
    let allowed = networks.iter().map(|net| net.parse().expect("a network")).collect();
    sms::provider(settings, &ProviderCalls { allowed, ..ProviderCalls::new(System::real()) })
}

/// Twilio at `fake`, with time enough.
fn twilio(fake: &FakeTwilio) -> Arc<dyn SmsProvider> {
    made(&ProviderSettings::Twilio(settings(&fake.base_url())))
}

fn hasty(base_url: &str) -> Arc<dyn SmsProvider> {
    made_with(&ProviderSettings::Twilio(settings(base_url)), HASTY)
}

async fn send(provider: &dyn SmsProvider, text: &str) -> Result<Receipt, SendError> {
    let to = PhoneNumber::from_e164(PHONE).expect("a number");
    let message = Message::new(&to, text, Duration::from_mins(5));
    provider.send(&Message { code: Some(CODE), ..message }).await
}

async fn deliver(delivery: &Delivery) -> Outcome {
    let to = PhoneNumber::from_e164(PHONE).expect("a number");
    delivery.send(&Message::new(&to, TEXT, Duration::from_mins(5))).await
}

fn in_order(providers: Vec<Arc<dyn SmsProvider>>) -> Delivery {
    Delivery::new(providers, System::real())
}

/// A base URL where nobody listens.
fn closed_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("bound"))
}
