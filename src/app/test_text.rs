//! `doorcode text`: sends one text by the configured providers, and says what they answered.
use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use tokio::runtime::Builder;

use super::configured::{delivery, providers};
use crate::config::Config;
use crate::delivery::sms::{Message, Receipt};
use crate::delivery::{Failure, Outcome, SendError};
use crate::domain::{LineType, PhoneNumber, TextChannel};
use crate::system::System;

/// As long as the longest code works: providers drop a text that is older.
const VALID_FOR: Duration = Duration::from_mins(10);

/// Sends a text without a code to a number, by the providers and routes of a configuration. Neither the
/// server that may be running nor the database is asked, and no limit counts it.
///
/// # Errors
///
/// What the providers said, and what to do, when no text was sent or none may have been.
pub fn send_test_text(
    config: &Config,
    phone: &PhoneNumber,
    system: &System,
) -> Result<String, Box<dyn Error>> {
    if phone.is_test() {
        return Err("nothing is sent to a number of no numbering plan: a test number, or one of a range that numbers.accept has to name".into());
    }
    if !config.login.countries.serves_number(phone) {
        return Err("login.countries does not serve the country of this number".into());
    }
    match phone.line_type() {
        LineType::Mobile => {}
        LineType::Landline => {
            return Err(
                "the number is a landline, which gets no texts: a login refuses it, too".into()
            );
        }
        LineType::Other => {
            return Err("numbers of this kind get no texts: a login refuses them, too".into());
        }
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let text = format!("Test from {}: texts arrive.", config.brand.name);
    let message = Message::new(phone, &text, VALID_FOR);
    let delivery = delivery(config, providers(config, None, system), system);
    if !delivery.sends(TextChannel::Sms) {
        return Err("sms.providers has no provider of texts; a call or a message by WhatsApp has a code and is only tried by a login".into());
    }
    let Outcome { result, passed_over } = runtime.block_on(async {
        let outcome = delivery.send(&message).await;
        delivery.close().await;
        outcome
    });
    let mut told = String::new();
    for error in &passed_over {
        writeln!(told, "{}", with_advice(error))?;
    }
    match result {
        Ok(receipt) => {
            writeln!(told, "{}", accepted(&receipt))?;
            Ok(told)
        }
        Err(error) => Err(format!("{told}{}", with_advice(&error)).into()),
    }
}

fn accepted(Receipt { provider, id, segments }: &Receipt) -> String {
    let segments = match segments {
        None => String::new(),
        Some(1) => ", 1 segment".to_owned(),
        Some(many) => format!(", {many} segments"),
    };
    format!("{provider} accepted the text, as {id}{segments}; now see whether it arrives")
}

fn with_advice(error: &SendError) -> String {
    let waits = matches!(error.failure, Failure::Overloaded | Failure::Broken);
    let wait = error.retry_after.filter(|_| waits);
    let wait = wait.map(|wait| format!(" after {} s", wait.as_secs()));
    format!("{error}\n  {}{}", advice(error.failure), wait.unwrap_or_default())
}

/// What an operator can do about a failure.
const fn advice(failure: Failure) -> &'static str {
    match failure {
        Failure::BadNumber => "check the number",
        Failure::NotMobile => "try a mobile number; landlines get no texts",
        Failure::NotReached => "switch the phone on, and try again",
        Failure::NotAnswered => "answer the call",
        Failure::OptedOut => "text START from that phone to the sender, and try again",
        Failure::TooMany => "wait some minutes, and try again",
        Failure::CountryNotServed => "allow the country in the settings of the provider's account",
        Failure::Misconfigured => {
            "check the credentials and the sender in the provider's table, and that the account is paid \
             and may text this country from this sender"
        }
        Failure::TextRefused => "shorten brand.name",
        Failure::Overloaded => "try again",
        Failure::Broken => "look at the provider's status page, and try again",
        Failure::Blocked => "register the sender with the carriers of this country",
        Failure::Fraud => {
            "look at the fraud settings and at recent texts in the provider's account"
        }
        Failure::Declined => "look into the log of the gateway",
        Failure::Unreachable => {
            "check the provider's URL, and whether this machine reaches it: DNS, firewall, certificates"
        }
        Failure::PrivateAddress => "list the address in sms.allow_private if it is the right one",
        Failure::NotNoted => "look at the store of login attempts",
        Failure::Unclear => "see whether it arrives before you try again",
        Failure::Unexpected => {
            "check the provider's URL: something else than the provider may have answered"
        }
    }
}
