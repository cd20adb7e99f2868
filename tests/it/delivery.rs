//! Texts on their way to a phone, against a double of Twilio.
//! Says nothing about who is texted.
mod console;
mod double;
mod order;
mod twilio;

use std::sync::Arc;
use std::time::Duration;

use doorcode::delivery::sms::twilio::{Twilio, TwilioSender, TwilioSettings, TwilioTimeouts};
use doorcode::delivery::sms::{Message, Receipt, SmsProvider};
use doorcode::delivery::{Delivery, Outcome, SendError};
use doorcode::domain::{PhoneNumber, Secret};
use doorcode::system::System;

use crate::support::twilio::{ACCOUNT_SID, AUTH_TOKEN, FakeTwilio, SERVICE_SID};

const PHONE: &str = "+12025550123";
const CODE: &str = "731904";
const TEXT: &str = "731904 is your Shop code. Don't share it.";

/// Long enough for a busy machine where an answer is expected, short where none is.
const LIMITS: TwilioTimeouts =
    TwilioTimeouts { connect: Duration::from_secs(2), total: Duration::from_secs(6) };

fn settings(base_url: &str) -> TwilioSettings {
    TwilioSettings {
        account_sid: ACCOUNT_SID.to_owned(),
        auth_token: Secret::new(AUTH_TOKEN),
        sender: TwilioSender::MessagingService(SERVICE_SID.to_owned()),
        base_url: base_url.parse().expect("a URL"),
    }
}

/// Twilio at `fake`, with time enough.
fn twilio(fake: &FakeTwilio) -> Twilio {
    Twilio::new(settings(&fake.base_url()))
}

fn hasty(base_url: &str) -> Twilio {
    Twilio::with_limits(settings(base_url), LIMITS)
}

async fn send(provider: &dyn SmsProvider, text: &str) -> Result<Receipt, SendError> {
    let to = PhoneNumber::from_e164(PHONE).expect("a number");
    provider.send(&Message { to: &to, text, valid_for: Duration::from_mins(5) }).await
}

async fn deliver(delivery: &Delivery) -> Outcome {
    let to = PhoneNumber::from_e164(PHONE).expect("a number");
    delivery.send(&Message { to: &to, text: TEXT, valid_for: Duration::from_mins(5) }).await
}

fn in_order(providers: Vec<Twilio>) -> Delivery {
    let shared = |twilio| -> Arc<dyn SmsProvider> { Arc::new(twilio) };
    Delivery::new(providers.into_iter().map(shared).collect(), System::real())
}

/// A base URL where nobody listens.
fn closed_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("bound"))
}
