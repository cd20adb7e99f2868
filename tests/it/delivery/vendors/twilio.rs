use doorcode::delivery::Failure;
use doorcode::delivery::sms::ProviderSettings;
use doorcode::delivery::sms::twilio::{TwilioCredentials, TwilioSender, TwilioSettings};
use doorcode::domain::Secret;

use super::{Contract, Refusal, SENDER};
use crate::support::provider::Vendor;
use crate::support::twilio::{ACCOUNT_SID, API_KEY, API_KEY_SECRET, TwilioVendor};

/// With an API key; with the token: `delivery::twilio`.
pub(super) struct Twilio;

impl Contract for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn vendor(&self) -> Box<dyn Vendor> {
        Box::new(TwilioVendor)
    }

    fn settings(&self, base_url: &str, secret: &str) -> ProviderSettings {
        ProviderSettings::Twilio(TwilioSettings {
            account_sid: ACCOUNT_SID.to_owned(),
            credentials: TwilioCredentials::ApiKey {
                sid: API_KEY.to_owned(),
                secret: Secret::new(secret),
            },
            signing_token: None,
            sender: TwilioSender::From(SENDER.to_owned()),
            base_url: base_url.parse().expect("a URL"),
        })
    }

    fn secret(&self) -> &'static str {
        API_KEY_SECRET
    }

    /// One of each class; every code: `delivery::twilio`.
    fn refusals(&self) -> Vec<Refusal> {
        let rows = [
            (20003, Failure::Misconfigured),
            (21211, Failure::BadNumber),
            (21408, Failure::CountryNotServed),
            (21610, Failure::OptedOut),
            (21614, Failure::NotMobile),
            (21617, Failure::TextRefused),
            (30007, Failure::Blocked),
            (30450, Failure::Fraud),
            (60203, Failure::TooMany),
        ];
        let refusal = |(code, failure)| Refusal {
            reply: TwilioVendor.refused(code),
            failure,
            code: Some(code),
        };
        rows.into_iter().map(refusal).collect()
    }

    fn success(&self) -> u16 {
        201
    }

    fn longest(&self) -> usize {
        1600
    }
}
